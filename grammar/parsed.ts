/** A part of a rule as parsed; all numbers are word numbers, -1 where a word is not there. */
export interface ParsedItem {
  readonly kind: "command" | "match" | "jump" | "option" | "note";
  readonly word: number;
  readonly bang: number;
  readonly values: readonly number[];
}
export type ParsedLine =
  | { readonly kind: "table" | "commit" | "comment" }
  | { readonly kind: "chain"; readonly policy: number; readonly counters: number }
  | { readonly kind: "rule"; readonly counters: number; readonly items: readonly ParsedItem[] };
