import { NONE } from "../../netfilter/ruleset.ts";

export const SPACE = 32;
export const QUOTE = 34;
const BACKSLASH = 92;
const DELETE = 127;

/** Whether the bytes from `start` to `end` stand at `other`, too. */
export function isCopy(bytes: Uint8Array, start: number, end: number, other: number): boolean {
  for (let i = end - start - 1; i >= 0; i--) if (bytes[start + i] !== bytes[other + i]) return false;
  return true;
}

/** Whether the text, ASCII alone, stands at `start`. */
export function isTextAt(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Back from `end` over printable letters other than blanks, quotes and backslashes. */
export function bareStart(bytes: Uint8Array, end: number): number {
  let at = end;
  while (at > 0) {
    const byte = bytes[at - 1] as number;
    if (byte <= SPACE || byte >= DELETE || byte === QUOTE || byte === BACKSLASH) break;
    at--;
  }
  return at;
}

/** Where the name begins that ends at `end` and begins a quoted word; `NONE` where no such name stands there. */
export function nameStartBefore(bytes: Uint8Array, end: number): number {
  const start = bareStart(bytes, end);
  return start < end && bytes[start - 1] === QUOTE && bytes[start - 2] === SPACE ? start : NONE;
}
