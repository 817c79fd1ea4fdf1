import { closeSync, openSync, read, statSync } from "node:fs";
import { bytesInMemory } from "../../grammar/text-memory.ts";

/** Bytes; so small a file is read at once, and nothing else is worth the while for it. */
export const SMALL = 1 << 19;

/** Reads files that are not small while the program is loaded: that is the work of another thread, and of another processor where there is one. */
export class ReadAhead {
  readonly #texts = new Map<string, Uint8Array>();
  /** When all of them were read or given up. */
  readonly done: Promise<void>;

  /** @param args - of the command; what is not the name of such a file is left alone */
  constructor(args: readonly string[]) {
    const paths = new Set(args.filter((arg) => !arg.startsWith("-")));
    this.done = Promise.all([...paths].map((path) => this.#read(path))).then(() => {});
  }

  /** A file that was read, for the first who asks; `null` for all others. */
  take(path: string): Uint8Array | null {
    const bytes = this.#texts.get(path) ?? null;
    this.#texts.delete(path);
    return bytes;
  }

  async #read(path: string): Promise<void> {
    const size = sizeOf(path);
    const bytes = size > SMALL ? bytesInMemory(size) : null;
    if (bytes === null) return;
    const descriptor = opened(path);
    if (descriptor === null) return;
    try {
      let length = 0;
      for (let count = 1; count > 0 && length < bytes.length; length += count)
        count = await readInto(descriptor, bytes.subarray(length));
      this.#texts.set(path, bytes.subarray(0, length));
    } catch {
      // whoever asks for it reads it again and is told why it cannot be read
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Bytes of a file; 0: of anything else, such as a pipe, which would be used up by being opened. */
function sizeOf(path: string): number {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true ? stat.size : 0;
  } catch {
    return 0;
  }
}

function opened(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    return null;
  }
}

const readInto = (descriptor: number, bytes: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    read(descriptor, bytes, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
