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
  readonly byAddress: ReadonlyMap<bigint, number[]>;
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
  for (const address of addresses) for (const position of index.byAddress.get(address) ?? []) found.push(position);
  for (const port of ports) for (const position of index.byPort.get(port) ?? []) found.push(position);
  return found.length === index.others.length ? index.others : found.sort((a, b) => a - b);
}

function indexOf(ruleset: Ruleset, rules: Int32Array): DestinationIndex {
  const byAddress = new Map<bigint, number[]>();
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
    const scanner = ruleset.words(rule);
    if (words.destination !== NONE) {
      const read = addressMask.parse(textOf(scanner, words.destination), { family: ruleset.family });
      if ("value" in read && read.value.mask === all) {
        push(byAddress, read.value.bits, position);
        continue;
      }
    }
    const port = words.port === NONE ? null : portRange.parse(textOf(scanner, words.port), { family: ruleset.family });
    if (port !== null && "value" in port && port.value.from === port.value.to) push(byPort, port.value.from, position);
    else others.push(position);
  }
  return { byAddress, byPort, others };
}

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
