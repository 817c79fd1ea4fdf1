/** Where text goes: a terminal, a pipe, a file. */
export interface Output {
  /**
   * Writes text as UTF-8, or bytes as they are.
   * @throws {ClosedPipeError} when nobody reads any more
   */
  write(text: string | Uint8Array): void;
  readonly isTerminal: boolean;
  /** Width of the terminal; `null` where it is none. */
  readonly columns: number | null;
}

/** Everything that the command line needs of the world. */
export interface Io {
  /** @throws the error of node:fs with its `code` */
  read(path: string): Uint8Array;
  /** When the files are there that are read while the program is loaded; others are read when they are asked for. */
  readonly readAhead?: Promise<void>;
  /** Whether there is something of that name, readable or not. */
  exists(path: string): boolean;
  /** Where relative paths begin; "" where it is gone. */
  readonly workingFolder: string;
  readStdin(): Uint8Array;
  readonly stdinIsTerminal: boolean;
  /** @throws the error of node:fs with its `code` */
  writeFile(path: string, text: Iterable<string>): void;
  /** @throws {Error} when the bytes are not gzip or are damaged; an incomplete text gives what can be unpacked */
  gunzip(bytes: Uint8Array): Uint8Array;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Does work that waits for nothing; when Ctrl-C ends it, tells of that, and ends the program. */
  interruptibly<T>(work: () => T, onInterrupt: () => void): T;
  /** Milliseconds from some fixed moment. */
  now(): number;
}

/** The reader of our output went away (`| head`). */
export class ClosedPipeError extends Error {
  override name = "ClosedPipeError";
}

/** What the user asked for cannot be: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
  /** What is wrong, a line each. */
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}

/** What is loaded, once the files are there that are read meanwhile. */
export async function loaded<T>(loading: Promise<T>, { readAhead }: Io): Promise<T> {
  const module = await loading;
  await readAhead;
  return module;
}
