import { areSame, copyOf, hashOf } from "./bytes.ts";
import { Column, put } from "./column.ts";

/** Chains by table and name, in the order in which they are met. Open addressing, FNV-1a. */
export class Names {
  readonly tables: Column = new Column();
  /** Where the name stands first in the text. */
  readonly starts: Column = new Column();
  readonly lengths: Column = new Column();
  readonly copies: Column = new Column();
  readonly hashes: Column = new Column();
  /** The number of the name plus one; 0: empty. */
  slots: StaticArray<i32>;

  constructor(slots: i32) {
    this.slots = new StaticArray<i32>(slots);
  }

  get count(): i32 {
    return this.tables.length;
  }

  /** Whether the name of that number is the bytes from `from` to `to`. */
  is(name: i32, table: i32, from: i32, to: i32): bool {
    if (<u32>name >= <u32>this.count || this.tables.get(name) !== table) return false;
    const length = to - from;
    return this.lengths.get(name) === length && areSame(this.copies.get(name), from, length);
  }

  /** Number of the name in its table; one not met before gets the next number. `start`: where it stands in the text. */
  intern(table: i32, from: i32, to: i32, start: i32): i32 {
    const hash = hashOf(table, from, to);
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const known = unchecked(this.slots[slot]) - 1;
      if (known < 0) break;
      if (this.hashes.get(known) === hash && this.is(known, table, from, to)) return known;
      slot = (slot + 1) & mask;
    }
    const made = this.count;
    const length = to - from;
    this.tables.push(table);
    this.starts.push(start);
    this.lengths.push(length);
    this.copies.push(copyOf(from, length));
    this.hashes.push(hash);
    put(this.slots, slot, made + 1);
    if (made * 2 > mask) this.grow();
    return made;
  }

  private grow(): void {
    this.slots = new StaticArray<i32>(this.slots.length * 4);
    const mask = this.slots.length - 1;
    for (let name = 0; name < this.count; name++) {
      let slot = this.hashes.get(name) & mask;
      while (unchecked(this.slots[slot]) !== 0) slot = (slot + 1) & mask;
      put(this.slots, slot, name + 1);
    }
  }
}
