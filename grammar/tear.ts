import { byteString } from "./bytes.ts";

/** A line that iptables' own warning stood in the middle of. */
export interface Tear {
  /** Where the warning stood: the line's other part has been put here, before the warning. */
  readonly start: number;
  /** Bytes of the warning with its line end. */
  readonly warning: number;
  /** Bytes of the line's other part with its line end. */
  readonly tail: number;
}

const BEGINNING = "# Warning: ";
const HASH = 35;
const LF = 10;
const LONGEST_WARNING = 200;
const WARNING = /^# Warning: [\w-]+ tables present, use [\w-]+ to see them\r?$/;

/**
 * Puts the torn lines of a file together, in place. `iptables-save > dump.txt 2>&1` writes rules in blocks and the warning
 * (nft_check_xt_legacy in iptables/nft-shared.c) as soon as it is due, so that it stands wherever a block ended, in the middle of a
 * rule. The rest of the line changes places with the warning: no byte is lost, and the lines keep their numbers.
 * @param own - gives bytes that may be changed
 */
export function mendTears(bytes: Uint8Array, start: number, end: number, own: () => Uint8Array): Tear[] {
  const tears: Tear[] = [];
  let line = start;
  let seen = start;
  for (let at = bytes.indexOf(HASH, start + 1); at > 0 && at < end; at = bytes.indexOf(HASH, at + 1)) {
    if (!isWarning(bytes, at)) continue;
    const before = bytes.subarray(seen, at).lastIndexOf(LF);
    if (before >= 0) line = seen + before + 1;
    seen = at;
    if (line === at || !"-:*[#C".includes(String.fromCharCode(bytes[line] as number))) continue;
    const length = bytes.subarray(at, Math.min(end, at + LONGEST_WARNING)).indexOf(LF);
    if (length < 0 || !WARNING.test(byteString(bytes, at, at + length))) continue;
    const rest = at + length + 1;
    const next = bytes.indexOf(LF, rest) + 1;
    if (next === 0 || next > end) break;
    const tear = { start: at, warning: rest - at, tail: next - rest };
    const mended = own();
    mended.set(bytes.slice(rest, next), at);
    mended.set(bytes.slice(at, rest), at + tear.tail);
    tears.push(tear);
    at = next - 1;
  }
  return tears;
}

/** The bytes as they were read. */
export function tornAgain(mended: Uint8Array, tears: readonly Tear[]): Uint8Array {
  if (tears.length === 0) return mended;
  const bytes = mended.slice();
  for (const { start, warning, tail } of tears) {
    bytes.set(mended.subarray(start + tail, start + tail + warning), start);
    bytes.set(mended.subarray(start, start + tail), start + warning);
  }
  return bytes;
}

function isWarning(bytes: Uint8Array, at: number): boolean {
  for (let k = 0; k < BEGINNING.length; k++) if (bytes[at + k] !== BEGINNING.charCodeAt(k)) return false;
  return true;
}
