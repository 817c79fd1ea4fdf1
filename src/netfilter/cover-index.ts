import type { Mentions } from "../../grammar/mentions.ts";
import type { InterfacePattern, NumberRange } from "../../grammar/values/types.ts";
import type { Conditions } from "./cover-conditions.ts";
import { Dimension, hashOfText, mix } from "./cover-plan.ts";
import type { Network } from "./network.ts";
import { NONE, type RuleId } from "./ruleset.ts";

/** Sets of dimensions beyond this many are not looked at: a dump of random rules shall not make this quadratic. */
const MOST_FORMS = 64;
/** Port ranges that differ for otherwise equal rules, looked at one by one. */
const MOST_RANGES = 64;

type Ports = readonly NumberRange[] | null;

interface Entry {
  readonly rule: RuleId;
  readonly position: number;
  readonly conditions: Conditions;
}

/** Rules with equal values, and others with the same hash. */
interface Bucket {
  readonly entries: Entry[];
  readonly other: Bucket | undefined;
}

/** Rules with the same dimensions and widths: by a hash of the values they ask for. */
interface Form {
  readonly sample: Conditions;
  /** Of the first of what else they ask for; 0: of nothing. */
  readonly other: number;
  readonly buckets: Map<number, Bucket>;
}

/** Earlier rules of a chain after which no packet comes back, by what they ask for. */
export class CoverIndex {
  /** By hashes of what rules of a form have in common. */
  readonly #byHash = new Map<number, Form[]>();
  readonly #forms: Form[] = [];
  /** Of each form: what a rule mentions that it covers, and the dimensions that it asks for. */
  readonly #mentioned = new Int32Array(MOST_FORMS);
  readonly #dimensions = new Int32Array(MOST_FORMS);
  /** What all forms require. */
  #required: Mentions = ~0;
  #changed = 0;
  #rewritten = 0;

  changedAt(position: number, rewrites: boolean): void {
    this.#changed = position;
    if (rewrites) this.#rewritten = position;
  }

  /** @param conditions - they need not hold beyond the call */
  add(rule: RuleId, conditions: Conditions, position: number): void {
    const form = this.#formOf(conditions);
    const hash = form === null ? NO_HASH : hashUnder(conditions, form.sample);
    if (form === null || hash === NO_HASH) return;
    const bucket = bucketOf(form, hash, conditions);
    const isFull = bucket !== undefined && bucket.entries.length >= MOST_RANGES;
    if (isFull && !conditions.changeable) return;
    const entry = { rule, position, conditions: conditions.keep() };
    if (bucket === undefined) {
      form.buckets.set(hash, { entries: [entry], other: form.buckets.get(hash) });
      return;
    }
    const { entries } = bucket;
    if (conditions.changeable) entries.unshift(entry);
    else entries.push(entry);
    if (entries.length > MOST_RANGES) entries.length = MOST_RANGES;
  }

