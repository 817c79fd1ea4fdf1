import { Growing } from "./growing.ts";

/** Words that were met before, by what they stand for and by their bytes, each with a number from 0. */
export class ByteTable {
  readonly #bytes: Uint8Array;
  readonly #most: number;
  /** Words by their hashes, one more than their numbers; 0: free. */
  #slots = new Int32Array(256);
  /** Of each word: a hash of all that it is found by, what it stands for, and its bytes. */
  readonly #hashes = new Growing(64);
  readonly #kinds = new Growing(64);
  readonly #starts = new Growing(64);
  readonly #lengths = new Growing(64);
  /** Copies: what was read may change behind the line that is read. */
  #texts = new Uint8Array(1024);
  #used = 0;

  /** @param most - so many words are remembered */
  constructor(bytes: Uint8Array, most: number) {
    this.#bytes = bytes;
    this.#most = most;
  }

  /** The number of a word, -1 where it was not met. `hash`: of its bytes. */
  find(kind: number, hash: number, start: number, end: number): number {
    const whole = mix(hash, kind);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = whole & mask; ; slot = (slot + 1) & mask) {
      const word = (slots[slot] as number) - 1;
      if (word < 0 || (this.#hashes.values[word] === whole && this.#isSame(word, kind, start, end))) return word;
    }
  }

  /** Remembers a word that was not found; its number, or -1 where there is no more room. */
  add(kind: number, hash: number, start: number, end: number): number {
    const word = this.#hashes.length;
    if (word >= this.#most) return -1;
    this.#hashes.push(mix(hash, kind));
    this.#kinds.push(kind);
    this.#starts.push(this.#used);
    this.#lengths.push(end - start);
    this.#keep(start, end);
    if (2 * word < this.#slots.length) this.#put(word);
    else {
      this.#slots = new Int32Array(2 * this.#slots.length);
      for (let k = 0; k <= word; k++) this.#put(k);
    }
    return word;
  }

  #keep(start: number, end: number): void {
    const used = this.#used + end - start;
    if (used > this.#texts.length) {
      const more = new Uint8Array(2 * used);
      more.set(this.#texts);
      this.#texts = more;
    }
    this.#texts.set(this.#bytes.subarray(start, end), this.#used);
    this.#used = used;
  }

  #put(word: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes.get(word) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = word + 1;
  }

  #isSame(word: number, kind: number, start: number, end: number): boolean {
    if (this.#kinds.values[word] !== kind || this.#lengths.values[word] !== end - start) return false;
    const [bytes, texts] = [this.#bytes, this.#texts];
    const at = this.#starts.values[word] as number;
    for (let k = 0; k < end - start; k++) if (texts[at + k] !== bytes[start + k]) return false;
    return true;
  }
}

/** Of some bytes; one byte after the other can be added by `Math.imul(hash, 31) + byte`, from 17 on. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 17;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
  return hash;
}

function mix(hash: number, kind: number): number {
  const mixed = Math.imul(hash ^ kind, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
