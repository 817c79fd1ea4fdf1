/** SHA-256 of four messages of one block at once (FIPS 180-4), one in each lane. */

import { areLettersOf, constants } from "./sha256.ts";

const BLOCK: usize = 64;
export const LANES: i32 = 4;
/** The message schedule: of each word four, one for each message. */
const schedule = memory.data(64 * 16);
/** The four messages. */
export const messages = memory.data(64 * 4);
/** So many bytes of a message leave room for what ends it (section 5.1.1). */
export const MOST_LANE_BYTES: i32 = 64 - 9;
/** The first three words of the four hashes. */
const words = memory.data(3 * 16);

/** Where a message is put. */
export function laneAt(lane: i32): usize {
  return messages + <usize>lane * BLOCK;
}

/** Ends a message of so many bytes. */
export function endLane(lane: i32, length: i32): void {
  const message = laneAt(lane);
  store<u8>(message + length, 0x80);
  for (let place = length + 1; place < 60; place++) store<u8>(message + place, 0);
  store<u32>(message, bswap((<u32>length) << 3), 60);
}

function rotated(word: v128, by: i32): v128 {
  return v128.or(i32x4.shr_u(word, by), i32x4.shl(word, 32 - by));
}

/** Hashes the four messages, all of which were ended. */
export function hashLanes(): void {
  for (let place: usize = 0; place < BLOCK; place += 4)
    for (let lane: usize = 0; lane < <usize>LANES; lane++)
      store<u32>(schedule + (place << 2) + (lane << 2), bswap(load<u32>(messages + lane * BLOCK + place)));
  for (let place: usize = schedule; place < schedule + 48 * 16; place += 16) {
    const w1 = v128.load(place, 16);
    const w14 = v128.load(place, 14 * 16);
    const small0 = v128.xor(v128.xor(rotated(w1, 7), rotated(w1, 18)), i32x4.shr_u(w1, 3));
    const small1 = v128.xor(v128.xor(rotated(w14, 17), rotated(w14, 19)), i32x4.shr_u(w14, 10));
    const next = i32x4.add(i32x4.add(v128.load(place), small0), i32x4.add(v128.load(place, 9 * 16), small1));
    v128.store(place, next, 256);
  }
  // section 5.3.3
  let a = i32x4.splat(0x6a09e667);
  let b = i32x4.splat(0xbb67ae85);
  let c = i32x4.splat(0x3c6ef372);
  let d = i32x4.splat(0xa54ff53a);
  let e = i32x4.splat(0x510e527f);
  let f = i32x4.splat(0x9b05688c);
  let g = i32x4.splat(0x1f83d9ab);
  let h = i32x4.splat(0x5be0cd19);
  for (let place: usize = 0; place < BLOCK * 4; place += 4) {
    const big1 = v128.xor(v128.xor(rotated(e, 6), rotated(e, 11)), rotated(e, 25));
    const big0 = v128.xor(v128.xor(rotated(a, 2), rotated(a, 13)), rotated(a, 22));
    const choice = v128.xor(g, v128.and(e, v128.xor(f, g)));
    const majority = v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)));
    const constant = v128.load_splat<u32>(changetype<usize>(constants) + place);
    const word = v128.load(schedule + (place << 2));
    const first = i32x4.add(i32x4.add(i32x4.add(h, big1), i32x4.add(choice, constant)), word);
    h = g;
    g = f;
    f = e;
    e = i32x4.add(d, first);
    d = c;
    c = b;
    b = a;
    a = i32x4.add(first, i32x4.add(big0, majority));
  }
  v128.store(words, i32x4.add(a, i32x4.splat(0x6a09e667)));
  v128.store(words, i32x4.add(b, i32x4.splat(0xbb67ae85)), 16);
  v128.store(words, i32x4.add(c, i32x4.splat(0x3c6ef372)), 32);
}

/** Whether the first sixteen letters of the hash of a lane's message stand there. */
export function isLaneSpelledAt(lane: i32, place: usize): bool {
  const word = words + <usize>lane * 4;
  return areLettersOf(place, load<u32>(word), load<u32>(word, 16), load<u32>(word, 32));
}
