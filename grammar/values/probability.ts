import type { Codec } from "./codec.ts";

/** Probability 1 on the grid of xt_statistic: 31 bits behind the point. */
export const CERTAIN = 0x80000000;

const DECIMAL = /^\s*\+?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?$/i;

/** `--probability 0.5`, as a whole number of 2^-31 (libxt_statistic.c). */
export const probability: Codec<number> = {
  name: "probability",
  parse(text) {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    return value >= 0 && value <= 1 ? { value: Math.round(value * CERTAIN) } : { expected: "a number from 0 to 1" };
  },
  print: printProbability,
  say: sayProbability,
  accepts(bytes, start, end) {
    if (end - start < 3 || end - start > 32 || bytes[start] !== 48 || bytes[start + 1] !== 46) return false;
    for (let at = start + 2; at < end; at++) {
      const code = bytes[at] as number;
      if (code < 48 || code > 57) return false;
    }
    return true;
  },
};

/** As printf("%.11f") prints it: a tie goes to the even digit. */
function printProbability(steps: number): string {
  // steps / 2^31 * 10^11 = steps * 5^11 / 2^20
  const scaled = BigInt(steps) * 48828125n;
  let digits = scaled >> 20n;
  const rest = scaled & 0xfffffn;
  if (rest > 0x80000n || (rest === 0x80000n && (digits & 1n) === 1n)) digits++;
  const text = digits.toString().padStart(12, "0");
  return `${text.slice(0, -11)}.${text.slice(-11)}`;
}

function sayProbability(steps: number): string {
  const oneIn = CERTAIN / steps;
  const whole = Math.round(oneIn);
  if (Math.abs(oneIn - whole) < 1e-6 * whole) return `1 in ${whole}`;
  return `${Number(((100 * steps) / CERTAIN).toPrecision(4))} %`;
}
