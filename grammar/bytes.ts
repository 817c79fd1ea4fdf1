/** Bytes as a string of the same length: char code = byte. (`TextDecoder("latin1")` would be windows-1252.) */
export function byteString(bytes: Uint8Array, start: number, end: number): string {
  // beyond the bytes it throws
  if (latin1Slice !== undefined && start >= 0 && start <= end && end <= bytes.length)
    return latin1Slice.call(bytes, start, end);
  if (end - start > LONGEST_WORD) return longString(bytes, start, end);
  let text = "";
  let i = start;
  // eight characters a call: half the time of one a call, and of String.fromCharCode.apply on a view
  for (; i + 8 <= end; i += 8)
    text += char(
      at(bytes, i),
      at(bytes, i + 1),
      at(bytes, i + 2),
      at(bytes, i + 3),
      at(bytes, i + 4),
      at(bytes, i + 5),
      at(bytes, i + 6),
      at(bytes, i + 7),
    );
  for (; i < end; i++) text += char(at(bytes, i));
  return text;
}

// the types of Node are not there, and browsers have no such thing
declare const Buffer: { readonly prototype: { readonly latin1Slice?: Latin1Slice } } | undefined;
type Latin1Slice = (this: Uint8Array, start: number, end: number) => string;

/** Node has what takes half the time, and a third of that of a loop that is not optimised yet. */
const latin1Slice = typeof Buffer === "undefined" ? undefined : Buffer.prototype.latin1Slice;

const LONGEST_WORD = 64;
const CHUNK = 8192;
const char = String.fromCharCode;
const at = (bytes: Uint8Array, i: number): number => bytes[i] as number;

function longString(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i += CHUNK)
    text += char.apply(null, bytes.subarray(i, Math.min(i + CHUNK, end)) as unknown as number[]);
  return text;
}

/** The bytes of a byte string. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A JavaScript string as a byte string in UTF-8: the form in which names from outside meet names of a dump. */
export function utf8ByteString(text: string): string {
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    if (code < 0x80) out += char;
    else if (code < 0x800) out += String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000)
      out += String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else
      out += String.fromCharCode(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 63),
        0x80 | ((code >> 6) & 63),
        0x80 | (code & 63),
      );
  }
  return out;
}

/** What a byte string shows: UTF-8, each byte that is none as U+FFFD. Control characters are left to the reports. */
export function displayText(text: string): string {
  if (!NON_ASCII.test(text)) return text;
  let out = "";
  for (let i = 0; i < text.length; ) {
    const length = utf8Length(text, i);
    out += length === 0 ? "\uFFFD" : length === 1 ? text[i] : String.fromCodePoint(codePoint(text, i, length));
    i += length === 0 ? 1 : length;
  }
  return out;
}

/** Number of code points that `displayText` would show. */
export function displayLength(text: string): number {
  if (!NON_ASCII.test(text)) return text.length;
  let count = 0;
  for (let i = 0; i < text.length; count++) i += utf8Length(text, i) || 1;
  return count;
}

const NON_ASCII = /[\x80-\xff]/;

/** Bytes of the well-formed UTF-8 sequence at `i`, 0 where there is none (RFC 3629, table 3-7 of Unicode). */
function utf8Length(text: string, i: number): number {
  const first = text.charCodeAt(i);
  if (first < 0x80) return 1;
  const length =
    first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (length === 0 || i + length > text.length) return 0;
  const second = text.charCodeAt(i + 1);
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let k = 2; k < length; k++) if ((text.charCodeAt(i + k) & 0xc0) !== 0x80) return 0;
  return length;
}

function codePoint(text: string, i: number, length: number): number {
  let code = text.charCodeAt(i) & (0xff >> (length + 1));
  for (let k = 1; k < length; k++) code = (code << 6) | (text.charCodeAt(i + k) & 63);
  return code;
}
