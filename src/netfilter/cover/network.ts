import type { AddressMask } from "../../../grammar/values/types.ts";

/** The place of the three upper words of a mask among those of `upper`. */
const MASK = 3;

const NONE: readonly number[] = [0, 0, 0, 0, 0, 0];

/**
 * Addresses under a mask as words of 32 bits, for comparing thousands of them: numbers instead of the big ones of the codec, which are an
 * object each. Filled anew for each rule.
 */
export class Network {
  /** The lowest word of the address and of the mask. */
  #bits = 0;
  #mask = 0;
  /** The three others of the address, and behind them those of the mask: all 0 for an IPv4 address. */
  #upper = NONE;

  /** @param bits - the IPv4 address as a whole number */
  setIpv4(bits: number, prefix: number): void {
    this.#mask = prefix === 0 ? 0 : -1 << (32 - prefix);
    this.#bits = bits & this.#mask;
    this.#upper = NONE;
  }

  set({ bits, mask }: AddressMask): void {
    const word = (number: bigint, place: number): number => Number(BigInt.asIntN(32, number >> BigInt(32 * place)));
    this.#mask = word(mask, 0);
    this.#bits = word(bits & mask, 0);
    const upper = [bits & mask, mask].flatMap((each) => [3, 2, 1].map((place) => word(each, place)));
    this.#upper = upper.every((each) => each === 0) ? NONE : upper;
  }

  /** A hash of the mask. */
  get width(): number {
    let hash = this.#mask;
    if (this.#upper !== NONE) for (const word of this.#upper.slice(MASK)) hash = Math.imul(hash, 31) ^ word;
    return hash;
  }

  isAsWideAs(other: Network): boolean {
    return this.isAsNarrowAs(other) && other.isAsNarrowAs(this);
  }

  /** Whether the mask has all bits of the other's. */
  isAsNarrowAs(other: Network): boolean {
    if ((this.#mask & other.#mask) !== other.#mask) return false;
    const [mine, wide] = [this.#upper, other.#upper];
    if (wide === NONE) return true;
    for (let k = MASK; k < wide.length; k++) if (((mine[k] as number) & (wide[k] as number)) !== wide[k]) return false;
    return true;
  }

  /** Of the address under the mask of `wide`. */
  hashUnder(wide: Network): number {
    let hash = this.#bits & wide.#mask;
    const [mine, mask] = [this.#upper, wide.#upper];
    if (mine === NONE || mask === NONE) return hash;
    for (let k = 0; k < MASK; k++)
      hash = Math.imul(hash, 0x01000193) ^ ((mine[k] as number) & (mask[MASK + k] as number));
    return hash;
  }

  /** Whether the two are one under the mask of `wide`. */
  equalsUnder(wide: Network, other: Network): boolean {
    if (((this.#bits ^ other.#bits) & wide.#mask) !== 0) return false;
    const mask = wide.#upper;
    if (mask === NONE) return true;
    for (let k = 0; k < MASK; k++)
      if ((((this.#upper[k] as number) ^ (other.#upper[k] as number)) & (mask[MASK + k] as number)) !== 0) return false;
    return true;
  }
}
