import { byteString } from "../../../grammar/bytes.ts";
import { SALT } from "../../../grammar/salt.ts";

/** What chains' names end in, each with a number, compared byte by byte. Open addressing, FNV-1a from the salt on. */
export class SuffixIndex {
  readonly #bytes: Uint8Array;
  /** Number of the suffix plus one; 0: empty. */
  readonly #slots: Int32Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #count = 0;

  /** @param most - how many suffixes there may be at most */
  constructor(bytes: Uint8Array, most: number) {
    this.#bytes = bytes;
    let size = 64;
    while (size < most * 2) size *= 2;
    this.#slots = new Int32Array(size);
    this.#starts = new Int32Array(most);
    this.#ends = new Int32Array(most);
  }

  /** Number of the suffix; one not met before gets the next. */
  intern(start: number, end: number): number {
    const bytes = this.#bytes;
    const slots = this.#slots;
    let hash = SALT;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME);
    let slot = (hash ^ (hash >>> 15)) & (slots.length - 1);
    for (;;) {
      const known = (slots[slot] as number) - 1;
      if (known < 0) break;
      if (this.#isAt(known, start, end)) return known;
      slot = (slot + 1) & (slots.length - 1);
    }
    const made = this.#count++;
    this.#starts[made] = start;
    this.#ends[made] = end;
    slots[slot] = made + 1;
    return made;
  }

  /** Number of a suffix given as text, -1 where it was not met. */
  find(text: string): number {
    const slots = this.#slots;
    let hash = SALT;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
    let slot = (hash ^ (hash >>> 15)) & (slots.length - 1);
    for (;;) {
      const known = (slots[slot] as number) - 1;
      if (known < 0 || this.text(known) === text) return known;
      slot = (slot + 1) & (slots.length - 1);
    }
  }

  start(suffix: number): number {
    return this.#starts[suffix] as number;
  }
  end(suffix: number): number {
    return this.#ends[suffix] as number;
  }
  text(suffix: number): string {
    return byteString(this.#bytes, this.start(suffix), this.end(suffix));
  }

  #isAt(known: number, start: number, end: number): boolean {
    const bytes = this.#bytes;
    const from = this.#starts[known] as number;
    if ((this.#ends[known] as number) - from !== end - start) return false;
    for (let i = end - start - 1; i >= 0; i--) if (bytes[from + i] !== bytes[start + i]) return false;
    return true;
  }
}

const PRIME = 0x01000193;
