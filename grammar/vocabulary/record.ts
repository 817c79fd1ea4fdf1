import type { Codec } from "../values/codec.ts";

/** IP version of a ruleset: `iptables` is 4, `ip6tables` is 6. */
export type Family = 4 | 6;

/** Which iptables wrote or reads a text: iptables-legacy or iptables-nft. */
export type Backend = "legacy" | "nft";

/** How many words follow a flag; "optional" takes one word unless the next one begins with a dash or is `!`. */
export type Arity = 0 | 1 | 2 | "optional";

/** A text that may differ by IP version. */
export type ByFamily = string | { readonly 4: string; readonly 6: string };

/** One option of the core or of an extension: `--dport`, `--comment`, `-s`. */
export interface OptionRecord {
  /** The long spelling, as iptables-save prints it where it prints a long one: `--dport`, `--source`. */
  readonly flag: string;
  /** One-letter spelling of a core option: `-s`. iptables-save prints this one where it exists. */
  readonly short?: string;
  /** Other spellings that iptables accepts: `--destination-port`. */
  readonly aliases?: readonly string[];
  readonly arity: Arity;
  /** One codec per value; as many as the arity says (an optional value has one). */
  readonly codecs: readonly Codec<unknown>[];
  /** Whether `!` may stand before the flag. */
  readonly negatable: boolean;
  /** Absent: both. */
  readonly family?: Family;
  /** The extension cannot be used without this option. */
  readonly mandatory?: boolean;
  /** May stand more than once on a rule. */
  readonly repeatable?: boolean;
  /** Flags that cannot stand beside this one. */
  readonly excludes?: readonly string[];
  /** Flags of which all must stand beside this one. */
  readonly requires?: readonly string[];
  /** Built-in chains from which the kernel accepts it; absent: all. */
  readonly chains?: readonly string[];
  /** Once known to iptables, refused by every version that iptlint can name a back end for. */
  readonly obsolete?: boolean;
  /** The flag that iptables-save prints in its place; the codecs print the values of that one: `--set-mark` is saved as `--set-xmark`. */
  readonly savedAs?: string;
  /** Values that iptables-save prints for a flag without values: `--syn` is saved as `--tcp-flags FIN,SYN,RST,ACK SYN`. */
  readonly savedValues?: readonly string[];
  /** Saved text of the values with which iptables-save leaves the option out (when not negated). "*": always left out. */
  readonly omitted?: ByFamily;
  /** Saved text of the values that iptables-save prints where the option is not given (and none that it excludes is). */
  readonly added?: ByFamily;
  /** What a packet must be, or what happens to it, in plain words; `{0}` and `{1}` stand for the values. */
  readonly phrase: string;
  /** The same with `!`; absent where the option cannot be negated. */
  readonly negatedPhrase?: string;
  /** Of a target: the phrase says all that the target's own phrase says, and stands in its place. */
  readonly tellsAll?: boolean;
}

/** One match (`-m`) or target (`-j`) extension with everything that scanner, printer and explanations need. */
export interface ExtensionRecord {
  readonly kind: "match" | "target";
  readonly name: string;
  /** Other names under which iptables finds it: `icmpv6` for icmp6. */
  readonly aliases?: readonly string[];
  /** In the order in which iptables-save prints them. */
  readonly options: readonly OptionRecord[];
  /** Absent: both. */
  readonly family?: Family;
  /** Protocols, as `-p` prints them, one of which the rule must name (`-m tcp` needs `-p tcp`). */
  readonly protocols?: readonly string[];
  /** Tables in which the kernel accepts the target or match; absent: all. */
  readonly tables?: readonly string[];
  /** `tables` binds iptables-legacy only. */
  readonly legacyTablesOnly?: boolean;
  /** Built-in chains from which the kernel accepts it; absent: all. */
  readonly chains?: readonly string[];
  /** Groups of flags; of each group at least one must be given. */
  readonly requiresOneOf?: readonly (readonly string[])[];
  /** A target after which the packet sees no later rule of the chain. */
  readonly terminating?: boolean;
  /** What it matches or does when none of its options says more: "the packet is rejected", "any tcp packet". */
  readonly phrase: string;
}
