import { byteString } from "../../grammar/bytes.ts";

/** How the jumps of a chain divide new connections. The kernel compares 31 random bits with a number: all shares are multiples of 2^-31. */

const UNIT = 2 ** 31;
/** Half a unit of the tenth decimal, in which kube-proxy writes, and half of the grid. */
const TEN_DIGITS = 5.5e-10;
/** Half a unit of the fifth decimal, in which kube-proxy wrote before 1.17. */
const FIVE_DIGITS = 5.1e-6;

/** `even`: the n-th of the rest gets 1/n, as kube-proxy writes it, with ten decimals or with five. */
export type Balance = "even" | "even-five-digits" | "uneven";

/** Which part of 2^31 a `--probability` is; 2^31 without one (libxt_statistic.c: lround(p * 2^31)). */
export function threshold(probability: string | null): number {
  if (probability === null) return UNIT;
  const value = Number(probability);
  return Number.isFinite(value) ? Math.min(UNIT, Math.max(0, Math.round(value * UNIT))) : 0;
}

/** The same for a probability as iptables-save prints it, given as bytes. */
export function thresholdAt(bytes: Uint8Array, start: number, end: number): number {
  const isPlain = end - start > 2 && end - start <= MOST_EXACT && bytes[start] === 48 && bytes[start + 1] === 46;
  let digits = 0;
  let unit = 1;
  let i = start + 2;
  for (; isPlain && i < end; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) break;
    digits = digits * 10 + digit;
    unit *= 10;
  }
  // both numbers are exact, so their quotient is the number nearest to what stands there
  return isPlain && i === end ? Math.round((digits / unit) * UNIT) : threshold(byteString(bytes, start, end));
}

/** `0.` and as many digits as an integer of a double holds. */
const MOST_EXACT = 17;

/** Share of each jump when they are tried in this order: what reaches it, times its own part. */
export function shares(thresholds: readonly number[]): number[] {
  let rest = 1;
  return thresholds.map((part) => {
    const share = (rest * part) / UNIT;
    rest = (rest * (UNIT - part)) / UNIT;
    return share;
  });
}

/** Whether the jumps share evenly, as kube-proxy would write it for as many endpoints. */
export function balanceOf(thresholds: readonly number[]): Balance {
  let balance: Balance = "even";
  for (let i = 0; i < thresholds.length; i++) {
    const part = (thresholds[i] as number) / UNIT;
    const even = 1 / (thresholds.length - i);
    if (Math.abs(part - even) <= TEN_DIGITS) continue;
    // of hundreds of endpoints 1/n and 1/(n + 1) are as near to each other as five decimals are: it has to be one that has five
    const rounded = Math.round(part * 1e5) / 1e5;
    if (Math.abs(part - even) > FIVE_DIGITS || Math.abs(part - rounded) > TEN_DIGITS) return "uneven";
    balance = "even-five-digits";
  }
  return balance;
}

/** `--probability` of the i-th of n jumps as iptables-save prints it; `null` for the last, which has none. */
export function probabilityText(i: number, n: number, digits: 5 | 10): string | null {
  if (i >= n - 1) return null;
  return (threshold((1 / (n - i)).toFixed(digits)) / UNIT).toFixed(11);
}
