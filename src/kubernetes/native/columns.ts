/** Columns of rules and of chains that were put into memory, and the text; places in the text count from its first byte. */

export const NONE = -1;
// kinds of forms; the numbers are those of endpoint-proofs.ts
/** A jump to an endpoint's chain, without and with `--probability`. */
export const LAST = 1;
export const CHANCE = 2;
/** `-s IP/32 -j KUBE-MARK-MASQ` */
export const HAIRPIN = 3;

/** Letters of `KUBE-SEP-`, and of that with its hash. */
export const PREFIX = 9;
export const NAME = 25;

export let text: usize = 0;
let nodes: usize = 0;
let forms: usize = 0;
let chains: usize = 0;
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
export let sep: i32 = 0;
export let markMasq: i32 = 0;

/** Where the next bytes can be put. */
let free: usize = 0;

/** From here on nothing is in memory. */
export function beginRoom(at: usize): void {
  free = at;
}

/** Whether there is room for so many bytes more. */
export function hasRoom(bytes: i32): bool {
  const missing = <i32>((free + 15 + <usize>bytes + 0xffff) >> 16) - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

/** Where so many bytes can be put: at a multiple of 16. */
export function room(bytes: i32): usize {
  if (!hasRoom(bytes)) unreachable();
  const place = (free + 15) & ~15;
  free = place + <usize>bytes;
  return place;
}

/** Behind what the code has of its own. */
export function ownEnd(): usize {
  return __heap_base;
}

export function beginText(at: usize): void {
  text = at;
}
export function beginRules(nodesAt: usize, chainsAt: usize, targetsAt: usize, nextAt: usize, valuesAt: usize): void {
  nodes = nodesAt;
  chains = chainsAt;
  targets = targetsAt;
  nextRules = nextAt;
  values = valuesAt;
}
export function beginForms(formsAt: usize, kindsAt: usize): void {
  forms = formsAt;
  kinds = kindsAt;
}
/** `sepRole`: of endpoints' chains; `markRole`: of KUBE-MARK-MASQ. */
export function beginChains(firstAt: usize, rolesAt: usize, sepRole: i32, markRole: i32): void {
  firstRules = firstAt;
  roles = rolesAt;
  sep = sepRole;
  markMasq = markRole;
}
export function beginNames(startsAt: usize, lengthsAt: usize): void {
  names = startsAt;
  nameLengths = lengthsAt;
}

export function at(column: usize, index: i32): i32 {
  return load<i32>(column + ((<usize>index) << 2));
}
export function put(column: usize, index: i32, value: i32): void {
  store<i32>(column + ((<usize>index) << 2), value);
}

export function chainOf(rule: i32): i32 {
  return at(chains, rule);
}
export function targetOf(rule: i32): i32 {
  return at(targets, rule);
}
export function nextRule(rule: i32): i32 {
  return at(nextRules, rule);
}
/** First byte of the rule's last value. */
export function lastValue(rule: i32): i32 {
  return at(values, rule);
}
export function formOf(rule: i32): i32 {
  return at(forms, at(nodes, rule));
}
export function kindOf(rule: i32): i32 {
  const form = formOf(rule);
  return form < 0 ? 0 : <i32>load<u8>(kinds + <usize>form);
}
export function firstRule(chain: i32): i32 {
  return at(firstRules, chain);
}
export function roleOf(chain: i32): i32 {
  return load<i8>(roles + <usize>chain);
}
/** Where the hash in the chain's name stands, if the name is that long; 0 otherwise. */
export function hashOf(chain: i32): usize {
  return at(nameLengths, chain) === NAME ? text + at(names, chain) + PREFIX : 0;
}

/** Behind a bare word; a blank stands behind the text. */
export function wordEnd(from: usize): usize {
  let place = from;
  while (load<u8>(place) > 32) place++;
  return place;
}

/** Whether the bytes are digits that may be a port other than 0. */
export function isPort(from: usize, to: usize): bool {
  if (from >= to || to - from > 5 || load<u8>(from) === 48) return false;
  for (let place = from; place < to; place++) if (<u32>load<u8>(place) - 48 > 9) return false;
  return true;
}
