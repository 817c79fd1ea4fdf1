import type { Mentions } from "../../../grammar/mentions.ts";
import { NONE, type RuleId } from "../ruleset.ts";
import { hashUnder, hasValuesOf, NO_HASH, takesTexts } from "./compare.ts";
import { Dimension, hashOfText, mix } from "./condition-plan.ts";
import type { Conditions } from "./conditions.ts";
import type { Ports } from "./ports.ts";

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
  /** What it asks for, to be kept. */
  read(rule: RuleId): Conditions;
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
  /** The rule that was looked for last, the hash of its values and their slot: it is often added next. */
  #asked: RuleId = NONE;
  #hash = NO_HASH;
  #slot = 0;

  constructor(sample: Conditions, reader: Reader) {
    this.#reader = reader;
    this.#sample = sample;
    this.mentioned = sample.required;
    this.dimensions = sample.dimensions;
    this.hash = hashOfForm(sample);
    const [other] = sample.others;
    this.other = other === undefined ? 0 : hashOfText(other);
    this.#ports = asksForSeveral(sample) ? [] : null;
  }

  /** Whether a rule has the same dimensions and widths, and equal states and texts. */
  isOf(conditions: Conditions): boolean {
    return isSameForm(conditions, this.#sample);
  }

  add(rule: RuleId, conditions: Conditions, position: number): void {
    this.#ask(rule, conditions);
    if (this.#hash === NO_HASH) return;
    const [hash, slot] = [this.#hash, this.#slot];
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
    this.#ask(rule, conditions);
    let entry = this.#hash === NO_HASH ? NONE : (this.#slots[this.#slot] as number) - 1;
    if (entry < 0 || !takesTexts(this.#sample, conditions)) return NONE;
    for (let k = 0; entry >= 0 && k < MOST_EQUAL; entry = (this.#entries[entry * ENTRY + NEXT] as number) - 1, k++) {
      const position = this.#entries[entry * ENTRY + POSITION] as number;
      if (position < 0 ? -position <= after.changed : position <= after.rewritten) continue;
      const ports = this.#ports?.[entry];
      if (ports !== undefined && !this.#takes(ports, conditions)) continue;
      return this.#entries[entry * ENTRY + RULE] as RuleId;
    }
    return NONE;
  }

  #ask(rule: RuleId, conditions: Conditions): void {
    if (this.#asked === rule) return;
    this.#asked = rule;
    this.#hash = hashUnder(conditions, this.#sample);
    if (this.#hash !== NO_HASH) this.#slot = this.#slotOf(this.#hash, rule, conditions);
  }

  #takes({ source, destination }: { source: Ports; destination: Ports }, conditions: Conditions): boolean {
    const asks = (dimension: Dimension): boolean => (this.dimensions & dimension) !== 0;
    return (
      (!asks(Dimension.sourcePorts) || source.takes(conditions.sourcePorts)) &&
      (!asks(Dimension.destinationPorts) || destination.takes(conditions.destinationPorts))
    );
  }

  /** Of the entries with the values of `conditions`, or an empty one. */
  #slotOf(hash: number, rule: RuleId, conditions: Conditions): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] as number) - 1;
      if (entry < 0) return slot;
      if (this.#entries[entry * ENTRY + HASH] !== hash) continue;
      if (this.#reader.isCopy(this.#entries[entry * ENTRY + RULE] as RuleId, rule)) return slot;
      if (hasValuesOf(conditions, this.#conditionsOf(entry), this.#sample)) return slot;
    }
  }

  /** Hashes are equal mostly because values are: what was read once is kept. */
  #conditionsOf(entry: number): Conditions {
    const known = this.#conditions.get(entry);
    if (known !== undefined) return known;
    const read = this.#reader.read(this.#entries[entry * ENTRY + RULE] as RuleId);
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
    this.#ports?.push({ source: asked.sourcePorts.copy(), destination: asked.destinationPorts.copy() });
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

/** Of which dimensions a rule uses and how widely, without the values themselves. */
export function hashOfForm(conditions: Conditions): number {
  const { dimensions, source, destination, inInterface, outInterface, sourcePorts, destinationPorts } = conditions;
  const asks = (dimension: Dimension): boolean => (dimensions & dimension) !== 0;
  let hash = mix(17, dimensions);
  if (asks(Dimension.source)) hash = mix(hash, source.width);
  if (asks(Dimension.destination)) hash = mix(hash, destination.width);
  if (asks(Dimension.inInterface)) hash = mix(hash, inInterface.width);
  if (asks(Dimension.outInterface)) hash = mix(hash, outInterface.width);
  if (asks(Dimension.sourcePorts)) hash = mix(hash, Number(sourcePorts.single < 0));
  if (asks(Dimension.destinationPorts)) hash = mix(hash, Number(destinationPorts.single < 0));
  if (asks(Dimension.states)) hash = mix(hash, conditions.states);
  return asks(Dimension.others) ? mix(hash, conditions.othersHash) : hash;
}

function isSameForm(a: Conditions, b: Conditions): boolean {
  const { dimensions } = a;
  if (dimensions !== b.dimensions) return false;
  const asks = (dimension: Dimension): boolean => (dimensions & dimension) !== 0;
  return (
    (!asks(Dimension.source) || a.source.isAsWideAs(b.source)) &&
    (!asks(Dimension.destination) || a.destination.isAsWideAs(b.destination)) &&
    (!asks(Dimension.inInterface) || a.inInterface.width === b.inInterface.width) &&
    (!asks(Dimension.outInterface) || a.outInterface.width === b.outInterface.width) &&
    (!asks(Dimension.sourcePorts) || isSameWidth(a.sourcePorts, b.sourcePorts)) &&
    (!asks(Dimension.destinationPorts) || isSameWidth(a.destinationPorts, b.destinationPorts)) &&
    (!asks(Dimension.states) || a.states === b.states) &&
    (!asks(Dimension.others) || (a.othersHash === b.othersHash && areSameTexts(a.others, b.others)))
  );
}

const isSameWidth = (a: Ports, b: Ports): boolean => a.single < 0 === b.single < 0;

const areSameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, k) => text === b[k]);

const asksForSeveral = ({ dimensions, sourcePorts, destinationPorts }: Conditions): boolean =>
  ((dimensions & Dimension.sourcePorts) !== 0 && sourcePorts.single < 0) ||
  ((dimensions & Dimension.destinationPorts) !== 0 && destinationPorts.single < 0);
