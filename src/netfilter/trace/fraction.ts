/**
 * An exact fraction from 0 to 1: `numerator / (odd * 2 ** exponent)`. Probabilities of the statistic match are multiples of
 * 2^-31, and products of a thousand of them stay exact without a single division, since powers of two are kept apart.
 */
export interface Fraction {
  readonly numerator: bigint;
  /** Odd, and without a common divisor with the numerator. */
  readonly odd: bigint;
  /** Zero, or the numerator is odd. */
  readonly exponent: number;
}

export const ZERO: Fraction = { numerator: 0n, odd: 1n, exponent: 0 };
export const ONE: Fraction = { numerator: 1n, odd: 1n, exponent: 0 };

/** `numerator / denominator`, in lowest terms; the denominator must be positive. */
export function fraction(numerator: bigint | number, denominator: bigint | number): Fraction {
  const zeros = trailingZeros(BigInt(denominator));
  return reduce(BigInt(numerator), BigInt(denominator) >> BigInt(zeros), zeros);
}

export const isZero = (x: Fraction): boolean => x.numerator === 0n;

export const equal = (x: Fraction, y: Fraction): boolean =>
  x === y || (x.exponent === y.exponent && x.odd === y.odd && x.numerator === y.numerator);

export function add(x: Fraction, y: Fraction): Fraction {
  if (isZero(x)) return y;
  if (isZero(y)) return x;
  const exponent = Math.max(x.exponent, y.exponent);
  const left = (x.numerator << BigInt(exponent - x.exponent)) * y.odd;
  const right = (y.numerator << BigInt(exponent - y.exponent)) * x.odd;
  return reduce(left + right, x.odd * y.odd, exponent);
}

export function multiply(x: Fraction, y: Fraction): Fraction {
  if (x === ONE) return y;
  if (y === ONE) return x;
  return reduce(x.numerator * y.numerator, x.odd * y.odd, x.exponent + y.exponent);
}

/** `1 - x` */
export const complement = (x: Fraction): Fraction => {
  const whole = x.odd << BigInt(x.exponent);
  return reduce(whole - x.numerator, x.odd, x.exponent);
};

/** The nearest double, up to its last bit. */
export function toNumber(x: Fraction): number {
  const excess = Math.max(0, bitLength(x.numerator) - 64);
  const oddExcess = Math.max(0, bitLength(x.odd) - 64);
  const quotient = Number(x.numerator >> BigInt(excess)) / Number(x.odd >> BigInt(oddExcess));
  return scale(quotient, excess - oddExcess - x.exponent);
}

/** `1/3`; `1` and `0` without a denominator. */
export function toText(x: Fraction): string {
  const denominator = x.odd << BigInt(x.exponent);
  return denominator === 1n ? String(x.numerator) : `${x.numerator}/${denominator}`;
}

function reduce(numerator: bigint, odd: bigint, exponent: number): Fraction {
  if (numerator === 0n) return ZERO;
  const shift = exponent === 0 ? 0 : Math.min(exponent, trailingZeros(numerator));
  let top = shift === 0 ? numerator : numerator >> BigInt(shift);
  let bottom = odd;
  if (odd !== 1n) {
    const common = greatestCommonDivisor(top, odd);
    top /= common;
    bottom /= common;
  }
  return { numerator: top, odd: bottom, exponent: exponent - shift };
}

function trailingZeros(x: bigint): number {
  let zeros = 0;
  let rest = x;
  while ((rest & 0xffffffffn) === 0n) {
    rest >>= 32n;
    zeros += 32;
  }
  const low = Number(rest & 0xffffffffn);
  return zeros + 31 - Math.clz32(low & -low);
}

function greatestCommonDivisor(x: bigint, y: bigint): bigint {
  let a = x;
  let b = y;
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

const bitLength = (x: bigint): number => {
  const digits = x.toString(16);
  return digits.length * 4;
};

/** `x * 2 ** power` without leaving the range of doubles on the way. */
function scale(x: number, power: number): number {
  let result = x;
  let left = power;
  while (left < -1000 && result !== 0) {
    result *= 2 ** -1000;
    left += 1000;
  }
  return result * 2 ** left;
}
