import type { Codec } from "../values/codec.ts";

/** IP version of a ruleset: `iptables` is 4, `ip6tables` is 6. */
export type Family = 4 | 6;

/** Which iptables wrote or reads a text: iptables-legacy or iptables-nft. */
export type Backend = "legacy" | "nft";

/** How many words follow a flag; "optional" takes one word unless the next one begins with a dash or is `!`. */
export type Arity = 0 | 1 | 2 | "optional";

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
  /** What a packet must be, or what happens to it, in plain words; `{0}` and `{1}` stand for the values. */
  readonly phrase: string;
  /** The same with `!`; absent where the option cannot be negated. */
  readonly negatedPhrase?: string;
}

/** One match (`-m`) or target (`-j`) extension with everything that scanner, printer and explanations need. */
export interface ExtensionRecord {
  readonly kind: "match" | "target";
  readonly name: string;
  readonly options: readonly OptionRecord[];
  /** Absent: both. */
  readonly family?: Family;
  /** Protocols, as `-p` prints them, one of which the rule must name (`-m tcp` needs `-p tcp`). */
  readonly protocols?: readonly string[];
  /** Tables in which the kernel accepts the target or match; absent: all. */
  readonly tables?: readonly string[];
  /** A target after which the packet sees no later rule of the chain. */
  readonly terminating?: boolean;
  /** What it matches or does when none of its options says more: "rejected", "any tcp packet". */
  readonly phrase: string;
}
