import { takeColumns } from "../report/columns.ts";
import { forTerminal } from "../report/escape.ts";
import type { Io } from "./io.ts";

const quietMilliseconds = 1000;
const betweenMilliseconds = 100;

/** A line on stderr that says what takes so long: on a terminal, after a second, gone at the end. */
export class Progress {
  readonly #io: Io;
  readonly #enabled: boolean;
  readonly #start: number;
  #last = 0;
  #shown = false;

  constructor(io: Io) {
    this.#io = io;
    this.#enabled = io.stderr.isTerminal && !io.env["CI"] && io.env["TERM"] !== "dumb";
    this.#start = io.now();
  }

  /** Does the work that may take long; the line is gone when it ends, however it ends. */
  during<T>(work: () => T): T {
    try {
      return this.#enabled ? this.#io.interruptibly(work, () => this.#end()) : work();
    } finally {
      this.#end();
    }
  }

  /** Says what is being done; cheap enough to be called often. */
  step(text: string): void {
    if (!this.#enabled) return;
    const now = this.#io.now();
    if (now - this.#start < quietMilliseconds || now - this.#last < betweenMilliseconds) return;
    this.#last = now;
    this.#shown = true;
    const columns = this.#io.stderr.columns ?? 80;
    // The cursor goes back to the left margin: whoever stops the program here gets a clean line.
    this.#io.stderr.write(`\r\x1b[K${takeColumns(forTerminal(text), columns - 1)}\r`);
  }

  /** Takes the line away. */
  #end(): void {
    if (this.#shown) this.#io.stderr.write("\r\x1b[K");
    this.#shown = false;
  }
}
