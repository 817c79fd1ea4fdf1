/** Service ports that are like one that was judged rule by rule: the same rules but for name, addresses and ports. */

import {
  at,
  chainOf,
  firstRule,
  formOf,
  hashOf,
  lastValue,
  markMasq,
  NONE,
  nextRule,
  put,
  roleOf,
  room,
  targetOf,
  text,
} from "./columns.ts";
import { addDestination, portAt } from "./destinations.ts";
import { areNamed, isSound, owner } from "./endpoints.ts";
import { addressEnd, addressStart, FORM, fits, isSame, nameEnd, nameStart, portEnd, portStart } from "./forms.ts";
import { addName, beginNameSet, clearNameSet } from "./names.ts";
import { beginHashes, expectLetters, firstOther, isFull, LANES, nextMessage } from "./sha256.ts";
import { areEqual, begins, isHost, isName, quadAt } from "./texts.ts";

/** A model is so many integers; the places are those of model-of.ts. */
const MODEL = 56;
const MOST_MODELS = 8;
/** Longer ones leave no room for protocol and address. */
const LONGEST_NAME: usize = 300;
const models = memory.data(MODEL * 4 * MOST_MODELS);
/** Forms of rules: for the cluster IP, for the NodePort, of the mark for each, and of what counts packets to 127.0.0.0/8. */
const CLUSTER = 0;
const NODE = FORM * 4;
const MARK = 2 * FORM * 4;
const NODE_MARK = 3 * FORM * 4;
const COUNTER = 4 * FORM * 4;
/** Forms of the two rules of KUBE-EXT. */
const EXT_MARK = 5 * FORM;
const EXT_JUMP = EXT_MARK + 1;
/** 1: the mark for the cluster IP stands before the rule that leads on, 0: in KUBE-SVC. */
const IS_MARK_OUTSIDE = EXT_MARK + 2;
const DNAT = EXT_MARK + 3;
/** Where the protocol stands, and its length. */
const PROTOCOL = EXT_MARK + 4;
const PROTOCOL_LENGTH = EXT_MARK + 5;

/** A Service port is so many integers: KUBE-SVC, KUBE-EXT, two rules that lead to them; what was found out; what stands before those rules. */
const PORT = 15;
const SVC = 0;
const EXT = 1;
const FIRST_WAY = 2;
const SECOND_WAY = 3;
const NAME_START = 4;
const NAME_END = 5;
/** The model that it is like. */
const LIKE = 6;
const ADDRESS_START = 7;
const ADDRESS_END = 8;
const JUMP = 9;
const JUMPS = 10;
/** Whether hashes prove the names of its endpoints: 0, nobody has looked. */
const NAMED = 11;
const FIRST_MARK = 12;
const SECOND_MARK = 13;
const BEFORE_SECOND = 14;
const YES = 1;
const NO = 2;

let modelCount: i32 = 0;
let ports: usize = 0;
let portCount: i32 = 0;
/** By chain: 1 for those of proven Service ports. */
let sound: usize = 0;

/** Room for so many Service ports; where the first one is put. */
export function beginPorts(count: i32, chainCount: i32): usize {
  portCount = count;
  ports = room(count * PORT * 4);
  sound = room(chainCount);
  memory.fill(sound, 0, chainCount);
  beginNameSet(count * 2);
  modelCount = 0;
  return ports;
}

export function soundAt(): usize {
  return sound;
}

/** Where another model is put; 0: there are enough of them. */
export function nextModel(): usize {
  return modelCount === MOST_MODELS ? 0 : modelAt(modelCount);
}

/** Keeps the model that was put there if the Service port is like it. */
export function keepModel(port: i32): bool {
  modelCount++;
  beginSuspense();
  if (at(placeOf(port), LIKE) !== NONE || (suspend(port) && settle() === NONE)) return true;
  modelCount--;
  return false;
}

/** The first Service port from `from` on that is like no model. Those before it are proven. */
export function prove(from: i32): i32 {
  beginSuspense();
  for (let port = from; port < portCount; port++) {
    if (at(placeOf(port), LIKE) !== NONE) continue;
    const isLast = !suspend(port);
    if (!isLast && !isFull()) continue;
    const other = settle();
    if (other !== NONE) return other;
    if (isLast) return port;
  }
  const other = settle();
  return other === NONE ? portCount : other;
}

/** Looks at the names of the endpoints of all that are like a model, from a Service port on. */
export function proveNames(from: i32): void {
  for (let each = from; each < portCount; each++) {
    const port = placeOf(each);
    if (at(port, LIKE) !== NONE && at(port, NAMED) === 0) put(port, NAMED, areNamesProven(port) ? YES : NO);
  }
}

/** The first Service port from `from` on that is like no model; their number where there is none, as below. */
export function nextUnproven(from: i32): i32 {
  let port = from;
  while (port < portCount && at(placeOf(port), LIKE) !== NONE) port++;
  return port;
}

