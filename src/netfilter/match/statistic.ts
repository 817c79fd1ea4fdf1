import { type Fraction, fraction } from "../trace/fraction.ts";
import type { Test } from "./decision.ts";
import { firstValue, type MatchSemantics, negate, unknownBecause } from "./semantics.ts";

const CERTAIN = 0x80000000;

/**
 * net/netfilter/xt_statistic.c: `random` compares 31 random bits with the probability, `nth` counts packets. The share of
 * nth is that of a long row of packets.
 */
export const statistic: MatchSemantics = (match, context) => {
  const mode = firstValue<string>(match.options, "--mode", context);
  const steps = firstValue<number>(match.options, "--probability", context);
  const every = firstValue<number>(match.options, "--every", context);
  const negated = match.options.some((option) => option.negated);
  let test: Test | null = null;
  if (mode === "random" && steps !== null) test = chance(fraction(steps, CERTAIN), meant(steps));
  if (mode === "nth" && every !== null) test = chance(fraction(1, every), fraction(1, every));
  if (test === null) return unreadable(match, context);
  return [negated ? negate(test) : test];
};

const unreadable = unknownBecause("its probability is not shown", true);

const chance =
  (exact: Fraction, ideal: Fraction): Test =>
  () =>
    exact.numerator === 0n
      ? false
      : exact.numerator === 1n && exact.odd === 1n && exact.exponent === 0
        ? true
        : { share: { exact, ideal } };

/**
 * The fraction that a probability on the grid of 2^-31 was written for: 1/n where 1/n is stored so (or was written with five
 * decimals, as kube-proxy did before 1.17), else the simplest fraction that is stored so.
 */
export function meant(steps: number): Fraction {
  if (steps === 0) return fraction(0, 1);
  const n = Math.round(CERTAIN / steps);
  // written with all digits, or with ten decimals as kube-proxy does
  if (steps === Math.round(CERTAIN / n) || steps === Math.round(Number((1 / n).toFixed(10)) * CERTAIN))
    return fraction(1, n);
  const decimals = Math.round((steps / CERTAIN) * 1e5);
  const isFiveDecimals = Math.round((decimals / 1e5) * CERTAIN) === steps;
  if (isFiveDecimals && Math.abs(decimals - 1e5 / n) < 1 && n >= 3) return fraction(1, n);
  return simplestBetween(BigInt(2 * steps - 1), BigInt(2 * steps + 1), 2n * BigInt(CERTAIN));
}

/** The fraction with the smallest denominator from `low / whole` to `high / whole`, by continued fractions. */
function simplestBetween(low: bigint, high: bigint, whole: bigint): Fraction {
  let [a, b, c, d] = [low, whole, high, whole];
  // convergents p/q built so far
  let [p0, q0, p1, q1] = [0n, 1n, 1n, 0n];
  for (;;) {
    const floor = a / b;
    const isWhole = a % b === 0n;
    const next = isWhole ? floor : floor + 1n;
    if (next * d <= c) {
      return fraction(next * p1 + p0, next * q1 + q0);
    }
    [p0, p1] = [p1, floor * p1 + p0];
    [q0, q1] = [q1, floor * q1 + q0];
    [a, b, c, d] = [d, c - floor * d, b, a - floor * b];
  }
}
