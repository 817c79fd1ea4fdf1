/** A number that was read and the index behind it. */
export interface ReadNumber {
  readonly value: bigint;
  readonly end: number;
}

const LARGEST = (1n << 64n) - 1n;

/**
 * Reads as strtoumax(3) with base 0 does: leading blanks, `+`, `0x` for hexadecimal, a leading `0` for octal.
 * `null` where no number begins, at a minus, and above 64 bits (xtables_strtoul in iptables' libxtables/xtables.c).
 */
export function readNumber(text: string, start = 0): ReadNumber | null {
  let at = start;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  if (text[at] === "+") at++;
  let radix = 10;
  if (text[at] === "0") {
    const hexadecimal = (text[at + 1] === "x" || text[at + 1] === "X") && digit(text.charCodeAt(at + 2)) < 16;
    radix = hexadecimal ? 16 : 8;
    if (hexadecimal) at += 2;
  }
  let end = at;
  while (end < text.length && digit(text.charCodeAt(end)) < radix) end++;
  if (end === at) return null;
  const digits = text.slice(at, end);
  if (digits.length > 64) return null;
  const value = BigInt(radix === 10 ? digits : `${radix === 16 ? "0x" : "0o"}${digits}`);
  return value > LARGEST ? null : { value, end };
}

/** The whole text as a number from `min` to `max`, or `null`. */
export function wholeNumber(text: string, min: number, max: number): number | null {
  const plain = plainDecimal(text);
  if (plain >= 0) return plain >= min && plain <= max ? plain : null;
  const read = readNumber(text);
  if (read === null || read.end !== text.length) return null;
  const value = Number(read.value);
  return value >= min && value <= max ? value : null;
}

/** The value of at most fifteen decimal digits without a leading zero; -1 for any other text. */
function plainDecimal(text: string): number {
  const { length } = text;
  if (length === 0 || length > 15 || (length > 1 && text.charCodeAt(0) === 48)) return -1;
  let value = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at) - 48;
    if (code < 0 || code > 9) return -1;
    value = value * 10 + code;
  }
  return value;
}

/** The number that bytes are as at most nine decimal digits without a leading zero; -1 for everything else. */
export function decimalAt(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 1 || length > 9 || (length > 1 && bytes[start] === 48)) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  if (code >= 65 && code <= 70) return code - 55;
  return 99;
}
