import type { Codec } from "./codec.ts";
import { readNumber, wholeNumber } from "./number.ts";
import type { Mark } from "./types.ts";

const FULL = 0xffffffff;

/** `value` or `value/mask`, each of 32 bits; `null` when it is no such thing. */
function readMark(text: string): Mark | null {
  const read = readNumber(text);
  if (read === null || read.value > 0xffffffffn) return null;
  const value = Number(read.value);
  if (read.end === text.length) return { value, mask: FULL };
  if (text[read.end] !== "/") return null;
  const mask = readNumber(text, read.end + 1);
  if (mask === null || mask.value > 0xffffffffn || mask.end !== text.length) return null;
  return { value, mask: Number(mask.value) };
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

const EXPECTED = { expected: "a 32-bit number or value/mask" };

/** `--mark 0x4000/0x4000` */
export const mark: Codec<Mark> = {
  name: "mark",
  parse(text) {
    const value = readMark(text);
    return value === null ? EXPECTED : { value };
  },
  print: ({ value, mask }) => (mask === FULL ? hex(value) : `${hex(value)}/${hex(mask)}`),
  say: ({ value, mask }) => (mask === FULL ? hex(value) : `${hex(value)} under mask ${hex(mask)}`),
  accepts: acceptsMark,
};

/** Clear the bits of `mask`, then flip those of `value`: `--set-xmark 0x4000/0x4000`. */
function markChange(name: string, change: (given: Mark) => Mark, masked: boolean): Codec<Mark> {
  return {
    name,
    parse(text) {
      const given = readMark(text);
      if (given === null || (!masked && text.includes("/"))) return masked ? EXPECTED : { expected: "a 32-bit number" };
      return { value: change(given) };
    },
    print: ({ value, mask }) => `${hex(value)}/${hex(mask)}`,
    say: sayChange,
    accepts: masked ? acceptsMark : (bytes, start, end) => acceptsHex(bytes, start, end) === end,
  };
}

/** The same change has several spellings; this names the plainest one. */
function sayChange({ value, mask }: Mark): string {
  if (mask === FULL) return `becomes ${hex(value)}`;
  if (mask === 0) return `has the bits ${hex(value)} flipped`;
  if (value === mask) return `gets the bits ${hex(value)} set`;
  if (value === 0) return `loses the bits ${hex(mask)}`;
  return `loses the bits ${hex(mask)}, then has the bits ${hex(value)} flipped`;
}

/** `value/mask` with the mask always shown. */
export const fullMark = markChange("mark-change", (given) => given, true);
export const setMark = markChange("set-mark", ({ value, mask }) => ({ value, mask: (value | mask) >>> 0 }), true);
export const andMark = markChange("and-mark", ({ value }) => ({ value: 0, mask: ~value >>> 0 }), false);
export const orMark = markChange("or-mark", ({ value }) => ({ value, mask: value }), false);
export const xorMark = markChange("xor-mark", ({ value }) => ({ value, mask: 0 }), false);

function acceptsMark(bytes: Uint8Array, start: number, end: number): boolean {
  const slash = acceptsHex(bytes, start, end);
  if (slash === end) return true;
  return slash > 0 && bytes[slash] === 47 && acceptsHex(bytes, slash + 1, end) === end;
}

/** The index behind `0x` and one to eight hexadecimal digits; -1 when there are none. */
function acceptsHex(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 3 || bytes[start] !== 48 || bytes[start + 1] !== 120) return -1;
  let at = start + 2;
  while (at < end && isHexDigit(bytes[at] as number)) at++;
  return at > start + 2 && at - start <= 10 ? at : -1;
}

function isHexDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

/** `--realm 0x1/0x2a`; names stand in /etc/iproute2/rt_realms. */
export const realm: Codec<Mark> = {
  name: "realm",
  parse(text) {
    const value = readMark(text);
    if (value !== null) return { value };
    return wholeNumber(text[0] ?? "", 0, 9) === null && text !== ""
      ? { expected: "a realm number, or the name of a realm", needsHost: true }
      : EXPECTED;
  },
  print: mark.print,
};