/** The first proven one from `from` on that has a NodePort outside of the range. */
export function nextNodePortOutside(from: i32, low: i32, high: i32): i32 {
  for (let port = from; port < portCount; port++) {
    const way = at(placeOf(port), SECOND_WAY);
    if (at(placeOf(port), LIKE) === NONE || way === NONE) continue;
    const nodePort = portAt(text + lastValue(way));
    if (nodePort < low || nodePort > high) return port;
  }
  return portCount;
}

/** The first proven one from `from` on whose cluster IP is an IPv4 address of the network, or not written as iptables writes one. */
export function nextAddress(from: i32, network: u32, mask: u32): i32 {
  for (let port = from; port < portCount; port++) {
    if (at(placeOf(port), LIKE) === NONE) continue;
    const address = quadAt(text + at(placeOf(port), ADDRESS_START));
    if (address < 0 || (<u32>address & mask) === network) return port;
  }
  return portCount;
}

/** The first proven one from `from` on whose name begins with the bytes before `end`. */
export function nextName(from: i32, start: usize, end: usize): i32 {
  for (let port = from; port < portCount; port++) {
    if (at(placeOf(port), LIKE) === NONE) continue;
    if (begins(text + at(placeOf(port), NAME_START), text + at(placeOf(port), NAME_END), start, end)) return port;
  }
  return portCount;
}

/** Of Services and Service ports that are proven, how many have different names; a colon at the end of a name means nothing. */
let serviceNames: i32 = 0;
let portNames: i32 = 0;
export function serviceNameCount(): i32 {
  return serviceNames;
}
export function portNameCount(): i32 {
  return portNames;
}

/** Takes the names of all that are proven into the set: of Services as kind 0, of Service ports as that of their protocol. */
export function gatherNames(): void {
  clearNameSet();
  serviceNames = portNames = 0;
  for (let port = 0; port < portCount; port++) {
    const place = placeOf(port);
    if (at(place, LIKE) === NONE) continue;
    const start = text + at(place, NAME_START);
    let end = text + at(place, NAME_END);
    let colon = start;
    while (colon < end && load<u8>(colon) !== 58) colon++;
    if (colon === end - 1) end = colon;
    if (addName(start, colon, 0)) serviceNames++;
    if (addName(start, end, at(modelAt(at(place, LIKE)), DNAT))) portNames++;
  }
}

function placeOf(port: i32): usize {
  return ports + <usize>port * PORT * 4;
}

function modelAt(number: i32): usize {
  return models + <usize>number * MODEL * 4;
}

function areNamesProven(port: usize): bool {
  const name = text + at(port, NAME_START);
  const length = putOwner(owner, name, text + at(port, NAME_END) - name, modelAt(at(port, LIKE)));
  const jump = at(port, JUMP);
  if (!areNamed(jump, length)) return false;
  setSound(at(port, SVC), at(port, EXT), jump);
  return true;
}

/** Service ports that are like a model but for the hashes in their names, which are yet to be compared, and the numbers of the models. */
const suspended = memory.data(LANES * 4);
const likeness = memory.data(LANES * 4);
let suspendedCount: i32 = 0;

function beginSuspense(): void {
  beginHashes();
  suspendedCount = 0;
}

/** Leaves it to `settle` to prove the Service port; false for one that is like no model. */
function suspend(port: i32): bool {
  const place = placeOf(port);
  if (at(place, SVC) === NONE) return false;
  for (let each = 0; each < modelCount; each++) {
    if (!isLike(place, modelAt(each))) continue;
    put(suspended, suspendedCount, port);
    put(likeness, suspendedCount++, each);
    return true;
  }
  return false;
}

/** Proves those that wait, up to the first one whose name is no hash of its own: that one, or -1. */
function settle(): i32 {
  const count = suspendedCount;
  suspendedCount = 0;
  const right = min(firstOther(), count);
  for (let k = 0; k < right; k++) keep(placeOf(at(suspended, k)), at(likeness, k));
  return right < count ? at(suspended, right) : NONE;
}

function keep(port: usize, number: i32): void {
  const dnat = at(modelAt(number), DNAT);
  const way = text + lastValue(at(port, FIRST_WAY));
  put(port, LIKE, number);
  addDestination(text + at(port, ADDRESS_START), text + at(port, ADDRESS_END), portAt(way), dnat);
  if (at(port, SECOND_WAY) === NONE) return;
  const nodeWay = text + lastValue(at(port, SECOND_WAY));
  addDestination(nodeWay, nodeWay, portAt(nodeWay), dnat);
}

