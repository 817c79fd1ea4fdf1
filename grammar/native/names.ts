import { areSame, hashOf } from "./bytes.ts";
import { Column, put } from "./column.ts";
import { zeros } from "./zeros.ts";

/** A record is the table, the length, then the bytes of the name. */
const BYTES = 8;
const CHUNK = 1 << 16;

/** Chains by table and name, in the order in which they are met. Open addressing. */
export class Names {
  readonly tables: Column = new Column();
  /** Where the name stands first in the text. */
  readonly starts: Column = new Column();
  readonly lengths: Column = new Column();
  private records: Column = new Column();
  /** Two integers a slot: the number of the name plus one (0: empty) and its hash, side by side in one cache line. */
  slots: StaticArray<i32>;
  private free: i32 = 0;
  private freeEnd: i32 = 0;

  constructor(slots: i32) {
    this.slots = zeros<i32>(slots * 2);
  }

  get count(): i32 {
    return this.tables.length;
  }

  /** Whether the name of that number is the bytes from `from` to `to`. */
  is(name: i32, table: i32, from: i32, to: i32): bool {
    if (<u32>name >= <u32>this.count) return false;
    const record = <usize>this.records.get(name);
    const length = to - from;
    return load<i32>(record, 4) === length && load<i32>(record) === table && areSame(<i32>record + BYTES, from, length);
  }

  /** Number of the name in its table; one not met before gets the next number. `start`: where it stands in the text. */
  intern(table: i32, from: i32, to: i32, start: i32): i32 {
    const hash = hashOf(table, from, to);
    const mask = this.mask;
    let slot = hash & mask;
    let known = unchecked(this.slots[slot << 1]);
    while (known !== 0) {
      if (unchecked(this.slots[(slot << 1) + 1]) === hash && this.is(known - 1, table, from, to)) return known - 1;
      slot = (slot + 1) & mask;
      known = unchecked(this.slots[slot << 1]);
    }
    const made = this.count;
    this.tables.push(table);
    this.starts.push(start);
    this.lengths.push(to - from);
    this.records.push(this.record(table, from, to - from));
    put(this.slots, slot << 1, made + 1);
    put(this.slots, (slot << 1) + 1, hash);
    if (made * 2 > mask) this.grow();
    return made;
  }

  private get mask(): i32 {
    return (this.slots.length >> 1) - 1;
  }

  private record(table: i32, from: i32, length: i32): i32 {
    const bytes = (BYTES + length + 7) & ~7;
    if (this.free + bytes > this.freeEnd) {
      const size = max(CHUNK, bytes);
      this.free = <i32>heap.alloc(size);
      this.freeEnd = this.free + size;
    }
    const record = this.free;
    this.free += bytes;
    store<i32>(<usize>record, table);
    store<i32>(<usize>record, length, 4);
    for (let k = 0; k < length; k += 8) store<u64>(<usize>(record + BYTES + k), load<u64>(<usize>(from + k)));
    return record;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = zeros<i32>(old.length * 4);
    const mask = this.mask;
    for (let from = 0; from < old.length; from += 2) {
      if (unchecked(old[from]) === 0) continue;
      let slot = unchecked(old[from + 1]) & mask;
      while (unchecked(this.slots[slot << 1]) !== 0) slot = (slot + 1) & mask;
      put(this.slots, slot << 1, unchecked(old[from]));
      put(this.slots, (slot << 1) + 1, unchecked(old[from + 1]));
    }
  }
}
