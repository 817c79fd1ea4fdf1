/**
 * SHA-256 of messages of a few blocks (FIPS 180-4), four at a time, and whether their first letters in base32 are those in the names of
 * kube-proxy's chains.
 */

/** Section 4.2.2. */
const constants: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
];

const BLOCK = 64;
const MOST_BLOCKS = 6;
const MESSAGE = BLOCK * MOST_BLOCKS;
/** So many bytes of a message leave room for what ends it (section 5.1.1). */
export const MOST_BYTES = MESSAGE - 9;
export const LANES = 4;
const messages = memory.data(MESSAGE * LANES);
/** By lane: the blocks of its message, and where the letters are that it shall have. */
const blocks = memory.data(LANES * 4);
const letters = memory.data(LANES * 4);
/** How many messages wait to be hashed. */
let waiting: i32 = 0;
/** The message schedule: the block's sixteen words, then what section 6.2.2 makes of them; each of all lanes, as all that follows. */
const schedule = memory.data(BLOCK * 4 * LANES);
/** Eight words. */
const state = memory.data(8 * 4 * LANES);

/** Section 5.3.3. */
const initial: StaticArray<u32> = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** Forgets what waits. */
export function beginHashes(): void {
  waiting = 0;
}

/** Where the next message is to be put; there is room for `LANES` of them. */
export function nextMessage(): usize {
  return messages + <usize>waiting * MESSAGE;
}

/** The message that was put there has so many bytes, at most `MOST_BYTES`, and its hash shall begin with the sixteen letters at `place`. */
export function expectLetters(length: i32, place: usize): void {
  const message = nextMessage();
  const end = (length + 8 + BLOCK) & -BLOCK;
  store<u8>(message + length, 0x80);
  memory.fill(message + length + 1, 0, end - length - 1);
  store<u32>(message + end - 4, bswap((<u32>length) << 3));
  store<i32>(blocks + ((<usize>waiting) << 2), end / BLOCK);
  store<u32>(letters + ((<usize>waiting) << 2), <u32>place);
  waiting++;
}

export function isFull(): bool {
  return waiting === LANES;
}

/** Hashes all messages that wait, and forgets them: the first one that has other letters; `LANES`: none has. */
export function firstOther(): i32 {
  const count = waiting;
  waiting = 0;
  hash(count);
  for (let lane = 0; lane < count; lane++) {
    const place = <usize>load<u32>(letters + ((<usize>lane) << 2));
    if (!isSpelledAt(place, state + ((<usize>lane) << 2))) return lane;
  }
  return LANES;
}

function hash(count: i32): void {
  let most = 0;
  for (let lane = 0; lane < count; lane++) most = max(most, blocksOf(lane));
  for (let lane = count; lane < LANES; lane++) store<i32>(blocks + ((<usize>lane) << 2), 0);
  for (let k = 0; k < 8; k++) v128.store(state + ((<usize>k) << 4), i32x4.splat(unchecked(initial[k])));
  for (let block = 0; block < most; block++) add(block);
}

function blocksOf(lane: i32): i32 {
  return load<i32>(blocks + ((<usize>lane) << 2));
}

function add(block: i32): void {
  const place = messages + <usize>block * BLOCK;
  for (let k: usize = 0; k < 16; k++) v128.store(schedule + (k << 4), wordsAt(place + (k << 2)));
  for (let at: usize = schedule; at < schedule + (48 << 4); at += 16) {
    const w1 = v128.load(at, 1 << 4);
    const w14 = v128.load(at, 14 << 4);
    const small0 = v128.xor(v128.xor(rotated(w1, 7), rotated(w1, 18)), i32x4.shr_u(w1, 3));
    const small1 = v128.xor(v128.xor(rotated(w14, 17), rotated(w14, 19)), i32x4.shr_u(w14, 10));
    const sum = i32x4.add(i32x4.add(v128.load(at), small0), i32x4.add(v128.load(at, 9 << 4), small1));
    v128.store(at, sum, 16 << 4);
  }
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  let e = v128.load(state, 64);
  let f = v128.load(state, 80);
  let g = v128.load(state, 96);
  let h = v128.load(state, 112);
  for (let k: usize = 0; k < 64; k++) {
    const big1 = v128.xor(v128.xor(rotated(e, 6), rotated(e, 11)), rotated(e, 25));
    const big0 = v128.xor(v128.xor(rotated(a, 2), rotated(a, 13)), rotated(a, 22));
    const choice = v128.xor(g, v128.and(e, v128.xor(f, g)));
    const majority = v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)));
    const word = i32x4.add(v128.load32_splat(changetype<usize>(constants) + (k << 2)), v128.load(schedule + (k << 4)));
    const first = i32x4.add(i32x4.add(h, big1), i32x4.add(choice, word));
    h = g;
    g = f;
    f = e;
    e = i32x4.add(d, first);
    d = c;
    c = b;
    b = a;
    a = i32x4.add(first, i32x4.add(big0, majority));
  }
  const isOf = lanesWith(block);
  addTo(0, a, isOf);
  addTo(16, b, isOf);
  addTo(32, c, isOf);
  addTo(48, d, isOf);
  addTo(64, e, isOf);
  addTo(80, f, isOf);
  addTo(96, g, isOf);
  addTo(112, h, isOf);
}

/** To the lanes that have the block. */
function addTo(word: usize, value: v128, isOf: v128): void {
  v128.store(state + word, i32x4.add(v128.load(state + word), v128.and(value, isOf)));
}

/** The lanes whose messages have that block, as masks. */
function lanesWith(block: i32): v128 {
  return i32x4.gt_s(v128.load(blocks), i32x4.splat(block));
}

/** The word that stands at the same place of each message, highest byte first. */
function wordsAt(place: usize): v128 {
  let words = i32x4.splat(load<u32>(place));
  words = i32x4.replace_lane(words, 1, load<u32>(place + MESSAGE));
  words = i32x4.replace_lane(words, 2, load<u32>(place + MESSAGE * 2));
  words = i32x4.replace_lane(words, 3, load<u32>(place + MESSAGE * 3));
  return i8x16.shuffle(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

function rotated(words: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(words, bits), i32x4.shl(words, 32 - bits));
}

/** Whether the first sixteen letters of a lane's hash stand there. */
function isSpelledAt(place: usize, lane: usize): bool {
  const h0 = load<u32>(lane);
  const h1 = load<u32>(lane, 16);
  const h2 = load<u32>(lane, 32);
  return (
    areLetters(place, h0 >> 2, 6) &&
    areLetters(place + 6, ((h0 & 3) << 28) | (h1 >> 4), 6) &&
    areLetters(place + 12, ((h1 & 15) << 16) | (h2 >> 16), 4)
  );
}

/** Whether the lowest `count` groups of five bits stand there as letters, highest first. */
function areLetters(place: usize, bits: u32, count: i32): bool {
  for (let k = count - 1; k >= 0; k--) {
    const five = bits & 31;
    if (load<u8>(place + k) !== <u8>(five < 26 ? 65 + five : 24 + five)) return false;
    bits >>= 5;
  }
  return true;
}
