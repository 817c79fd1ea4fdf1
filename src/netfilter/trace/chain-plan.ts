import type { Scanner } from "../../../grammar/scanner.ts";
import { CORE, type Shape, type ShapeOption } from "../../../grammar/shape.ts";
import { addressMask } from "../../../grammar/values/address-mask.ts";
import { portRange } from "../../../grammar/values/port.ts";
import type { Packet } from "../packet.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../ruleset.ts";

/** Shorter chains are walked rule by rule. */
const LONG = 48;

/** Rules of a chain in order, and which of them a packet can match at all by its destination. */
export interface ChainPlan {
  readonly rules: Int32Array;
  readonly index: DestinationIndex | null;
}

/** Positions of rules, ascending. A rule stands in one list: that of its destination, else of its port, else `others`. */
interface DestinationIndex {
  readonly byAddress: ReadonlyMap<bigint | number, number[]>;
  readonly byPort: ReadonlyMap<number, number[]>;
  readonly others: readonly number[];
}

/** Plans of the chains of a ruleset, made when first asked for. */
export class ChainPlans {
  readonly #ruleset: Ruleset;
  readonly #plans = new Map<ChainId, ChainPlan>();

  constructor(ruleset: Ruleset) {
    this.#ruleset = ruleset;
  }

  plan(chain: ChainId): ChainPlan {
    const known = this.#plans.get(chain);
    if (known !== undefined) return known;
    const rules = Int32Array.from(this.#ruleset.rulesOf(chain));
    const made = { rules, index: rules.length < LONG ? null : indexOf(this.#ruleset, rules) };
    this.#plans.set(chain, made);
    return made;
  }
}

/** Positions that one of the packets may match, ascending; `null`: all of them. */
export function candidates(plan: ChainPlan, packets: Iterable<Packet>): readonly number[] | null {
  const { index } = plan;
  if (index === null) return null;
  const addresses = new Set<bigint>();
  const ports = new Set<number>();
  for (const { destination, destinationPort } of packets) {
    if (typeof destination !== "bigint") return null;
    addresses.add(destination);
    if (typeof destinationPort === "number") ports.add(destinationPort);
    else if (destinationPort !== null) return null;
  }
  const found = index.others.slice();
  for (const address of addresses)
    for (const position of index.byAddress.get(addressKey(address)) ?? []) found.push(position);
  for (const port of ports) for (const position of index.byPort.get(port) ?? []) found.push(position);
  return found.length === index.others.length ? index.others : found.sort((a, b) => a - b);
}

/** Addresses of IPv4 are looked up as numbers: a big number for each rule is dear. */
const addressKey = (bits: bigint): bigint | number => (bits <= 0xffffffffn ? Number(bits) : bits);

function indexOf(ruleset: Ruleset, rules: Int32Array): DestinationIndex {
  const byAddress = new Map<bigint | number, number[]>();
  const byPort = new Map<number, number[]>();
  const others: number[] = [];
  const plans = new Map<Shape, ShapeWords>();
  const all = ruleset.family === 6 ? (1n << 128n) - 1n : 0xffffffffn;
  for (let position = 0; position < rules.length; position++) {
    const rule = rules[position] as RuleId;
    const shape = ruleset.shape(rule);
    let words = plans.get(shape);
    if (words === undefined) {
      words = wordsOf(shape);
      plans.set(shape, words);
    }
    if (words.destination === NONE && words.port === NONE) {
      others.push(position);
      continue;
    }
    if (words.destination === FIRST_VALUE && ruleset.family === 4) {
      const address = firstAddress(ruleset, rule);
      if (address !== NONE) {
        push(byAddress, address, position);
        continue;
      }
    }
    if (words.destination === NONE && words.port === shape.valueWord) {
      const port = lastPort(ruleset, rule);
      if (port !== NONE) {
        push(byPort, port, position);
        continue;
      }
    }
    const scanner = ruleset.words(rule);
    if (words.destination !== NONE) {
      const read = addressMask.parse(textOf(scanner, words.destination), { family: ruleset.family });
      if ("value" in read && read.value.mask === all) {
        push(byAddress, addressKey(read.value.bits), position);
        continue;
      }
    }
    const port = words.port === NONE ? null : portRange.parse(textOf(scanner, words.port), { family: ruleset.family });
    if (port !== null && "value" in port && port.value.from === port.value.to) push(byPort, port.value.from, position);
    else others.push(position);
  }
  return { byAddress, byPort, others };
}

/** Word number of what follows `-A CHAIN -d`. */
const FIRST_VALUE = 3;

/** The address of a rule that begins with `-A CHAIN -d A.B.C.D/32`, read from its bytes; `NONE` for every other. */
function firstAddress({ store }: Ruleset, rule: RuleId): number {
  const { bytes, ast } = store;
  const chain = store.chainOf(rule);
  const start = ast.offset(store.node(rule));
  let at = start + APPEND.length + store.nameEnd(chain) - store.nameStart(chain);
  if (!standsAt(bytes, start, APPEND) || !standsAt(bytes, at, DESTINATION)) return NONE;
  at += DESTINATION.length;
  let address = 0;
  for (let part = 0; part < 4; part++) {
    let value = 0;
    const first = at;
    for (let digit = (bytes[at] as number) - ZERO; digit >= 0 && digit <= 9; digit = (bytes[at] as number) - ZERO) {
      value = value * 10 + digit;
      at++;
    }
    const isCanonical = at > first && at - first <= 3 && value <= 255 && (bytes[first] !== ZERO || at === first + 1);
    if (!isCanonical || bytes[at] !== (part === 3 ? SLASH : DOT)) return NONE;
    address = address * 256 + value;
    at++;
  }
  return standsAt(bytes, at, WHOLE) ? address : NONE;
}

/** The port that a rule asks for with its last value, read from its bytes; `NONE` where that is no single number. */
function lastPort({ store }: Ruleset, rule: RuleId): number {
  const { bytes } = store;
  const start = store.valueStart(rule);
  if (start === NONE) return NONE;
  let port = 0;
  let at = start;
  for (let digit = (bytes[at] as number) - ZERO; digit >= 0 && digit <= 9 && at < start + 5; ) {
    port = port * 10 + digit;
    digit = (bytes[++at] as number) - ZERO;
  }
  const isCanonical = at > start && bytes[start] !== ZERO && port <= 65535 && at === store.wordEnd(start);
  return isCanonical ? port : NONE;
}

function standsAt(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

const APPEND = "-A ";
const DESTINATION = " -d ";
/** Of `/32`. */
const WHOLE = "32 ";
const ZERO = 48;
const DOT = 46;
const SLASH = 47;

interface ShapeWords {
  readonly destination: number;
  readonly port: number;
}

/** Which words hold the destination and its port, where neither is negated. */
function wordsOf(shape: Shape): ShapeWords {
  const wordOf = (isIt: (option: ShapeOption) => boolean): number => {
    const option = shape.options.find((candidate) => candidate.bangWord < 0 && isIt(candidate));
    return option?.valueWords[0] ?? NONE;
  };
  return {
    destination: wordOf((option) => option.owner === CORE && option.record?.flag === "--destination"),
    port: wordOf((option) => option.owner >= 0 && option.record?.flag === "--dport"),
  };
}

const textOf = (scanner: Scanner, word: number): string =>
  scanner.text(scanner.spans[2 * word] as number, scanner.spans[2 * word + 1] as number);

function push<K>(map: Map<K, number[]>, key: K, position: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [position]);
  else list.push(position);
}
