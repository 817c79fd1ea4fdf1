import { _SHA256 } from "@noble/hashes/sha2.js";

const BLOCK = 64;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** SHA-256 whose blocks are fed by hand: a large node has hundreds of thousands of names to prove, and no garbage is made for one. */
class NameHash extends _SHA256 {
  readonly #bytes = new Uint8Array(BLOCK);
  readonly #words = new DataView(this.#bytes.buffer);
  readonly #initial = this.get();

  /** The first 16 characters of base32 over the hash of the bytes of `text`: 80 bits. */
  of(text: string): string {
    this.set(...this.#initial);
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
    const [first, second, third] = this.get();
    return (
      letters(first >>> 2, 6) +
      letters(((first & 3) << 28) | (second >>> 4), 6) +
      letters(((second & 15) << 16) | (third >>> 16), 4)
    );
  }
}

/** The lowest `count` groups of five bits, highest first. */
function letters(bits: number, count: number): string {
  let text = "";
  for (let shift = 5 * (count - 1); shift >= 0; shift -= 5) text += ALPHABET[(bits >>> shift) & 31];
  return text;
}

let hash: NameHash | undefined;

/** First 16 base32 characters of SHA-256 over the bytes of `text` (portProtoHash, servicePortEndpointChainName). */
export function chainHash(text: string): string {
  hash ??= new NameHash();
  return hash.of(text);
}
