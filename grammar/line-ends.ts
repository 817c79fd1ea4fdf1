import type { ProblemList } from "./problem-list.ts";

const CR = 13;

/** How the lines of a file end, and what is wrong with that. */
export class LineEnds {
  readonly #list: ProblemList;
  #crlf = 0;
  #lf = 0;
  /** The first line that ends in CR LF, and where it ends. */
  #node = 0;
  #offset = 0;

  constructor(list: ProblemList) {
    this.#list = list;
  }

  beginFile(): void {
    this.#crlf = 0;
    this.#lf = 0;
  }

  /** No line ended in CR LF so far: one that ends in LF has nothing wrong about that. */
  get isPlain(): boolean {
    return this.#crlf === 0;
  }

  /** So many lines that end in LF were read. */
  add(lines: number): void {
    this.#lf += lines;
  }

  /** A line's text ends at `end`, and the next one begins at `next`. */
  line(bytes: Uint8Array, end: number, next: number, node: number): void {
    if (bytes[end] !== CR) this.#lf++;
    else if (next - end === 2 && this.#crlf++ === 0) {
      this.#node = node;
      this.#offset = end;
    }
    if (this.#crlf === 0 || this.#lf === 0) return;
    this.#list.once(
      "line ends",
      node,
      {
        checkId: "mixed-line-endings",
        severity: "warning",
        offset: end,
        length: next - end,
        expected: "LF at the end of every line",
      },
      () => "some lines end in LF and some in CR LF; iptables-restore takes the CR for part of the last word",
    );
  }

  endFile(): void {
    if (this.#crlf === 0 || this.#lf > 0) return;
    this.#list.add(this.#node, {
      checkId: "carriage-returns",
      severity: "info",
      offset: this.#offset,
      length: 2,
      message: "every line ends in CR LF; iptables-restore refuses such a text",
      expected: "lines that end in LF",
    });
  }
}
