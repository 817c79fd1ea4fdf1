import type { Codec, CodecContext } from "./codec.ts";
import { decimalAt, readNumber } from "./number.ts";
import type { NumberRange } from "./types.ts";

/** Both ends included. */
export interface BigRange {
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * `3`, `3:4`, `3:`, `:4`, `:` as UINT*RC options of iptables are written (xtopt_parse_mint in libxtables/xtoptions.c).
 * `null` when not of that form or above `max`. `to` is `null` for a single number.
 */
export function readRange(text: string, max: bigint): { from: bigint; to: bigint | null } | null {
  let at = 0;
  let from = 0n;
  if (text === "") return { from, to: null };
  if (text[0] !== ":") {
    const read = readNumber(text);
    if (read === null || read.value > max) return null;
    from = read.value;
    at = read.end;
    if (at === text.length) return { from, to: null };
  }
  if (text[at] !== ":") return null;
  at++;
  if (at === text.length) return { from, to: max };
  const read = readNumber(text, at);
  if (read === null || read.value > max || read.end !== text.length) return null;
  return { from, to: read.value };
}

/** Releases before this one take a range that runs backwards, and it matches nothing. */
const REFUSES_BACKWARDS = 10810;

/** Whether iptables of the context's release takes the range. */
export function runsForward(from: bigint | number, to: bigint | number, { release = 0 }: CodecContext): boolean {
  return from <= to || release < REFUSES_BACKWARDS;
}

function numberRange(name: string, max: number, strict = false): Codec<NumberRange> {
  return {
    name,
    parse(text, context) {
      const range = readRange(text, BigInt(max));
      if (range === null) return { expected: `a number or a range a:b from 0 to ${max}` };
      const from = Number(range.from);
      const to = range.to === null ? from : Number(range.to);
      if (strict ? from > to : !runsForward(from, to, context)) return BACKWARDS;
      return { value: { from, to } };
    },
    print: ({ from, to }) => (from === to ? String(from) : `${from}:${to}`),
    say: ({ from, to }) => (from === to ? String(from) : `${from} to ${to}`),
    accepts(bytes, start, end) {
      let colon = start;
      while (colon < end && bytes[colon] !== 58) colon++;
      const isRange = colon < end;
      const from = decimalAt(bytes, start, isRange ? colon : end);
      const to = isRange ? decimalAt(bytes, colon + 1, end) : from;
      return from >= 0 && from <= to && to <= max;
    },
  };
}

const BACKWARDS = { expected: "a range that does not run backwards" };

export const range16 = numberRange("uint16-range", 0xffff);
/** `--mss 536:1460` */
export const forwardRange16 = numberRange("uint16-range", 0xffff, true);
export const range32 = numberRange("uint32-range", 0xffffffff);
/** `--queue-balance 0:6` */
export const queueRange = numberRange("queue-range", 0xffff);

const MAX_64 = (1n << 64n) - 1n;

/** `--connbytes 1000:2000`; a range up to the largest number is saved as its first number alone. */
export const range64: Codec<BigRange> = {
  name: "uint64-range",
  parse(text) {
    const range = readRange(text, MAX_64);
    if (range === null || (range.to !== null && range.to < range.from)) {
      return { expected: "a number or a range a:b of 64-bit numbers" };
    }
    return { value: { from: range.from, to: range.to ?? MAX_64 } };
  },
  print: ({ from, to }) => (to === MAX_64 ? String(from) : `${from}:${to}`),
  say: ({ from, to }) => (to === MAX_64 ? `${from} or more` : `${from} to ${to}`),
};
