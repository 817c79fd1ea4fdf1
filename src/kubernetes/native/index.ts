// What is compiled to WebAssembly: it looks at the endpoints of one Service port after the other. endpoint-proofs.ts has its other half.

import { hash, isSpelledAt, MOST_BYTES, message } from "./sha256.ts";

const letters = memory.data(16);

const NONE = -1;
// kinds of forms; the numbers are those of endpoint-proofs.ts
/** A jump to an endpoint's chain, without and with `--probability`. */
const LAST = 1;
const CHANCE = 2;
/** `-s IP/32 -j KUBE-MARK-MASQ` */
const HAIRPIN = 3;

/** Half a unit of the tenth decimal, in which kube-proxy writes, and half of the grid; as in balance.ts. */
const TEN_DIGITS: f64 = 5.5e-10;
const UNIT: f64 = 2147483648.0;
/** `0.` and as many digits as a double holds. */
const MOST_EXACT: usize = 17;
/** Letters of `KUBE-SEP-`, and of that with its hash. */
const PREFIX = 9;
const NAME = 25;

/** ` random --probability ` */
const BEFORE_SHARE: StaticArray<u8> = [
  32, 114, 97, 110, 100, 111, 109, 32, 45, 45, 112, 114, 111, 98, 97, 98, 105, 108, 105, 116, 121, 32,
];

// columns that were put into memory, by rule and by chain; the text
let text: usize = 0;
let nodes: usize = 0;
let forms: usize = 0;
let targets: usize = 0;
let nextRules: usize = 0;
let values: usize = 0;
let firstRules: usize = 0;
let roles: usize = 0;
/** By chain: where its name stands, and its length. */
let names: usize = 0;
let nameLengths: usize = 0;
/** Kind by form. */
let kinds: usize = 0;
/** By chain: the last Service port that led to it, where its address begins and ends. */
let leaders: usize = 0;
let starts: usize = 0;
let ends: usize = 0;
let sep: i32 = 0;
let markMasq: i32 = 0;
let leader: i32 = 0;

/** Where so many bytes can be put. */
export function room(bytes: i32): usize {
  return heap.alloc(bytes);
}

export function beginText(at: usize): void {
  text = at;
}
export function beginRules(nodesAt: usize, targetsAt: usize, nextAt: usize, valuesAt: usize): void {
  nodes = nodesAt;
  targets = targetsAt;
  nextRules = nextAt;
  values = valuesAt;
}
export function beginForms(formsAt: usize, kindsAt: usize): void {
  forms = formsAt;
  kinds = kindsAt;
}

/** `sepRole`: of endpoints' chains; `markRole`: of KUBE-MARK-MASQ. */
export function beginChains(count: i32, firstAt: usize, rolesAt: usize, sepRole: i32, markRole: i32): void {
  firstRules = firstAt;
  roles = rolesAt;
  sep = sepRole;
  markMasq = markRole;
  leaders = heap.alloc(count * 4);
  memory.fill(leaders, 0, count * 4);
  starts = heap.alloc(count * 4);
  ends = heap.alloc(count * 4);
}

export function beginNames(startsAt: usize, lengthsAt: usize): void {
  names = startsAt;
  nameLengths = lengthsAt;
}

/** Where the owner of endpoints is put, name and protocol: the beginning of what their names are the hashes of. */
export function ownerAt(): usize {
  return message;
}

/** Where sixteen letters are put of which `isSpelled` asks. */
export function lettersAt(): usize {
  return letters;
}

/** Whether the letters are the first ones of the hash of a message of so many bytes, which was put where the owner is put. */
export function isSpelled(length: i32): bool {
  hash(length);
  return isSpelledAt(letters);
}

/**
 * Whether the names of the endpoints' chains to which the rules of a sound chain lead from `rule` on are the hashes of the owner and of
 * where they send. False: perhaps.
 * @param length - of the owner
 */
export function areNamed(rule: i32, length: i32): bool {
  for (let each = rule; each !== NONE; each = at(nextRules, each)) {
    const chain = at(targets, each);
    const start = at(starts, chain);
    const bytes = at(ends, chain) - start;
    if (at(nameLengths, chain) !== NAME || length + bytes > MOST_BYTES) return false;
    for (let k = 0; k < bytes; k++) store<u8>(message + length + k, load<u8>(text + start + k));
    hash(length + bytes);
    if (!isSpelledAt(text + at(names, chain) + PREFIX)) return false;
  }
  return true;
}

/**
 * Whether all rules of a chain from `rule` on lead to endpoints' chains, each to another one, with the shares of kube-proxy; and each of
 * those has the mark and the translation, both for one address, and nothing else. False: perhaps.
 * @param dnat - kind of the forms that translate packets of the Service port's protocol
 */
export function isSound(rule: i32, dnat: i32): bool {
  let count = 0;
  for (let each = rule; each !== NONE; each = at(nextRules, each)) count++;
  if (count === 0) return false;
  leader++;
  for (let each = rule, left = count; each !== NONE; each = at(nextRules, each), left--) {
    const kind = kindOf(each);
    if (left === 1 ? kind !== LAST : kind !== CHANCE || !isShare(at(values, each), left)) return false;
    const chain = at(targets, each);
    if (chain === NONE || roleOf(chain) !== sep || at(leaders, chain) === leader) return false;
    store<i32>(leaders + ((<usize>chain) << 2), leader);
    if (!isEndpoint(chain, dnat)) return false;
  }
  return true;
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
  const mark = at(firstRules, chain);
  const last = mark === NONE ? NONE : at(nextRules, mark);
  if (last === NONE || at(nextRules, last) !== NONE || kindOf(mark) !== HAIRPIN || kindOf(last) !== dnat) return false;
  const target = at(targets, mark);
  const source = at(values, mark);
  const start = at(values, last);
  if (target === NONE || roleOf(target) !== markMasq || source === NONE || start === NONE) return false;
  const end = <i32>(wordEnd(text + start) - text);
  store<i32>(starts + ((<usize>chain) << 2), start);
  store<i32>(ends + ((<usize>chain) << 2), end);
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

/** Digits that may be a port other than 0. */
function isPort(from: usize, to: usize): bool {
  if (from >= to || to - from > 5 || load<u8>(from) === 48) return false;
  for (let place = from; place < to; place++) if (<u32>load<u8>(place) - 48 > 9) return false;
  return true;
}

/** Behind a bare word; a blank stands behind the text. */
function wordEnd(from: usize): usize {
  let place = from;
  while (load<u8>(place) > 32) place++;
  return place;
}

function at(column: usize, index: i32): i32 {
  return load<i32>(column + ((<usize>index) << 2));
}

function roleOf(chain: i32): i32 {
  return load<i8>(roles + <usize>chain);
}

function kindOf(rule: i32): i32 {
  const form = at(forms, at(nodes, rule));
  return form < 0 ? 0 : <i32>load<u8>(kinds + <usize>form);
}
