import { CONDITIONS, type Mentions } from "../../grammar/mentions.ts";
import type { AddressMask, InterfacePattern, NumberRange } from "../../grammar/values/types.ts";
import type { Conditions } from "./cover-conditions.ts";
import { NONE, type RuleId } from "./ruleset.ts";

/** Sets of dimensions beyond this many are not looked at: a dump of random rules shall not make this quadratic. */
const MOST_FORMS = 64;
/** Port ranges that differ for otherwise equal rules, looked at one by one. */
const MOST_RANGES = 64;
/** Sets of mentions for which the forms within reach are remembered. */
const MOST_REACHES = 4096;

interface Entry {
  readonly rule: RuleId;
  readonly position: number;
  readonly conditions: Conditions;
}

/** Rules with the same dimensions and widths: by a hash of the values they ask for, those with equal values together. */
interface Form {
  readonly sample: Conditions;
  readonly required: Mentions;
  readonly entries: Map<number, Entry[][]>;
  /** Among all forms. */
  readonly ordinal: number;
}

/** Forms that require the same mentions: those that ask for nothing but dimensions, and the rest by the first of what else they ask for. */
interface FormGroup {
  readonly required: Mentions;
  readonly plain: Form[];
  readonly byOther: Map<string, Form[]>;
  /** The least ordinal of those in `byOther`. */
  firstOther: number;
}

/** Forms that may cover a rule with certain mentions, the first ones first. */
interface Reach {
  readonly plain: readonly Form[];
  readonly others: readonly FormGroup[];
  readonly firstOther: number;
}

/** Earlier rules of a chain after which no packet comes back, by what they ask for. */
export class CoverIndex {
  readonly #names = new Map<string, Form>();
  readonly #groups: FormGroup[] = [];
  readonly #reaches = new Map<Mentions, Reach>();
  /** What all forms require. */
  #required: Mentions = ~0;
  #changed = 0;
  #rewritten = 0;

  changedAt(position: number, rewrites: boolean): void {
    this.#changed = position;
    if (rewrites) this.#rewritten = position;
  }

  add(rule: RuleId, conditions: Conditions, position: number): void {
    const name = formOf(conditions);
    let form = this.#names.get(name);
    if (form === undefined) {
      if (this.#names.size >= MOST_FORMS) return;
      form = { sample: conditions, required: conditions.required, entries: new Map(), ordinal: this.#names.size };
      this.#names.set(name, form);
      this.#group(form);
    }
    const hash = hashOf(conditions, form.sample);
    if (hash === null) return;
    const entry = { rule, position, conditions };
    const list = listOf(form, hash, conditions);
    if (list === undefined) {
      const same = form.entries.get(hash);
      if (same === undefined) form.entries.set(hash, [[entry]]);
      else same.push([entry]);
    } else if (conditions.changeable) list.unshift(entry);
    else if (list.length < MOST_RANGES) list.push(entry);
    if (list !== undefined && list.length > MOST_RANGES) list.length = MOST_RANGES;
  }

  #group(form: Form): void {
    const { required, sample } = form;
    this.#required &= required;
    this.#reaches.clear();
    let group = this.#groups.find((each) => each.required === required);
    if (group === undefined) {
      group = { required, plain: [], byOther: new Map(), firstOther: Number.POSITIVE_INFINITY };
      this.#groups.push(group);
    }
    const [first] = sample.others;
    if (first !== undefined && group.byOther.size === 0) group.firstOther = form.ordinal;
    const list = first === undefined ? group.plain : group.byOther.get(first);
    if (list !== undefined) list.push(form);
    else group.byOther.set(first as string, [form]);
  }

  /** Whether a rule that mentions this may be covered. */
  mayCover(mentions: Mentions): boolean {
    return this.#names.size > 0 && (this.#required & ~mentions) === 0;
  }

  /** The rule that takes all packets that `conditions`, which mention this, ask for. */
  find(conditions: Conditions, mentions: Mentions): RuleId {
    const { plain, others, firstOther } = this.#withinReach(mentions & CONDITIONS);
    let found = NONE;
    let before = Number.POSITIVE_INFINITY;
    for (const form of plain) {
      found = this.#findIn(form, conditions);
      if (found === NONE) continue;
      before = form.ordinal;
      break;
    }
    if (firstOther > before) return found;
    const candidates = others
      .flatMap(({ byOther }) => conditions.others.flatMap((other) => byOther.get(other) ?? []))
      .filter(({ ordinal }) => ordinal < before)
      .sort((a, b) => a.ordinal - b.ordinal);
    for (const form of candidates) {
      const other = this.#findIn(form, conditions);
      if (other !== NONE) return other;
    }
    return found;
  }

  #findIn(form: Form, conditions: Conditions): RuleId {
    const hash = hashOf(conditions, form.sample);
    const list = hash === null ? undefined : listOf(form, hash, conditions);
    if (list !== undefined)
      for (const entry of list)
        if (
          entry.position > (entry.conditions.changeable ? this.#changed : this.#rewritten) &&
          takesRest(entry.conditions, conditions)
        )
          return entry.rule;
    return NONE;
  }

  #withinReach(mentions: Mentions): Reach {
    const known = this.#reaches.get(mentions);
    if (known !== undefined) return known;
    const groups = this.#groups.filter(({ required }) => (required & ~mentions) === 0);
    const others = groups.filter(({ byOther }) => byOther.size > 0);
    const made = {
      plain: groups.flatMap(({ plain }) => plain).sort((a, b) => a.ordinal - b.ordinal),
      others,
      firstOther: Math.min(...others.map(({ firstOther }) => firstOther)),
    };
    if (this.#reaches.size >= MOST_REACHES) this.#reaches.clear();
    this.#reaches.set(mentions, made);
    return made;
  }
}

/** Rules of the form whose values are those of `conditions`. */
const listOf = ({ sample, entries }: Form, hash: number, conditions: Conditions): Entry[] | undefined =>
  entries.get(hash)?.find(([first]) => hasValuesOf(conditions, (first as Entry).conditions, sample));

/** Which dimensions a rule uses and how widely, without the values themselves. */
function formOf(conditions: Conditions): string {
  const { source, destination, inInterface, outInterface, protocol, sourcePorts, destinationPorts } = conditions;
  return [
    source?.mask ?? "",
    destination?.mask ?? "",
    formOfInterface(inInterface),
    formOfInterface(outInterface),
    protocol === null ? "" : "p",
    formOfPorts(sourcePorts),
    formOfPorts(destinationPorts),
    conditions.states?.join(",") ?? "",
    ...conditions.others,
  ].join("|");
}

const formOfInterface = (pattern: InterfacePattern | null): string =>
  pattern === null ? "" : pattern.wildcard ? `${pattern.name.length}+` : "=";

const formOfPorts = (ports: readonly NumberRange[] | null): string =>
  ports === null ? "" : isSingle(ports) ? "=" : "..";

const isSingle = (ports: readonly NumberRange[]): boolean => ports.length === 1 && ports[0]?.from === ports[0]?.to;

/** Of the values of `conditions` in the dimensions and widths of `form`; `null` where it asks for less than that. */
function hashOf(conditions: Conditions, form: Conditions): number | null {
  let hash = 17;
  if (form.protocol !== null) {
    if (conditions.protocol === null) return null;
    hash = mix(hash, conditions.protocol);
  }
  for (const role of INTERFACES) {
    const wanted = form[role];
    if (wanted === null) continue;
    const mine = conditions[role];
    if (mine === null || !isWithin(mine, wanted)) return null;
    const { length } = wanted.wildcard ? wanted.name : mine.name;
    for (let k = 0; k < length; k++) hash = mix(hash, mine.name.charCodeAt(k));
  }
  for (const role of PORTS) {
    const wanted = form[role];
    if (wanted === null) continue;
    const mine = conditions[role];
    if (mine === null) return null;
    if (!isSingle(wanted)) continue;
    if (!isSingle(mine)) return null;
    hash = mix(hash, (mine[0] as NumberRange).from);
  }
  for (const role of ADDRESSES) {
    const wanted = form[role];
    if (wanted === null) continue;
    const mine = conditions[role];
    if (mine === null || !isAsNarrow(mine, wanted)) return null;
    hash = mix(hash, lowBits(mine, wanted));
  }
  return hash;
}

const ADDRESSES = ["source", "destination"] as const;
const INTERFACES = ["inInterface", "outInterface"] as const;
const PORTS = ["sourcePorts", "destinationPorts"] as const;

const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193) ^ (hash >>> 15);

