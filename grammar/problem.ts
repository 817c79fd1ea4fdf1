/** Something in a text that iptables-save would not print or iptables-restore would not take. */
export interface Problem {
  /** Check id, kebab-case: `syntax-error`, `unknown-option`. */
  readonly checkId: string;
  readonly severity: "error" | "warning" | "info";
  /** Ordinal of the node in its source. */
  readonly node: number;
  /** Raw bytes in the source. */
  readonly offset: number;
  readonly length: number;
  /** What was seen. Holds byte strings of the text. */
  readonly message: string;
  /** What was expected instead, or `null`. */
  readonly expected: string | null;
  /** A near spelling that would be right, or `null`. */
  readonly suggestion: string | null;
}
