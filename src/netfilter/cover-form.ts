import type { Mentions } from "../../grammar/mentions.ts";
import type { InterfacePattern } from "../../grammar/values/types.ts";
import { hashUnder, hasValuesOf, isSingle, NO_HASH, type Ports, takesPorts, takesTexts } from "./cover-compare.ts";
import type { Conditions } from "./cover-conditions.ts";
import { Dimension, hashOfText, mix } from "./cover-plan.ts";
import type { Network } from "./network.ts";
import { NONE, type RuleId } from "./ruleset.ts";

/** Rules with equal values, for instance ranges of ports that differ: so many are looked at one by one. */
const MOST_EQUAL = 64;
/**
 * Integers of an entry: hash, rule, position (below 0 where a rule between may change what it asks for), the next entry with equal
 * values; of the first of these the last one, and how many they are.
 */
const ENTRY = 6;
const HASH = 0;
const RULE = 1;
const POSITION = 2;
const NEXT = 3;
const LAST = 4;
const COUNT = 5;

/** Positions in the chain of the last rule that changed what rules ask for, and of one that changed even addresses and states. */
export interface Changes {
  readonly changed: number;
  readonly rewritten: number;
}

/** Reads what a rule asks for. */
export interface Reader {
  /** Conditions that hold, though other rules are read. */
  read(rule: RuleId): Conditions;
  /** Those that hold until another rule is read. */
  peek(rule: RuleId): Conditions;
  /** Whether their lines are the same. */
  isCopy(rule: RuleId, other: RuleId): boolean;
}

/** Earlier rules with the same dimensions, widths, states and texts, found by the values that they ask for. A few integers each. */
export class CoverForm {
  readonly #reader: Reader;
  /** The first of them. */
  readonly #sample: Conditions;
  /** What a rule mentions that one of them covers. */
  readonly mentioned: Mentions;
  readonly dimensions: number;
  /** Of the first of what else they ask for; 0: of nothing. */
  readonly other: number;
  /** Of what they have in common. */
  readonly hash: number;
  /** Places of entries by hashes of their values, from 1; 0: none. */
  #slots = new Int32Array(16);
  #entries = new Int32Array(4 * ENTRY);
  #count = 0;
  /** By entry, where ports are more than one. */
  readonly #ports: { readonly source: Ports; readonly destination: Ports }[] | null;
  /** By the first of several entries, those that were compared with another rule. */
  readonly #conditions = new Map<number, Conditions>();

  constructor(sample: Conditions, reader: Reader) {
    this.#reader = reader;
    this.#sample = sample;
    this.mentioned = sample.required;
    this.dimensions = dimensionsOf(sample);
    this.hash = hashOfForm(sample);
    const [other] = sample.others;
    this.other = other === undefined ? 0 : hashOfText(other);
    this.#ports = widthOfPorts(sample.sourcePorts) === 2 || widthOfPorts(sample.destinationPorts) === 2 ? [] : null;
  }

