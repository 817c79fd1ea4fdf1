/** Behind all memory that was ever given out: from here on all bytes are 0. */
let untouched: usize = 0;

/** Gives back all memory. */
export function forgetAll(): void {
  untouched = max(untouched, heap.alloc(0) + 16);
  heap.reset();
}

/** An array of zeros. Memory that nobody had before holds them already: it is left alone, and costs nothing until it is used. */
export function zeros<T>(length: i32): StaticArray<T> {
  const size = (<usize>length) << alignof<T>();
  const place = __new(size, idof<StaticArray<T>>());
  if (place < untouched) memory.fill(place, 0, min(size, untouched - place));
  return changetype<StaticArray<T>>(place);
}
