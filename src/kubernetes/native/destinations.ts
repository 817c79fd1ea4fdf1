/** Destinations that Service ports claim, as salted 64-bit hashes: two that are the same are found, two that only look so are not to be expected. */

import { hasRoom, room, wordEnd } from "./columns.ts";

export const PRIME: u64 = 0x100000001b3;

const FIRST_SLOTS: u32 = 1024;

/** Hashes; 0: empty. */
let slots: usize = 0;
let mask: u32 = 0;
let count: u32 = 0;
/** Where a salted hash begins. */
export let basis: u64 = 0;
let areSame: bool = false;

export function beginDestinations(salt: i32): void {
  basis = ((<u64>(<u32>salt)) << 32) ^ 0x811c9dc5;
  areSame = false;
  if (!makeSlots(FIRST_SLOTS)) areSame = true;
}

function makeSlots(size: u32): bool {
  if (!hasRoom(size * 8)) return false;
  slots = room(size * 8);
  memory.fill(slots, 0, size * 8);
  mask = size - 1;
  count = 0;
  return true;
}

/** No destination was added twice. False: perhaps one was, or there was no room for all. */
export function areDistinct(): bool {
  return !areSame;
}

/**
 * Adds a port of an address, FNV-1a.
 * @param from - of the address, up to a slash or `to`; the same as `to` for any address of the node
 */
export function addDestination(from: usize, to: usize, port: i32, protocol: i32): void {
  let hash = basis;
  for (let place = from; place < to && load<u8>(place) !== 47; place++) hash = (hash ^ load<u8>(place)) * PRIME;
  hash = (hash ^ <u64>(<u32>port)) * PRIME;
  hash = (hash ^ <u64>(<u32>protocol)) * PRIME;
  hash ^= hash >> 32;
  if (hash === 0) hash = 1;
  if (count * 2 > mask && !grow()) areSame = true;
  // nothing more is asked
  if (!areSame) add(hash);
}

function add(hash: u64): void {
  for (let slot = <u32>hash & mask; ; slot = (slot + 1) & mask) {
    const place = slots + ((<usize>slot) << 3);
    const known = load<u64>(place);
    if (known === hash) {
      areSame = true;
      return;
    }
    if (known !== 0) continue;
    store<u64>(place, hash);
    count++;
    return;
  }
}

function grow(): bool {
  const old = slots;
  const end = old + ((<usize>mask + 1) << 3);
  if (!makeSlots((mask + 1) * 4)) return false;
  for (let place = old; place < end; place += 8) {
    const hash = load<u64>(place);
    if (hash !== 0) add(hash);
  }
  return true;
}

/** The port that begins there. */
export function portAt(place: usize): i32 {
  let port = 0;
  for (const end = wordEnd(place); place < end; place++) port = port * 10 + <i32>load<u8>(place) - 48;
  return port;
}
