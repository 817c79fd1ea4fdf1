import type { AddressMask } from "../../grammar/values/types.ts";

/** The place of the three upper words of a mask among those of `upper`. */
const MASK = 3;

/**
 * Addresses under a mask as words of 32 bits, for comparing thousands of them: numbers instead of the big ones of the codec, which are an
 * object each.
 */
export class Network {
  /** The lowest word of the address and of the mask. */
  readonly #bits: number;
  readonly #mask: number;
  /** The three others of the address, and behind them those of the mask; `null`: all 0, as of an IPv4 address. */
  readonly #upper: Int32Array | null;

  private constructor(bits: number, mask: number, upper: Int32Array | null) {
    this.#bits = bits & mask;
    this.#mask = mask;
    this.#upper = upper;
  }

  /** @param bits - the IPv4 address as a whole number */
  static ofIpv4(bits: number, prefix: number): Network {
    return new Network(bits | 0, prefix === 0 ? 0 : -1 << (32 - prefix), null);
  }

  static of({ bits, mask }: AddressMask): Network {
    const word = (number: bigint, place: number): number => Number(BigInt.asIntN(32, number >> BigInt(32 * place)));
    const upper = [3, 2, 1]
      .map((place) => word(bits & mask, place))
      .concat([3, 2, 1].map((place) => word(mask, place)));
    return new Network(word(bits, 0), word(mask, 0), upper.every((each) => each === 0) ? null : Int32Array.from(upper));
  }

  /** A hash of the mask. */
  get width(): number {
    let hash = this.#mask;
    const upper = this.#upper;
    if (upper !== null) for (let k = MASK; k < upper.length; k++) hash = Math.imul(hash, 31) ^ (upper[k] as number);
    return hash;
  }

  isAsWideAs(other: Network): boolean {
    return this.isAsNarrowAs(other) && other.isAsNarrowAs(this);
  }

  /** Whether the mask has all bits of the other's. */
  isAsNarrowAs(other: Network): boolean {
    if ((this.#mask & other.#mask) !== other.#mask) return false;
    const [mine, wide] = [this.#upper, other.#upper];
    if (wide === null) return true;
    for (let k = MASK; k < wide.length; k++)
      if ((((mine?.[k] ?? 0) as number) & (wide[k] as number)) !== wide[k]) return false;
    return true;
  }

  /** Of the address under the mask of `wide`. */
  hashUnder(wide: Network): number {
    let hash = this.#bits & wide.#mask;
    const [mine, mask] = [this.#upper, wide.#upper];
    if (mine === null || mask === null) return hash;
    for (let k = 0; k < MASK; k++)
      hash = Math.imul(hash, 0x01000193) ^ ((mine[k] as number) & (mask[MASK + k] as number));
    return hash;
  }

  /** Whether the two are one under the mask of `wide`. */
  equalsUnder(wide: Network, other: Network): boolean {
    if (((this.#bits ^ other.#bits) & wide.#mask) !== 0) return false;
    const mask = wide.#upper;
    if (mask === null) return true;
    for (let k = 0; k < MASK; k++)
      if ((((this.#upper?.[k] ?? 0) ^ (other.#upper?.[k] ?? 0)) & (mask[MASK + k] as number)) !== 0) return false;
    return true;
  }

  /** Whether no address is in both. */
  isDisjoint(other: Network): boolean {
    if (((this.#bits ^ other.#bits) & this.#mask & other.#mask) !== 0) return true;
    const [a, b] = [this.#upper, other.#upper];
    if (a === null || b === null) return false;
    for (let k = 0; k < MASK; k++) {
      const masks = (a[MASK + k] as number) & (b[MASK + k] as number);
      if ((((a[k] as number) ^ (b[k] as number)) & masks) !== 0) return true;
    }
    return false;
  }
}
