import type { Scanner } from "../../grammar/scanner.ts";
import { CORE, type Shape, type ShapeOption, TARGET } from "../../grammar/shape.ts";
import { addressMask } from "../../grammar/values/address-mask.ts";
import { interfacePattern } from "../../grammar/values/interface.ts";
import { portRange } from "../../grammar/values/port.ts";
import { portList } from "../../grammar/values/port-list.ts";
import { protocol } from "../../grammar/values/protocol.ts";
import type { AddressMask, InterfacePattern, NumberRange } from "../../grammar/values/types.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";

/** What a rule asks of a packet, dimension by dimension; `null`: anything. All that fits no dimension is in `others`. */
export interface Conditions {
  readonly source: AddressMask | null;
  readonly destination: AddressMask | null;
  readonly inInterface: InterfacePattern | null;
  readonly outInterface: InterfacePattern | null;
  readonly protocol: number | null;
  readonly sourcePorts: readonly NumberRange[] | null;
  readonly destinationPorts: readonly NumberRange[] | null;
  /** Connection states, sorted. */
  readonly states: readonly string[] | null;
  /** In the rule's own words, sorted. */
  readonly others: readonly string[];
  /** Asks for something that a rule in between may change: the mark, a set. */
  readonly changeable: boolean;
  /** Does not always give the same answer for the same packet: a rate, a random choice. */
  readonly fickle: boolean;
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/** Which dimension an option of a shape belongs to, and the words that say it. */
interface Slot {
  readonly dimension: keyof Conditions;
  readonly words: readonly number[];
  readonly negated: boolean;
  /** `-m mark --mark`, for what is compared as text. */
  readonly label: string;
}

/** Slots of a shape and what is the same for all rules of it. */
export interface ConditionPlan {
  readonly slots: readonly Slot[];
  readonly changeable: boolean;
  readonly fickle: boolean;
}

const CHANGEABLE: ReadonlySet<string> = new Set([
  "mark",
  "connmark",
  "connlabel",
  "set",
  "tos",
  "dscp",
  "ecn",
  "ttl",
  "hl",
]);
const FICKLE: ReadonlySet<string> = new Set([
  "limit",
  "hashlimit",
  "connlimit",
  "quota",
  "statistic",
  "recent",
  "rateest",
  "cpu",
]);
const WITHOUT_CONDITION: ReadonlySet<string> = new Set(["comment", "nfacct"]);
const PORT_MATCHES: ReadonlySet<string> = new Set(["tcp", "udp", "sctp", "dccp"]);

export function conditionPlan(shape: Shape): ConditionPlan {
  const slots: Slot[] = [];
  let changeable = false;
  let fickle = false;
  for (const match of shape.matches) {
    const name = match.record?.name ?? match.name ?? "";
    if (CHANGEABLE.has(name)) changeable = true;
    if (FICKLE.has(name) || match.record === null) fickle = true;
  }
  for (const option of shape.options) {
    if (option.owner === TARGET) continue;
    const match = option.owner === CORE ? undefined : shape.matches[option.owner];
    const name = match === undefined ? "" : (match.record?.name ?? match.name ?? "?");
    if (WITHOUT_CONDITION.has(name)) continue;
    const flag = option.record?.flag ?? "?";
    if (option.record === null) fickle = true;
    const dimension = dimensionOf(name, flag, option);
    if (dimension === null) continue;
    slots.push({
      dimension,
      words: option.valueWords,
      negated: option.bangWord >= 0,
      label: `${name === "" ? "" : `-m ${name} `}${flag}`,
    });
  }
  return { slots, changeable, fickle };
}

function dimensionOf(match: string, flag: string, option: ShapeOption): keyof Conditions | null {
  if (match === "") {
    if (flag === "--set-counters" || flag === "--jump" || flag === "--goto" || flag === "--match") return null;
    if (option.bangWord >= 0) return "others";
    if (flag === "--source") return "source";
    if (flag === "--destination") return "destination";
    if (flag === "--in-interface") return "inInterface";
    if (flag === "--out-interface") return "outInterface";
    return flag === "--protocol" ? "protocol" : "others";
  }
  if (option.bangWord >= 0) return "others";
  if (PORT_MATCHES.has(match) && flag === "--sport") return "sourcePorts";
  if (PORT_MATCHES.has(match) && flag === "--dport") return "destinationPorts";
  if (match === "multiport" && flag === "--sports") return "sourcePorts";
  if (match === "multiport" && flag === "--dports") return "destinationPorts";
  if ((match === "conntrack" && flag === "--ctstate") || (match === "state" && flag === "--state")) return "states";
  return "others";
}

/** Reads what a rule asks; a value that cannot be read, and a second one for a dimension, is compared as text. */
export function readConditions(plan: ConditionPlan, words: Scanner, family: Family | null): Conditions {
  const conditions: Mutable<Conditions> = {
    source: null,
    destination: null,
    inInterface: null,
    outInterface: null,
    protocol: null,
    sourcePorts: null,
    destinationPorts: null,
    states: null,
    others: [],
    changeable: plan.changeable,
    fickle: plan.fickle,
  };
  const others: string[] = [];
  for (const { dimension, words: numbers, negated, label } of plan.slots) {
    const texts = numbers.map((k) => words.text(words.spans[2 * k] as number, words.spans[2 * k + 1] as number));
    const value =
      dimension === "others" || conditions[dimension] !== null ? null : read(dimension, label, texts[0] ?? "", family);
    if (value === null) others.push(`${negated ? "! " : ""}${label} ${texts.join(" ")}`);
    else if (value !== ANYTHING) (conditions as Record<string, unknown>)[dimension] = value;
  }
  conditions.others = others.sort();
  return conditions;
}

/** A value that asks for nothing: `-s 0.0.0.0/0`, `-i +`, `-p all`. */
const ANYTHING = Symbol("anything");

function read(dimension: keyof Conditions, label: string, text: string, family: Family | null): unknown {
  switch (dimension) {
    case "source":
    case "destination": {
      const value = accepted(addressMask.parse(text, { family }));
      return value !== null && value.mask === 0n ? ANYTHING : value;
    }
    case "inInterface":
    case "outInterface": {
      const value = accepted(interfacePattern.parse(text, { family }));
      return value?.wildcard && value.name === "" ? ANYTHING : value;
    }
    case "protocol": {
      const number = accepted(protocol.parse(text, { family }))?.number ?? null;
      return number === 0 ? ANYTHING : number;
    }
    case "sourcePorts":
    case "destinationPorts": {
      if (label.startsWith("-m multiport")) return accepted(portList.parse(text, { family }));
      const range = accepted(portRange.parse(text, { family }));
      return range === null ? null : [range];
    }
    case "states":
      return text.split(",").sort();
    default:
      return null;
  }
}

function accepted<T>(result: { readonly value: T } | { readonly expected: string }): T | null {
  return "value" in result ? result.value : null;
}