function isLike(port: usize, model: usize): bool {
  const svc = at(port, SVC);
  const ext = at(port, EXT);
  const way = at(port, FIRST_WAY);
  const nodeWay = at(port, SECOND_WAY);
  const cluster = model + CLUSTER;
  const node = model + NODE;
  if ((at(model, EXT_MARK) === NONE) !== (ext === NONE) || (at(node, 0) === NONE) !== (nodeWay === NONE)) return false;
  if (targetOf(way) !== svc || chainOf(way) !== at(cluster, 1) || !fits(way, cluster, true)) return false;
  const name = nameStart;
  const length = nameEnd - nameStart;
  const address = addressStart;
  const addressLength = addressEnd - addressStart;
  const number = portStart;
  const numberEnd = portEnd;
  if (!isName(name, name + length) || !isHost(address, addressEnd)) return false;

  if (nodeWay !== NONE) {
    const target = ext === NONE ? svc : ext;
    if (targetOf(nodeWay) !== target || chainOf(nodeWay) !== at(node, 1) || !fits(nodeWay, node, false)) return false;
    if (!isSame(name, length, nameStart, nameEnd)) return false;
    const from = portStart;
    const to = portEnd;
    const nodeMark = at(port, SECOND_MARK);
    const counter = at(port, BEFORE_SECOND);
    if ((nodeMark === NONE) !== (at(model + NODE_MARK, 0) === NONE)) return false;
    if ((counter === NONE) !== (at(model + COUNTER, 0) === NONE)) return false;
    if (nodeMark !== NONE && !isMarkFor(nodeMark, model + NODE_MARK, false, name, length, from, to)) return false;
    if (counter !== NONE && targetOf(counter) !== target) return false;
    if (counter !== NONE && !isTwin(counter, model + COUNTER, false, name, length, from, to)) return false;
  }

  let jump = firstRule(svc);
  const isOutside = at(model, IS_MARK_OUTSIDE) === 1;
  if (isOutside !== (at(port, FIRST_MARK) !== NONE)) return false;
  if (at(model + MARK, 0) !== NONE) {
    const mark = isOutside ? at(port, FIRST_MARK) : jump;
    if (!isMarkFor(mark, model + MARK, true, name, length, number, numberEnd)) return false;
    if (!isSame(address, addressLength, addressStart, addressEnd)) return false;
    if (!isOutside) jump = nextRule(jump);
  }
  if (ext !== NONE && !isExternal(ext, svc, model)) return false;
  const count = isSound(jump, at(model, DNAT));
  if (count === 0 || !mayBeOwn(svc, ext, name, length, model)) return false;

  put(port, NAME_START, <i32>(name - text));
  put(port, NAME_END, <i32>(name + length - text));
  put(port, ADDRESS_START, <i32>(address - text));
  put(port, ADDRESS_END, <i32>(address + addressLength - text));
  put(port, JUMP, jump);
  put(port, JUMPS, count);
  return true;
}

/** The mark, then the jump to KUBE-SVC, nothing else. */
function isExternal(ext: i32, svc: i32, model: usize): bool {
  const mark = firstRule(ext);
  const jump = mark === NONE ? NONE : nextRule(mark);
  if (jump === NONE || nextRule(jump) !== NONE) return false;
  if (formOf(mark) !== at(model, EXT_MARK) || formOf(jump) !== at(model, EXT_JUMP)) return false;
  return isMark(mark) && targetOf(jump) === svc;
}

/** Whether the rule is a mark of the form and has that name and port. */
function isMarkFor(
  rule: i32,
  form: usize,
  hasAddress: bool,
  name: usize,
  length: usize,
  port: usize,
  end: usize,
): bool {
  return rule !== NONE && isMark(rule) && isTwin(rule, form, hasAddress, name, length, port, end);
}

/** Whether the rule is of the form and has that name and port. */
function isTwin(rule: i32, form: usize, hasAddress: bool, name: usize, length: usize, port: usize, end: usize): bool {
  if (!fits(rule, form, hasAddress)) return false;
  return isSame(name, length, nameStart, nameEnd) && isSame(port, end - port, portStart, portEnd);
}

function isMark(rule: i32): bool {
  const target = targetOf(rule);
  return target !== NONE && roleOf(target) === markMasq;
}

/** Whether its own chains have the same hash in their names: of name and protocol, if `firstOther` says so. */
function mayBeOwn(svc: i32, ext: i32, name: usize, length: usize, model: usize): bool {
  const letters = hashOf(svc);
  if (length > LONGEST_NAME || letters === 0) return false;
  if (ext !== NONE && (hashOf(ext) === 0 || !areEqual(hashOf(ext), letters, 16))) return false;
  expectLetters(putOwner(nextMessage(), name, length, model), letters);
  return true;
}

/** Puts name and protocol there; their length. */
function putOwner(place: usize, name: usize, length: usize, model: usize): i32 {
  const protocolLength = at(model, PROTOCOL_LENGTH);
  memory.copy(place, name, length);
  memory.copy(place + length, text + at(model, PROTOCOL), protocolLength);
  return <i32>length + protocolLength;
}

function setSound(svc: i32, ext: i32, jump: i32): void {
  store<u8>(sound + svc, 1);
  if (ext !== NONE) store<u8>(sound + ext, 1);
  for (let each = jump; each !== NONE; each = nextRule(each)) store<u8>(sound + targetOf(each), 1);
}