const isWithin = (mine: InterfacePattern, wanted: InterfacePattern): boolean =>
  (!mine.wildcard || wanted.wildcard) && mine.name.length >= (wanted.wildcard ? wanted.name.length : 0);

const isAsNarrow = (mine: AddressMask, wanted: AddressMask): boolean =>
  mine.mask === wanted.mask || (mine.mask & wanted.mask) === wanted.mask;

const bitsUnder = (mine: AddressMask, wanted: AddressMask): bigint =>
  mine.mask === wanted.mask ? mine.bits : mine.bits & wanted.mask;

function lowBits(mine: AddressMask, wanted: AddressMask): number {
  const bits = bitsUnder(mine, wanted);
  return bits <= 0xffffffffn ? Number(bits) | 0 : Number(bits % 0xfffffffbn) | 0;
}

/** Whether two rules that both ask for what `form` does ask for the same values of that. */
function hasValuesOf(a: Conditions, b: Conditions, form: Conditions): boolean {
  if (form.protocol !== null && a.protocol !== b.protocol) return false;
  for (const role of INTERFACES) {
    const wanted = form[role];
    if (wanted === null) continue;
    const [one, other] = [a[role] as InterfacePattern, b[role] as InterfacePattern];
    const { length } = wanted.name;
    if (wanted.wildcard ? one.name.slice(0, length) !== other.name.slice(0, length) : one.name !== other.name)
      return false;
  }
  for (const role of PORTS) {
    const wanted = form[role];
    if (wanted !== null && isSingle(wanted) && a[role]?.[0]?.from !== b[role]?.[0]?.from) return false;
  }
  for (const role of ADDRESSES) {
    const wanted = form[role];
    if (wanted === null) continue;
    if (bitsUnder(a[role] as AddressMask, wanted) !== bitsUnder(b[role] as AddressMask, wanted)) return false;
  }
  return true;
}

/** Whether every packet that `inner` asks for is one that `outer` asks for. */
export function covers(outer: Conditions, inner: Conditions): boolean {
  return hashOf(inner, outer) !== null && hasValuesOf(inner, outer, outer) && takesRest(outer, inner);
}

/** The same of two rules with equal values in the dimensions that have one. */
function takesRest(outer: Conditions, inner: Conditions): boolean {
  for (const role of PORTS) {
    const [wide, narrow] = [outer[role], inner[role]];
    if (wide === null) continue;
    if (narrow === null || !narrow.every((range) => wide.some(({ from, to }) => from <= range.from && range.to <= to)))
      return false;
  }
  const { states } = outer;
  if (states !== null && !(inner.states?.every((state) => states.includes(state)) ?? false)) return false;
  // what else the inner one asks for is read only where it matters
  return outer.others.length === 0 || isSubset(outer.others, inner.others);
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
