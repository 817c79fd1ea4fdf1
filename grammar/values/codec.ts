import type { Family } from "../vocabulary/record.ts";

/** What a codec may know of the rule that a value stands in. */
export interface CodecContext {
  /** `null`: not shown by the text; a codec then accepts what either family accepts. */
  readonly family: Family | null;
}

/** A value that was refused, with what was expected instead: "a port from 0 to 65535". */
export interface Refusal {
  readonly expected: string;
}

/** Reads and writes one type of option value. Texts are byte strings without their quotes. */
export interface Codec<T> {
  /** Kebab-case name of the type, for documentation: `port-range`. */
  readonly name: string;
  /** The typed value, or what iptables expected. Never throws. */
  parse(text: string, context: CodecContext): { readonly value: T } | Refusal;
  /** The spelling that iptables-save prints, without quotes. `print(parse(print(x))) === print(x)`. */
  print(value: T, context: CodecContext): string;
}