  /** Rules with the same dimensions and widths; `null` where there are too many others. */
  #formOf(conditions: Conditions): Form | null {
    const hash = hashOfForm(conditions);
    const alike = this.#byHash.get(hash);
    const known = alike?.find(({ sample }) => isSameForm(conditions, sample));
    if (known !== undefined) return known;
    const count = this.#forms.length;
    if (count >= MOST_FORMS) return null;
    const form = formOf(conditions.keep());
    if (alike === undefined) this.#byHash.set(hash, [form]);
    else alike.push(form);
    this.#mentioned[count] = conditions.required;
    this.#dimensions[count] = dimensionsOf(conditions);
    this.#forms.push(form);
    this.#required &= conditions.required;
    return form;
  }

  /** Whether a rule that mentions this may be covered. */
  mayCover(mentions: Mentions): boolean {
    return this.#forms.length > 0 && (this.#required & ~mentions) === 0;
  }

  /** The rule that takes all packets that `conditions`, which mention this, ask for. */
  find(conditions: Conditions, mentions: Mentions): RuleId {
    const { dimensions } = conditions;
    const { length } = this.#forms;
    for (let k = 0; k < length; k++) {
      if (((this.#mentioned[k] as number) & ~mentions) !== 0) continue;
      if (((this.#dimensions[k] as number) & ~dimensions) !== 0) continue;
      const form = this.#forms[k] as Form;
      if (form.other !== 0 && !conditions.mayHold(form.other)) continue;
      const found = this.#findIn(form, conditions);
      if (found !== NONE) return found;
    }
    return NONE;
  }

  #findIn(form: Form, conditions: Conditions): RuleId {
    const hash = hashUnder(conditions, form.sample);
    const entries = hash === NO_HASH ? undefined : bucketOf(form, hash, conditions)?.entries;
    if (entries === undefined) return NONE;
    for (let k = 0; k < entries.length; k++) {
      const { rule, position, conditions: outer } = entries[k] as Entry;
      if (position > (outer.changeable ? this.#changed : this.#rewritten) && takesRest(outer, conditions)) return rule;
    }
    return NONE;
  }
}

function formOf(sample: Conditions): Form {
  const [other] = sample.others;
  return { sample, other: other === undefined ? 0 : hashOfText(other), buckets: new Map() };
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

/** The rules of the form whose values are those of `conditions`. */
function bucketOf({ sample, buckets }: Form, hash: number, conditions: Conditions): Bucket | undefined {
  let bucket = buckets.get(hash);
  while (bucket !== undefined && !hasValuesOf(conditions, (bucket.entries[0] as Entry).conditions, sample))
    bucket = bucket.other;
  return bucket;
}

/** Of which dimensions a rule uses and how widely, without the values themselves. */
function hashOfForm(conditions: Conditions): number {
  const { source, destination, inInterface, outInterface, protocol, sourcePorts, destinationPorts } = conditions;
  let hash = mix(source?.width ?? 255, destination?.width ?? 255);
  hash = mix(mix(hash, widthOfName(inInterface)), widthOfName(outInterface));
  hash = mix(mix(hash, widthOfPorts(sourcePorts)), widthOfPorts(destinationPorts));
  hash = mix(hash, protocol === null ? 0 : 1);
  for (const state of conditions.states ?? NOTHING) hash = mix(hash, hashOfText(state));
  for (const other of conditions.others) hash = mix(hash, hashOfText(other));
  return hash;
}

function isSameForm(a: Conditions, b: Conditions): boolean {
  return (
    isSameWidth(a.source, b.source) &&
    isSameWidth(a.destination, b.destination) &&
    widthOfName(a.inInterface) === widthOfName(b.inInterface) &&
    widthOfName(a.outInterface) === widthOfName(b.outInterface) &&
    (a.protocol === null) === (b.protocol === null) &&
    widthOfPorts(a.sourcePorts) === widthOfPorts(b.sourcePorts) &&
    widthOfPorts(a.destinationPorts) === widthOfPorts(b.destinationPorts) &&
    (a.states === null) === (b.states === null) &&
    areSameTexts(a.states ?? NOTHING, b.states ?? NOTHING) &&
    areSameTexts(a.others, b.others)
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

const isSingle = (ports: readonly NumberRange[]): boolean => ports.length === 1 && ports[0]?.from === ports[0]?.to;

const NO_HASH = -1;

/** Of the values of `mine` in the dimensions and widths of `wanted`, not negative; -1 where it asks for less than that. */
function hashUnder(mine: Conditions, wanted: Conditions): number {
  let hash = 17;
  if (wanted.protocol !== null) {
    if (mine.protocol === null) return NO_HASH;
    hash = hashed(hash, mine.protocol);
  }
  if (wanted.inInterface !== null) hash = hashedName(hash, mine.inInterface, wanted.inInterface);
  if (wanted.outInterface !== null) hash = hashedName(hash, mine.outInterface, wanted.outInterface);
  if (wanted.sourcePorts !== null) hash = hashedPort(hash, mine.sourcePorts, wanted.sourcePorts);
  if (wanted.destinationPorts !== null) hash = hashedPort(hash, mine.destinationPorts, wanted.destinationPorts);
  if (wanted.source !== null) hash = hashedAddress(hash, mine.source, wanted.source);
  if (wanted.destination !== null) hash = hashedAddress(hash, mine.destination, wanted.destination);
  return hash;
}

const hashed = (hash: number, value: number): number => mix(hash, value) & 0x7fffffff;

function hashedName(hash: number, mine: InterfacePattern | null, wanted: InterfacePattern): number {
  if (hash < 0 || mine === null || (mine.wildcard && !wanted.wildcard)) return NO_HASH;
  const length = wanted.wildcard ? wanted.name.length : mine.name.length;
  if (mine.name.length < length) return NO_HASH;
  let all = hash;
  for (let k = 0; k < length; k++) all = hashed(all, mine.name.charCodeAt(k));
  return all;
}

function hashedPort(hash: number, mine: readonly NumberRange[] | null, wanted: readonly NumberRange[]): number {
  if (hash < 0 || mine === null) return NO_HASH;
  if (!isSingle(wanted)) return hash;
  return isSingle(mine) ? hashed(hash, (mine[0] as NumberRange).from) : NO_HASH;
}

function hashedAddress(hash: number, mine: Network | null, wanted: Network): number {
  return hash < 0 || mine === null || !mine.isAsNarrowAs(wanted) ? NO_HASH : hashed(hash, mine.hashUnder(wanted));
}

/** Whether two rules that both ask for what `wanted` does ask for the same values of that. */
function hasValuesOf(a: Conditions, b: Conditions, wanted: Conditions): boolean {
  return (
    (wanted.protocol === null || a.protocol === b.protocol) &&
    (wanted.inInterface === null || isSameName(a.inInterface, b.inInterface, wanted.inInterface)) &&
    (wanted.outInterface === null || isSameName(a.outInterface, b.outInterface, wanted.outInterface)) &&
    (wanted.sourcePorts === null || isSamePort(a.sourcePorts, b.sourcePorts, wanted.sourcePorts)) &&
    (wanted.destinationPorts === null || isSamePort(a.destinationPorts, b.destinationPorts, wanted.destinationPorts)) &&
    (wanted.source === null || isSameAddress(a.source, b.source, wanted.source)) &&
    (wanted.destination === null || isSameAddress(a.destination, b.destination, wanted.destination))
  );
}

const isSameName = (a: InterfacePattern | null, b: InterfacePattern | null, { name, wildcard }: InterfacePattern) =>
  a !== null &&
  b !== null &&
  (wildcard ? a.name.slice(0, name.length) === b.name.slice(0, name.length) : a.name === b.name);

const isSamePort = (a: Ports, b: Ports, wanted: readonly NumberRange[]) =>
  !isSingle(wanted) || a?.[0]?.from === b?.[0]?.from;

const isSameAddress = (a: Network | null, b: Network | null, wanted: Network) =>
  a !== null && b !== null && a.equalsUnder(wanted, b);

/** Whether every packet that `inner` asks for is one that `outer` asks for. */
export const covers = (outer: Conditions, inner: Conditions): boolean =>
  hashUnder(inner, outer) !== NO_HASH && hasValuesOf(inner, outer, outer) && takesRest(outer, inner);

/** The same of two rules with equal values in the dimensions that have one. */
function takesRest(outer: Conditions, inner: Conditions): boolean {
  if (!takesPorts(outer.sourcePorts, inner.sourcePorts)) return false;
  if (!takesPorts(outer.destinationPorts, inner.destinationPorts)) return false;
  const { states } = outer;
  if (states !== null && !(inner.states?.every((state) => states.includes(state)) ?? false)) return false;
  // what else the inner one asks for is read only where it matters
  return outer.others.length === 0 || isSubset(outer.others, inner.others);
}

function takesPorts(wide: Ports, narrow: Ports): boolean {
  if (wide === null) return true;
  if (narrow === null) return false;
  for (let k = 0; k < narrow.length; k++) if (!isTaken(narrow[k] as NumberRange, wide)) return false;
  return true;
}

function isTaken({ from, to }: NumberRange, wide: readonly NumberRange[]): boolean {
  for (let k = 0; k < wide.length; k++) {
    const range = wide[k] as NumberRange;
    if (range.from <= from && to <= range.to) return true;
  }
  return false;
}

/** Of sorted texts. */
function isSubset(part: readonly string[], whole: readonly string[]): boolean {
  let k = 0;
  for (const text of part) {
    while (k < whole.length && (whole[k] as string) < text) k++;
    if (whole[k] !== text) return false;
  }
  return true;
}
