export const SPACE: i32 = 32;
export const TAB: i32 = 9;
export const LF: i32 = 10;
export const CR: i32 = 13;
export const QUOTE: i32 = 34;
export const BANG: i32 = 33;
export const COMMA: i32 = 44;
export const DOT: i32 = 46;
export const SLASH: i32 = 47;
export const COLON: i32 = 58;
export const BRACKET: i32 = 91;
export const BACKSLASH: i32 = 92;
export const CLOSING_BRACKET: i32 = 93;

export function byteAt(at: i32): i32 {
  return load<u8>(<usize>at);
}

export function isDigit(code: i32): bool {
  return <u32>(code - 48) < 10;
}

/** Whether `length` bytes at both places are the same. */
export function areSame(a: i32, b: i32, length: i32): bool {
  let rest = length;
  while (rest >= 8) {
    if (load<u64>(<usize>a) !== load<u64>(<usize>b)) return false;
    a += 8;
    b += 8;
    rest -= 8;
  }
  while (rest > 0) {
    if (load<u8>(<usize>a) !== load<u8>(<usize>b)) return false;
    a++;
    b++;
    rest--;
  }
  return true;
}

/** A copy that stays until the next text. */
export function copyOf(from: i32, length: i32): i32 {
  const copy = heap.alloc(max(length, 1));
  memory.copy(copy, <usize>from, length);
  return <i32>copy;
}

const PRIME: i32 = 0x9e3779b1;
let salt: i32 = 0;

/** So that nobody can make texts which all have one hash. */
export function saltHashes(by: i32): void {
  salt = by;
}

/** A hash of the bytes, four at a time; NameIndex has the same for texts. */
export function hashOf(seed: i32, from: i32, to: i32): i32 {
  let hash = salt ^ seed;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = step(hash, load<i32>(<usize>at));
  if (at < to) hash = step(hash, load<i32>(<usize>at) & ((1 << ((to - at) << 3)) - 1));
  return step(hash, to - from);
}

function step(hash: i32, word: i32): i32 {
  const mixed = (hash ^ word) * PRIME;
  return mixed ^ (mixed >>> 15);
}

/** 2^64 divided by the golden ratio, odd. */
const GOLDEN: u64 = (0x9e3779b9 << 32) | 0x7f4a7c15;

/** One number of two. */
export function mix(hash: u64, value: u64): u64 {
  const mixed = (hash ^ value) * GOLDEN;
  return mixed ^ (mixed >> 29);
}
