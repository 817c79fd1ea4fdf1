import { _SHA256 } from "@noble/hashes/sha2.js";
import { instantiate, newMemory } from "../../grammar/web-assembly.ts";
import { nativeCode } from "./native-code.ts";

const BLOCK = 64;
const LETTERS = 16;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CODES = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));

/** SHA-256 whose blocks are fed by hand: a large node has hundreds of thousands of names to prove, and no garbage is made for one. */
class NameHash extends _SHA256 {
  readonly #bytes = new Uint8Array(BLOCK);
  readonly #words = new DataView(this.#bytes.buffer);

  /** The first 16 characters of base32 over the hash of the bytes of `text`: 80 bits. */
  of(text: string): string {
    this.#process(text);
    return (
      letters(this.A >>> 2, 6) +
      letters(((this.A & 3) << 28) | (this.B >>> 4), 6) +
      letters(((this.B & 15) << 16) | (this.C >>> 16), 4)
    );
  }

  /** Whether these characters over `owner` and `bytes` from `from` to `to` stand in `bytes` from `start` on; no text is made. */
  isAt(bytes: Uint8Array, start: number, owner: Uint8Array, from: number, to: number): boolean {
    const own = this.#bytes;
    const length = owner.length + to - from;
    let used = 0;
    for (; used < owner.length; used++) own[used] = owner[used] as number;
    for (let i = from; i < to; i++) own[used++] = bytes[i] as number;
    own[used++] = 0x80;
    while (used < BLOCK - 4) own[used++] = 0;
    this.#words.setUint32(BLOCK - 4, length * 8);
    this.#begin();
    this.process(this.#words, 0);
    return (
      hasLetters(bytes, start, this.A >>> 2, 6) &&
      hasLetters(bytes, start + 6, ((this.A & 3) << 28) | (this.B >>> 4), 6) &&
      hasLetters(bytes, start + 12, ((this.B & 15) << 16) | (this.C >>> 16), 4)
    );
  }

  /** The state before the first block (FIPS 180-4, 5.3.3). */
  #begin(): void {
    this.set(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
  }

  #process(text: string): void {
    this.#begin();
    const bytes = this.#bytes;
    let used = 0;
    for (let i = 0; i < text.length; i++) {
      bytes[used++] = text.charCodeAt(i);
      if (used < BLOCK) continue;
      this.process(this.#words, 0);
      used = 0;
    }
    // padding of FIPS 180-4: a one bit, zeros, the length in bits
    bytes[used++] = 0x80;
    if (used > BLOCK - 8) {
      bytes.fill(0, used);
      this.process(this.#words, 0);
      used = 0;
    }
    bytes.fill(0, used);
    this.#words.setUint32(BLOCK - 4, text.length * 8);
    this.process(this.#words, 0);
  }
}

/** The lowest `count` groups of five bits, highest first. */
function letters(bits: number, count: number): string {
  let text = "";
  for (let shift = 5 * (count - 1); shift >= 0; shift -= 5) text += ALPHABET[(bits >>> shift) & 31];
  return text;
}

/** Whether the lowest `count` groups of five bits stand at `from`, highest first. */
function hasLetters(bytes: Uint8Array, from: number, bits: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (bytes[from + i] !== CODES[(bits >>> (5 * (count - 1 - i))) & 31]) return false;
  return true;
}

let hash: NameHash | undefined;

/** First 16 base32 characters of SHA-256 over the bytes of `text` (portProtoHash, servicePortEndpointChainName). */
export function chainHash(text: string): string {
  hash ??= new NameHash();
  return hash.of(text);
}

/** For longer messages src/kubernetes/native has no room. */
const MOST_BYTES = 375;

/** So many names are proven before it pays to have code for it that is compiled ahead. */
const FEW = 16;
let proven = 0;
let compiled: CompiledHash | undefined;

/** The same hash in src/kubernetes/native: from the first call on as fast as the other one after thousands. */
class CompiledHash {
  readonly #message: Uint8Array;
  readonly #letters: Uint8Array;
  readonly #isSpelled: (length: number) => boolean | number;

  constructor() {
    // nothing takes room in this instance, so its memory stays
    const memory = newMemory(1);
    const native = instantiate(nativeCode, memory) as {
      ownerAt(): number;
      lettersAt(): number;
      isSpelled(length: number): boolean | number;
    };
    this.#message = new Uint8Array(memory.buffer, native.ownerAt(), MOST_BYTES);
    this.#letters = new Uint8Array(memory.buffer, native.lettersAt(), LETTERS);
    this.#isSpelled = native.isSpelled;
  }

  isAt(bytes: Uint8Array, start: number, owner: Uint8Array, from: number, to: number): boolean {
    const [message, letters] = [this.#message, this.#letters];
    let used = 0;
    for (; used < owner.length; used++) message[used] = owner[used] as number;
    for (let i = from; i < to; i++) message[used++] = bytes[i] as number;
    for (let i = 0; i < LETTERS; i++) letters[i] = bytes[start + i] as number;
    return Boolean(this.#isSpelled(used));
  }
}

/**
 * Whether the bytes from `start` to `end` are the first 16 base32 characters of SHA-256 over `owner` and the bytes from `from` to `to`.
 * False for what is longer than names and addresses are: that is for `chainHash`.
 */
export function endsInHash(
  bytes: Uint8Array,
  start: number,
  end: number,
  owner: Uint8Array,
  from: number,
  to: number,
): boolean {
  const length = owner.length + to - from;
  if (end - start !== LETTERS || length > MOST_BYTES) return false;
  if (proven < FEW && length <= BLOCK - 9) {
    proven++;
    hash ??= new NameHash();
    return hash.isAt(bytes, start, owner, from, to);
  }
  compiled ??= new CompiledHash();
  return compiled.isAt(bytes, start, owner, from, to);
}
