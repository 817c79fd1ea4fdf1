import { closeSync, fstatSync, openSync, read } from "node:fs";
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
    const descriptor = opened(path);
    if (descriptor === null) return;
    try {
      const stat = fstatSync(descriptor);
      const bytes = stat.isFile() && stat.size > SMALL ? bytesInMemory(stat.size) : null;
      if (bytes === null) return;
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
