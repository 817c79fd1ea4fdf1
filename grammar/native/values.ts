import { byteAt, COLON, DOT, isDigit, SLASH } from "./bytes.ts";

/** Types of values that differ from rule to rule; the numbers are those of known-lines.ts. */
const ADDRESS = 1;
const PORT = 2;
const NAT = 3;
const PROBABILITY = 4;
const PORT_LIST = 5;
const MARK = 6;
const RANGE_16 = 7;
const BYTE = 8;
const UINT_16 = 9;
const BURST = 10;

/** multiport takes so many. */
const MOST_PORTS = 15;

/**
 * Whether the bytes are surely a value of the type, as iptables-save prints it; all else is for the codec to judge.
 * @param family - 4 or 6; 0 where the text does not show it
 */
export function isSurely(type: i32, from: i32, to: i32, family: i32): bool {
  switch (type) {
    case ADDRESS:
      return (family !== 6 && isIpv4Prefix(from, to)) || (family !== 4 && isIpv6Prefix(from, to));
    case PORT:
      return from < to && numberEnd(from, to, 65535) === to;
    case NAT:
      return isDestination(from, to, family);
    case PROBABILITY:
      return isProbability(from, to);
    case PORT_LIST:
      return isPortList(from, to);
    case MARK:
      return isMark(from, to);
    case RANGE_16:
      return isRange(from, to, 65535);
    case BYTE:
      return from < to && numberEnd(from, to, 255) === to;
    case UINT_16:
      return from < to && numberEnd(from, to, 65535) === to;
    case BURST:
      return from < to && numberEnd(from, to, 10000) === to;
    default:
      return false;
  }
}

/** Behind a plain decimal number of at most `most`; 0 where there is none. */
function numberEnd(from: i32, to: i32, most: i32): i32 {
  let value = 0;
  let at = from;
  while (at < to && at - from < 6) {
    const code = byteAt(at);
    if (!isDigit(code)) break;
    value = value * 10 + code - 48;
    at++;
  }
  return at === from || value > most || (at > from + 1 && byteAt(from) === 48) ? 0 : at;
}

/** Behind a dotted address; 0 where there is none. */
function ipv4End(from: i32, to: i32): i32 {
  let at = from;
  for (let part = 0; part < 4; part++) {
    if (part > 0) {
      if (at >= to || byteAt(at) !== DOT) return 0;
      at++;
    }
    at = numberEnd(at, to, 255);
    if (at === 0) return 0;
  }
  return at;
}

function isIpv4Prefix(from: i32, to: i32): bool {
  const end = ipv4End(from, to);
  return end !== 0 && isPrefixLength(end, to, 32);
}

/** `/24` or nothing. */
function isPrefixLength(from: i32, to: i32, most: i32): bool {
  return from === to || (byteAt(from) === SLASH && numberEnd(from + 1, to, most) === to);
}

/** Behind hexadecimal groups with `::` at most once; no dotted tail. 0 where there is none. */
function ipv6End(from: i32, to: i32): i32 {
  let at = from;
  let groups = 0;
  let hasGap = false;
  if (to - from > 1 && byteAt(at) === COLON && byteAt(at + 1) === COLON) {
    hasGap = true;
    at += 2;
  }
  for (;;) {
    const first = at;
    while (at < to && isHex(byteAt(at))) at++;
    if (at - first > 4) return 0;
    if (at === first) {
      // nothing behind `::`
      if (!hasGap || byteAt(at - 1) !== COLON || byteAt(at - 2) !== COLON) return 0;
      break;
    }
    groups++;
    if (at >= to || byteAt(at) !== COLON) break;
    at++;
    if (at < to && byteAt(at) === COLON) {
      if (hasGap) return 0;
      hasGap = true;
      at++;
    }
  }
  return (hasGap ? groups <= 7 : groups === 8) ? at : 0;
}

function isIpv6Prefix(from: i32, to: i32): bool {
  const end = ipv6End(from, to);
  return end !== 0 && isPrefixLength(end, to, 128);
}

function isHex(code: i32): bool {
  return isDigit(code) || <u32>((code | 32) - 97) < 6;
}

/** `10.0.0.1:80`, `[fd00::1]:80`: one address, perhaps with one port. */
function isDestination(from: i32, to: i32, family: i32): bool {
  let end: i32 = 0;
  if (from < to && byteAt(from) === 91) {
    if (family === 4) return false;
    end = ipv6End(from + 1, to);
    if (end === 0 || end >= to || byteAt(end) !== 93) return false;
    end++;
    if (end === to) return false;
  } else {
    if (family === 6) return false;
    end = ipv4End(from, to);
    if (end === 0) return false;
    if (end === to) return true;
  }
  return byteAt(end) === COLON && end + 1 < to && byteAt(end + 1) !== 48 && numberEnd(end + 1, to, 65535) === to;
}

/** `0.33333333349` */
function isProbability(from: i32, to: i32): bool {
  if (to - from < 3 || to - from > 32 || byteAt(from) !== 48 || byteAt(from + 1) !== DOT) return false;
  for (let at = from + 2; at < to; at++) if (!isDigit(byteAt(at))) return false;
  return true;
}

/** `80,443`; ranges are for the codec. */
function isPortList(from: i32, to: i32): bool {
  let at = from;
  for (let count = 1; count <= MOST_PORTS; count++) {
    at = numberEnd(at, to, 65535);
    if (at === 0) return false;
    if (at === to) return true;
    if (byteAt(at) !== 44) return false;
    at++;
  }
  return false;
}

/** `0x4000`, `0x4000/0xc000` */
function isMark(from: i32, to: i32): bool {
  const end = hexEnd(from, to);
  if (end === 0 || end === to) return end === to;
  return byteAt(end) === SLASH && hexEnd(end + 1, to) === to;
}

/** Behind `0x` and at most eight digits; 0 where there are none. */
function hexEnd(from: i32, to: i32): i32 {
  if (to - from < 3 || byteAt(from) !== 48 || byteAt(from + 1) !== 120) return 0;
  let at = from + 2;
  while (at < to && isHex(byteAt(at))) at++;
  return at > from + 2 && at - from <= 10 ? at : 0;
}

/** `3`, `3:4` */
function isRange(from: i32, to: i32, most: i32): bool {
  const end = numberEnd(from, to, most);
  if (end === 0 || end === to) return end === to && from < to;
  return byteAt(end) === COLON && numberEnd(end + 1, to, most) === to && isAtMost(from, end, end + 1, to);
}

/** Whether one number, its digits given, is no larger than another. */
function isAtMost(from: i32, to: i32, otherFrom: i32, otherTo: i32): bool {
  if (to - from !== otherTo - otherFrom) return to - from < otherTo - otherFrom;
  for (let k = 0; k < to - from; k++) {
    const digit = byteAt(from + k);
    const other = byteAt(otherFrom + k);
    if (digit !== other) return digit < other;
  }
  return true;
}
