const QUOTE = 34;
const BACKSLASH = 92;
const BLANK = 32;

/** What two lines differ in. */
export class LineChange {
  /** Bytes of the one that are not those of the other. */
  from = 0;
  to = 0;
  /** From bytes of the one to those of the other, in front of what differs and behind it. */
  #before = 0;
  #behind = 0;
  readonly #bytes: Uint8Array;
  /** The same in words of 32 bits. */
  readonly #words: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether the other line is the same but for letters of one word at most, neither quotes nor blanks among them. */
  isInOneWord(start: number, end: number, otherStart: number, otherEnd: number): boolean {
    const bytes = this.#bytes;
    const words = this.#words;
    const before = otherStart - start;
    const behind = otherEnd - end;
    const first = Math.min(end, otherEnd - before);
    let from = start;
    while (from + 4 <= first && words.getInt32(from, true) === words.getInt32(from + before, true)) from += 4;
    while (from < first && bytes[from] === bytes[from + before]) from++;
    const last = Math.max(from, from + before - behind);
    let to = end;
    while (to - 4 >= last && words.getInt32(to - 4, true) === words.getInt32(to - 4 + behind, true)) to -= 4;
    while (to > last && bytes[to - 1] === bytes[to - 1 + behind]) to--;
    this.from = from;
    this.to = to;
    this.#before = before;
    this.#behind = behind;
    return areLetters(bytes, from, to) && areLetters(bytes, from + before, to + behind);
  }

  /** Where the word begins in the other line that begins there in the one. */
  movedStart(place: number): number {
    return place + (place <= this.from ? this.#before : this.#behind);
  }

  /** Behind the word in the other line that ends there in the one. */
  movedEnd(place: number): number {
    return place + (place < this.from ? this.#before : this.#behind);
  }
}

function areLetters(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = bytes[i] as number;
    if (code <= BLANK || code === QUOTE || code === BACKSLASH) return false;
  }
  return true;
}
