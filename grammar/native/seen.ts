import { areSame, copyOf, hashOf } from "./bytes.ts";
import { Column, put } from "./column.ts";
import { zeros } from "./zeros.ts";

const MOST_TEXTS = 4096;
const MOST_NUMBERS = 16384;

/** Texts that were found right, each for a question with a number. When full it takes no more. */
export class SeenTexts {
  readonly questions: Column = new Column();
  readonly lengths: Column = new Column();
  readonly copies: Column = new Column();
  readonly slots: StaticArray<i32> = zeros<i32>(MOST_TEXTS * 4);

  has(question: i32, from: i32, to: i32): bool {
    return unchecked(this.slots[this.slotOf(question, from, to)]) !== 0;
  }

  add(question: i32, from: i32, to: i32): void {
    const slot = this.slotOf(question, from, to);
    if (unchecked(this.slots[slot]) !== 0 || this.questions.length === MOST_TEXTS) return;
    const length = to - from;
    this.questions.push(question);
    this.lengths.push(length);
    this.copies.push(copyOf(from, length));
    put(this.slots, slot, this.questions.length);
  }

  /** The slot of the text, or the empty one that is its own. */
  private slotOf(question: i32, from: i32, to: i32): i32 {
    const length = to - from;
    const mask = this.slots.length - 1;
    let slot = hashOf(question, from, to) & mask;
    while (unchecked(this.slots[slot]) !== 0) {
      const known = unchecked(this.slots[slot]) - 1;
      const isAsked = this.questions.get(known) === question && this.lengths.get(known) === length;
      if (isAsked && areSame(this.copies.get(known), from, length)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}

/** Numbers that were found right; not 0. When full it takes no more. */
export class SeenNumbers {
  readonly slots: StaticArray<u64> = zeros<u64>(MOST_NUMBERS * 2);
  count: i32 = 0;

  has(number: u64): bool {
    return unchecked(this.slots[this.slotOf(number)]) === number;
  }

  add(number: u64): void {
    const slot = this.slotOf(number);
    if (unchecked(this.slots[slot]) === number || this.count === MOST_NUMBERS) return;
    this.count++;
    store<u64>(changetype<usize>(this.slots) + ((<usize>slot) << 3), number);
  }

  private slotOf(number: u64): i32 {
    const mask = this.slots.length - 1;
    let slot = <i32>(number >> 40) & mask;
    while (unchecked(this.slots[slot]) !== 0 && unchecked(this.slots[slot]) !== number) slot = (slot + 1) & mask;
    return slot;
  }
}