  /** Whether a rule has the same dimensions and widths, and equal states and texts. */
  isOf(conditions: Conditions): boolean {
    return isSameForm(conditions, this.#sample);
  }

  add(rule: RuleId, conditions: Conditions, position: number): void {
    const hash = hashUnder(conditions, this.#sample);
    if (hash === NO_HASH) return;
    const slot = this.#slotOf(hash, rule, conditions);
    const first = (this.#slots[slot] as number) - 1;
    const { changeable } = conditions;
    if (first < 0) {
      this.#slots[slot] = this.#push(hash, rule, position, conditions) + 1;
      if (this.#count * 2 > this.#slots.length) this.#grow();
      return;
    }
    const count = this.#entries[first * ENTRY + COUNT] as number;
    if (count >= MOST_EQUAL && !changeable) return;
    const made = this.#push(hash, rule, position, conditions);
    // what was asked for most lately is the least likely to be changed since
    const [head, tail] = changeable ? [made, first] : [first, made];
    const last = changeable ? made : (this.#entries[first * ENTRY + LAST] as number);
    this.#entries[last * ENTRY + NEXT] = tail + 1;
    this.#entries[head * ENTRY + LAST] = changeable ? (this.#entries[first * ENTRY + LAST] as number) : made;
    this.#entries[head * ENTRY + COUNT] = count + 1;
    this.#slots[slot] = head + 1;
  }

  /**
   * The first of them that takes all that a rule asks for, `NONE` without one.
   * @param after - a change of what it asks for stands there: it has to come later
   */
  find(rule: RuleId, conditions: Conditions, after: Changes): RuleId {
    const hash = hashUnder(conditions, this.#sample);
    if (hash === NO_HASH || this.#count === 0) return NONE;
    let entry = (this.#slots[this.#slotOf(hash, rule, conditions)] as number) - 1;
    if (entry < 0 || !takesTexts(this.#sample, conditions)) return NONE;
    for (let k = 0; entry >= 0 && k < MOST_EQUAL; entry = (this.#entries[entry * ENTRY + NEXT] as number) - 1, k++) {
      const position = this.#entries[entry * ENTRY + POSITION] as number;
      if (position < 0 ? -position <= after.changed : position <= after.rewritten) continue;
      const ports = this.#ports?.[entry];
      if (ports !== undefined && !takesPorts(ports.source, conditions.sourcePorts)) continue;
      if (ports !== undefined && !takesPorts(ports.destination, conditions.destinationPorts)) continue;
      return this.#entries[entry * ENTRY + RULE] as RuleId;
    }
    return NONE;
  }

  /** Of the entries with the values of `conditions`, or an empty one. */
  #slotOf(hash: number, rule: RuleId, conditions: Conditions): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] as number) - 1;
      if (entry < 0) return slot;
      if (this.#entries[entry * ENTRY + HASH] !== hash) continue;
      if (this.#reader.isCopy(this.#entries[entry * ENTRY + RULE] as RuleId, rule)) return slot;
      if (hasValuesOf(conditions, this.#conditionsOf(entry, rule), this.#sample)) return slot;
    }
  }

  /** Hashes are equal mostly because values are: what was read once is kept. */
  #conditionsOf(entry: number, rule: RuleId): Conditions {
    const known = this.#conditions.get(entry);
    if (known !== undefined) return known;
    const read = this.#reader.read(this.#entries[entry * ENTRY + RULE] as RuleId);
    // the rule at hand was read before, and is to be read again
    this.#reader.peek(rule);
    this.#conditions.set(entry, read);
    return read;
  }

  #push(hash: number, rule: RuleId, position: number, asked: Conditions): number {
    const made = this.#count++;
    const at = made * ENTRY;
    if (at === this.#entries.length) {
      const more = new Int32Array(at * 2);
      more.set(this.#entries);
      this.#entries = more;
    }
    this.#entries[at + HASH] = hash;
    this.#entries[at + RULE] = rule;
    this.#entries[at + POSITION] = asked.changeable ? -position : position;
    this.#entries[at + LAST] = made;
    this.#entries[at + COUNT] = 1;
    this.#ports?.push({ source: asked.sourcePorts, destination: asked.destinationPorts });
    return made;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 4);
    const mask = slots.length - 1;
    for (let k = 0; k < old.length; k++) {
      const entry = old[k] as number;
      if (entry === 0) continue;
      let slot = (this.#entries[(entry - 1) * ENTRY + HASH] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}

const dimensionsOf = (asked: Conditions): number =>
  (asked.source === null ? 0 : Dimension.source) |
  (asked.destination === null ? 0 : Dimension.destination) |
  (asked.inInterface === null ? 0 : Dimension.inInterface) |
  (asked.outInterface === null ? 0 : Dimension.outInterface) |
  (asked.protocol === null ? 0 : Dimension.protocol) |
  (asked.sourcePorts === null ? 0 : Dimension.sourcePorts) |
  (asked.destinationPorts === null ? 0 : Dimension.destinationPorts) |
  (asked.states === null ? 0 : Dimension.states);

/** Of which dimensions a rule uses and how widely, without the values themselves. */
export function hashOfForm(conditions: Conditions): number {
  const { source, destination, inInterface, outInterface, protocol, sourcePorts, destinationPorts } = conditions;
  let hash = mix(source?.width ?? 255, destination?.width ?? 255);
  hash = mix(mix(hash, widthOfName(inInterface)), widthOfName(outInterface));
  hash = mix(mix(hash, widthOfPorts(sourcePorts)), widthOfPorts(destinationPorts));
  hash = mix(hash, protocol === null ? 0 : 1);
  for (const state of conditions.states ?? NOTHING) hash = mix(hash, hashOfText(state));
  return mix(hash, conditions.othersHash);
}

function isSameForm(a: Conditions, b: Conditions): boolean {
  return (
    a.othersHash === b.othersHash &&
    isSameWidth(a.source, b.source) &&
    isSameWidth(a.destination, b.destination) &&
    widthOfName(a.inInterface) === widthOfName(b.inInterface) &&
    widthOfName(a.outInterface) === widthOfName(b.outInterface) &&
    (a.protocol === null) === (b.protocol === null) &&
    widthOfPorts(a.sourcePorts) === widthOfPorts(b.sourcePorts) &&
    widthOfPorts(a.destinationPorts) === widthOfPorts(b.destinationPorts) &&
    (a.states === null) === (b.states === null) &&
    areSameTexts(a.states ?? NOTHING, b.states ?? NOTHING) &&
    (a.othersHash === 0 || areSameTexts(a.others, b.others))
  );
}

const isSameWidth = (a: Network | null, b: Network | null): boolean =>
  a === null || b === null ? a === b : a.isAsWideAs(b);

const NOTHING: readonly string[] = [];

const areSameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, k) => text === b[k]);

/** -2: anything; -1: one name; else the letters in front of `+`. */
const widthOfName = (pattern: InterfacePattern | null): number =>
  pattern === null ? -2 : pattern.wildcard ? pattern.name.length : NONE;

const widthOfPorts = (ports: Ports): number => (ports === null ? 0 : isSingle(ports) ? 1 : 2);
