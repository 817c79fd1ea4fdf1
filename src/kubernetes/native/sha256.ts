/** SHA-256 of a message of a few blocks (FIPS 180-4), and its first letters in base32, as in the names of kube-proxy's chains. */

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
/** The message schedule: the block's sixteen words, then what section 6.2.2 makes of them. */
const schedule = memory.data(BLOCK * 4);
export const message = memory.data(BLOCK * MOST_BLOCKS);
/** So many bytes of a message leave room for what ends it (section 5.1.1). */
export const MOST_BYTES = BLOCK * MOST_BLOCKS - 9;
let h0: u32 = 0;
let h1: u32 = 0;
let h2: u32 = 0;
let h3: u32 = 0;
let h4: u32 = 0;
let h5: u32 = 0;
let h6: u32 = 0;
let h7: u32 = 0;

/** Hashes the first `length` bytes of `message`, at most `MOST_BYTES`. */
export function hash(length: i32): void {
  const end = (length + 8 + BLOCK) & -BLOCK;
  store<u8>(message + length, 0x80);
  for (let place = length + 1; place < end; place++) store<u8>(message + place, 0);
  store<u32>(message + end - 4, bswap((<u32>length) << 3));
  // section 5.3.3
  h0 = 0x6a09e667;
  h1 = 0xbb67ae85;
  h2 = 0x3c6ef372;
  h3 = 0xa54ff53a;
  h4 = 0x510e527f;
  h5 = 0x9b05688c;
  h6 = 0x1f83d9ab;
  h7 = 0x5be0cd19;
  for (let block: usize = message; block < message + end; block += BLOCK) add(block);
}

function add(block: usize): void {
  for (let place: usize = 0; place < 64; place += 4) store<u32>(schedule + place, bswap(load<u32>(block + place)));
  for (let place: usize = schedule; place < schedule + 192; place += 4) {
    const w1 = load<u32>(place, 4);
    const w14 = load<u32>(place, 56);
    const small0 = rotr(w1, 7) ^ rotr(w1, 18) ^ (w1 >> 3);
    const small1 = rotr(w14, 17) ^ rotr(w14, 19) ^ (w14 >> 10);
    store<u32>(place, load<u32>(place) + small0 + load<u32>(place, 36) + small1, 64);
  }
  let a = h0;
  let b = h1;
  let c = h2;
  let d = h3;
  let e = h4;
  let f = h5;
  let g = h6;
  let h = h7;
  for (let place: usize = 0; place < 256; place += 4) {
    const big1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
    const big0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
    const choice = g ^ (e & (f ^ g));
    const majority = (a & b) | (c & (a | b));
    const first = h + big1 + choice + load<u32>(changetype<usize>(constants) + place) + load<u32>(schedule + place);
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + big0 + majority;
  }
  h0 += a;
  h1 += b;
  h2 += c;
  h3 += d;
  h4 += e;
  h5 += f;
  h6 += g;
  h7 += h;
}

/** Whether the first sixteen letters of the hash stand there. */
export function isSpelledAt(place: usize): bool {
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
