/** Endpoints of one Service port: shares, marks, translations, and names that are hashes. */

import {
  at,
  CHANCE,
  firstRule,
  HAIRPIN,
  hashOf,
  isPort,
  kindOf,
  LAST,
  lastValue,
  markMasq,
  NONE,
  nextRule,
  put,
  roleOf,
  room,
  sep,
  targetOf,
  text,
  wordEnd,
} from "./columns.ts";
import { beginHashes, expectLetters, firstOther, isFull, LANES, MOST_BYTES, nextMessage } from "./sha256.ts";

/** Half a unit of the tenth decimal, in which kube-proxy writes, and half of the grid; as in balance.ts. */
const TEN_DIGITS: f64 = 5.5e-10;
const UNIT: f64 = 2147483648.0;
/** `0.` and as many digits as a double holds. */
const MOST_EXACT: usize = 17;
/** ` random --probability ` */
const BEFORE_SHARE: StaticArray<u8> = [
  32, 114, 97, 110, 100, 111, 109, 32, 45, 45, 112, 114, 111, 98, 97, 98, 105, 108, 105, 116, 121, 32,
];

/** By chain: the last Service port that led to it, where its address begins and ends. */
let leaders: usize = 0;
let starts: usize = 0;
let ends: usize = 0;
let leader: i32 = 0;

export function beginEndpoints(chainCount: i32): void {
  leaders = room(chainCount * 4);
  memory.fill(leaders, 0, chainCount * 4);
  starts = room(chainCount * 4);
  ends = room(chainCount * 4);
}

/** Where the owner of endpoints is put, name and protocol: the beginning of what their names are the hashes of. */
export const owner = memory.data(MOST_BYTES);

/**
 * Whether the names of the endpoints' chains to which the rules of a sound chain lead from `rule` on are the hashes of the owner and of
 * where they send. False: perhaps.
 * @param length - of the owner
 */
export function areNamed(rule: i32, length: i32): bool {
  beginHashes();
  for (let each = rule; each !== NONE; each = nextRule(each)) {
    const chain = targetOf(each);
    const start = at(starts, chain);
    const bytes = at(ends, chain) - start;
    const letters = hashOf(chain);
    if (letters === 0 || length + bytes > MOST_BYTES) return false;
    const message = nextMessage();
    memory.copy(message, owner, length);
    memory.copy(message + length, text + start, bytes);
    expectLetters(length + bytes, letters);
    if (isFull() && firstOther() !== LANES) return false;
  }
  return firstOther() === LANES;
}

/**
 * If all rules of a chain from `rule` on lead to endpoints' chains, each to another one, with the shares of kube-proxy; and each of
 * those has the mark and the translation, both for one address, and nothing else: how many there are. 0: perhaps it is so.
 * @param dnat - kind of the forms that translate packets of the Service port's protocol
 */
export function isSound(rule: i32, dnat: i32): i32 {
  let count = 0;
  for (let each = rule; each !== NONE; each = nextRule(each)) count++;
  leader++;
  for (let each = rule, left = count; each !== NONE; each = nextRule(each), left--) {
    const kind = kindOf(each);
    if (left === 1 ? kind !== LAST : kind !== CHANCE || !isShare(lastValue(each), left)) return 0;
    const chain = targetOf(each);
    if (chain === NONE || roleOf(chain) !== sep || at(leaders, chain) === leader) return 0;
    put(leaders, chain, leader);
    if (!isEndpoint(chain, dnat)) return 0;
  }
  return count;
}

/** Whether the probability that begins there is that of the first of so many jumps, `--mode random` before it. */
function isShare(start: i32, count: i32): bool {
  if (start < BEFORE_SHARE.length) return false;
  const from = text + start;
  for (let k = 1; k <= BEFORE_SHARE.length; k++)
    if (load<u8>(from - k) !== unchecked(BEFORE_SHARE[BEFORE_SHARE.length - k])) return false;
  const to = wordEnd(from);
  if (to - from < 3 || to - from > MOST_EXACT || load<u8>(from) !== 48 || load<u8>(from, 1) !== 46) return false;
  let digits: f64 = 0;
  let unit: f64 = 1;
  for (let place = from + 2; place < to; place++) {
    const digit = <u32>load<u8>(place) - 48;
    if (digit > 9) return false;
    digits = digits * 10 + digit;
    unit *= 10;
  }
  const part = Math.floor((digits / unit) * UNIT + 0.5) / UNIT;
  return Math.abs(part - 1.0 / <f64>count) <= TEN_DIGITS;
}

function isEndpoint(chain: i32, dnat: i32): bool {
  const mark = firstRule(chain);
  const last = mark === NONE ? NONE : nextRule(mark);
  if (last === NONE || nextRule(last) !== NONE || kindOf(mark) !== HAIRPIN || kindOf(last) !== dnat) return false;
  const target = targetOf(mark);
  const source = lastValue(mark);
  const start = lastValue(last);
  if (target === NONE || roleOf(target) !== markMasq || source === NONE || start === NONE) return false;
  const end = <i32>(wordEnd(text + start) - text);
  put(starts, chain, start);
  put(ends, chain, end);
  return isOfHost(text + source, text + start, text + end);
}

/** Whether `IP/32` (`IP/128`) and `IP:port` (`[IP]:port`) are of one address. */
function isOfHost(source: usize, address: usize, end: usize): bool {
  const isBracketed = load<u8>(address) === 91;
  let from = source;
  let to = isBracketed ? address + 1 : address;
  while (to < end && load<u8>(from) === load<u8>(to) && load<u8>(from) !== 47) {
    from++;
    to++;
  }
  if (from === source || load<u8>(from) !== 47) return false;
  const length = wordEnd(from) - from;
  if (isBracketed) {
    if (length !== 4 || load<u8>(from, 1) !== 49 || load<u8>(from, 2) !== 50 || load<u8>(from, 3) !== 56) return false;
    if (to >= end || load<u8>(to++) !== 93) return false;
  } else if (length !== 3 || load<u8>(from, 1) !== 51 || load<u8>(from, 2) !== 50) return false;
  return to < end && load<u8>(to) === 58 && isPort(to + 1, end);
}
