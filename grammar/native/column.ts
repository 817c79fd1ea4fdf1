import { zeros } from "./zeros.ts";

/** Writes without a look at the length. */
export function put(values: StaticArray<i32>, index: i32, value: i32): void {
  store<i32>(changetype<usize>(values) + ((<usize>index) << 2), value);
}

/** Where an array lies in memory. */
export function placeOf<T>(values: T): i32 {
  return <i32>changetype<usize>(values);
}

/** A column of integers that grows. */
export class Column {
  values: StaticArray<i32> = zeros<i32>(64);
  length: i32 = 0;

  push(value: i32): void {
    if (this.length === this.values.length) {
      const more = zeros<i32>(this.length * 2);
      memory.copy(changetype<usize>(more), changetype<usize>(this.values), (<usize>this.length) << 2);
      this.values = more;
    }
    put(this.values, this.length++, value);
  }

  get(index: i32): i32 {
    return unchecked(this.values[index]);
  }

  set(index: i32, value: i32): void {
    put(this.values, index, value);
  }
}
