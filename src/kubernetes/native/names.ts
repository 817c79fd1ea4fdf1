/** Names of Services and of their ports, each once, where they stand in the text. Two integers a slot: where a name begins and what it is. */

import { at, put, room } from "./columns.ts";
import { basis, PRIME } from "./destinations.ts";

let slots: usize = 0;
let mask: u32 = 0;

/** Makes room for so many names; it is to be cleared before it is used. */
export function beginNameSet(most: i32): void {
  let size: u32 = 16;
  while (size < <u32>most * 2) size *= 2;
  slots = room(size * 8);
  mask = size - 1;
}

export function clearNameSet(): void {
  memory.fill(slots, 0, (mask + 1) * 8);
}

/** Adds a name of a kind, which stays where it is; false where it was added before. */
export function addName(from: usize, to: usize, kind: i32): bool {
  const slot = slotOf(from, to, kind);
  if (at(slot, 0) !== 0) return false;
  put(slot, 0, <i32>from);
  put(slot, 1, keyOf(from, to, kind));
  return true;
}

/** Whether a name of the kind was added. */
export function hasName(from: usize, to: usize, kind: i32): bool {
  return at(slotOf(from, to, kind), 0) !== 0;
}

/** Length and kind as one number; kinds are less than 16. */
function keyOf(from: usize, to: usize, kind: i32): i32 {
  return ((<i32>(to - from)) << 4) | kind;
}

/** The slot of the name, or the empty one that is its own. */
function slotOf(from: usize, to: usize, kind: i32): usize {
  const key = keyOf(from, to, kind);
  let hash = (basis ^ <u64>(<u32>kind)) * PRIME;
  for (let place = from; place < to; place++) hash = (hash ^ load<u8>(place)) * PRIME;
  hash ^= hash >> 32;
  let number = <u32>hash & mask;
  let slot = slots + ((<usize>number) << 3);
  while (at(slot, 0) !== 0 && !(at(slot, 1) === key && memory.compare(<usize>at(slot, 0), from, to - from) === 0)) {
    number = (number + 1) & mask;
    slot = slots + ((<usize>number) << 3);
  }
  return slot;
}
