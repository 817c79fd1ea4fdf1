import { columnFor } from "./text-memory.ts";

/** A column of integers that grows as lines are read. */
export class Growing {
  /** The column with room to spare; another one after a push. */
  values: Int32Array;
  length = 0;

  constructor(capacity = 1024, values: Int32Array = new Int32Array(capacity)) {
    this.values = values;
  }

  /** With room for the lines of a text, if they have so many bytes on average: memory that is not written costs nothing. */
  static forLines(bytes: Uint8Array, average: number): Growing {
    const capacity = Math.floor(bytes.length / average) + 64;
    return new Growing(capacity, columnFor(bytes, capacity));
  }

  push(value: number): void {
    this.#makeRoom(this.length + 1);
    this.values[this.length++] = value;
  }

  /** Takes over a column. */
  append(values: Int32Array): void {
    const length = this.length + values.length;
    this.#makeRoom(length);
    this.values.set(values, this.length);
    this.length = length;
  }

  /** Fills up to a length. */
  fill(length: number, value: number): void {
    if (length <= this.length) return;
    this.#makeRoom(length);
    this.values.fill(value, this.length, length);
    this.length = length;
  }

  #makeRoom(length: number): void {
    if (length <= this.values.length) return;
    const more = new Int32Array(Math.max(this.values.length * 2, length));
    more.set(this.values);
    this.values = more;
  }

  get(index: number): number {
    return this.values[index] as number;
  }

  set(index: number, value: number): void {
    this.values[index] = value;
  }

  /** The values so far, without a copy: a view that is valid until the next push. */
  view(): Int32Array {
    return this.values.subarray(0, this.length);
  }
}
