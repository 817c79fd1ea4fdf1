import type { Family } from "../vocabulary/record.ts";

/** What a codec may know of the rule that a value stands in. */
export interface CodecContext {
  /** `null`: not shown by the text; a codec then accepts what either family accepts. */
  readonly family: Family | null;
  /** Release that prints: 10809 is 1.8.9. Absent: 10809. */
  readonly release?: number;
}

/** A value that was refused, with what was expected instead: "a port from 0 to 65535". */
export interface Refusal {
  readonly expected: string;
  /** The text may be right all the same: a name that only the host's databases know, or a comma list of addresses, each a rule of its own. */
  readonly needsHost?: boolean;
}

/** Reads and writes one type of option value. Texts are byte strings without their quotes. */
export interface Codec<T> {
  /** Kebab-case name of the type, for documentation: `port-range`. */
  readonly name: string;
  /** How iptables-save quotes the value; absent: it is printed bare, whatever it holds. */
  readonly quoting?: "when-needed" | "always";
  /** The typed value, or what iptables expected. Never throws. */
  parse(text: string, context: CodecContext): { readonly value: T } | Refusal;
  /** The spelling that iptables-save prints, without quotes. `print(parse(print(x))) === print(x)`. */
  print(value: T, context: CodecContext): string;
  /** The value as one says it; absent: as printed. */
  say?(value: T, context: CodecContext): string;
  /** Any text of at most so many bytes is taken; absent: it depends. */
  readonly takesUpTo?: number;
  /** Any text of one to so many bytes is taken, if it is not quoted; absent: it depends. */
  readonly takesBare?: number;
  /** True: `parse` surely takes the bytes from start to end; false: ask `parse`. For hot paths: makes no garbage. */
  accepts?(bytes: Uint8Array, start: number, end: number, family: Family | null): boolean;
}
