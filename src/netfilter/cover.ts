import type { Shape } from "../../grammar/shape.ts";
import type { InterfacePattern, NumberRange } from "../../grammar/values/types.ts";
import { type ConditionPlan, type Conditions, conditionPlan, readConditions } from "./cover-conditions.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "./ruleset.ts";

/** A rule that no packet ever gets to match, and the earlier rule that takes all its packets. */
export interface Covered {
  readonly rule: RuleId;
  readonly by: RuleId;
}

/** Reads what the rules of a ruleset ask, by plans made once per form. */
export class ConditionReader {
  readonly #ruleset: Ruleset;
  readonly #plans = new Map<Shape, ConditionPlan>();

  constructor(ruleset: Ruleset) {
    this.#ruleset = ruleset;
  }

  read(rule: RuleId): Conditions {
    const shape = this.#ruleset.shape(rule);
    let plan = this.#plans.get(shape);
    if (plan === undefined) {
      plan = conditionPlan(shape);
      if (shape.id >= 0) this.#plans.set(shape, plan);
    }
    return readConditions(plan, this.#ruleset.words(rule), this.#ruleset.family);
  }
}

/**
 * Rules of the chain that can never match because one earlier rule, after which no packet comes back to the chain, asks for
 * nothing that they do not ask for too. A rule covered only by several together is not found. Nearly linear in the length of
 * the chain: earlier rules are hashed by what they ask for, once per set of dimensions that any of them uses.
 */
export function coveredRules(ruleset: Ruleset, chain: ChainId, reader = new ConditionReader(ruleset)): Covered[] {
  const covered: Covered[] = [];
  const { store } = ruleset;
  const index = new CoverIndex();
  let position = 0;
  for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
    position++;
    const shape = ruleset.shape(rule);
    const ends = endsChain(shape, ruleset.target(rule));
    if (ends || !index.isEmpty) {
      const conditions = reader.read(rule);
      const by = index.isEmpty ? NONE : index.find(conditions);
      if (by !== NONE) covered.push({ rule, by });
      else if (ends && !conditions.fickle) index.add(rule, conditions, position);
    }
    if (!ends && changesPacket(shape, ruleset.target(rule)))
      index.changedAt(position, REWRITES.has(shape.targetRecord?.name ?? ""));
  }
  return covered;
}

/** Rules of the same chain that some packet may match as well as the given one; as far as their own words show. */
export function overlappingRules(ruleset: Ruleset, rule: RuleId): RuleId[] {
  const reader = new ConditionReader(ruleset);
  const asked = reader.read(rule);
  const found: RuleId[] = [];
  for (const other of ruleset.rulesOf(ruleset.chainOf(rule))) {
    if (other !== rule && !areDisjoint(asked, reader.read(other))) found.push(other);
  }
  return found;
}

/** Whether a packet that matches never comes to the next rule of the chain. */
function endsChain(shape: Shape, target: ChainId): boolean {
  return target === NONE ? shape.targetRecord?.terminating === true : shape.goto;
}

/** Targets that change what conditions ask for. */
const CHANGES: ReadonlySet<string> = new Set(["MARK", "CONNMARK", "HMARK", "SET", "TOS", "DSCP", "ECN", "TTL", "HL"]);
/** Targets that change even what no other target does: addresses, the state of the connection. */
const REWRITES: ReadonlySet<string> = new Set(["SNPT", "DNPT", "NOTRACK", "CT"]);

function changesPacket(shape: Shape, target: ChainId): boolean {
  if (target !== NONE) return true;
  const name = shape.targetRecord?.name ?? "";
  return CHANGES.has(name) || REWRITES.has(name) || (shape.targetWord >= 0 && shape.targetRecord === null);
}

/** Sets of dimensions beyond this many are not looked at: a dump of random rules shall not make this quadratic. */
const MOST_FORMS = 256;
/** Port ranges that differ for otherwise equal rules, looked at one by one. */
const MOST_RANGES = 64;

interface Entry {
  readonly rule: RuleId;
  readonly position: number;
  readonly conditions: Conditions;
}

/** Rules with the same dimensions: by the values they ask for. */
interface Form {
  readonly sample: Conditions;
  readonly entries: Map<string, Entry[]>;
}

class CoverIndex {
  readonly #forms = new Map<string, Form>();
  #changed = 0;
  #rewritten = 0;

  get isEmpty(): boolean {
    return this.#forms.size === 0;
  }

  changedAt(position: number, rewrites: boolean): void {
    this.#changed = position;
    if (rewrites) this.#rewritten = position;
  }

  add(rule: RuleId, conditions: Conditions, position: number): void {
    const name = formOf(conditions);
    let form = this.#forms.get(name);
    if (form === undefined) {
      if (this.#forms.size >= MOST_FORMS) return;
      form = { sample: conditions, entries: new Map() };
      this.#forms.set(name, form);
    }
    const key = keyOf(conditions, form.sample);
    if (key === null) return;
    const entry = { rule, position, conditions };
    const list = form.entries.get(key);
    if (list === undefined) form.entries.set(key, [entry]);
    else if (conditions.changeable) list.unshift(entry);
    else if (list.length < MOST_RANGES) list.push(entry);
    if (list !== undefined && list.length > MOST_RANGES) list.length = MOST_RANGES;
  }

  find(conditions: Conditions): RuleId {
    for (const { sample, entries } of this.#forms.values()) {
      const key = keyOf(conditions, sample);
      const list = key === null ? undefined : entries.get(key);
      const found = list?.find(
        (entry) =>
          entry.position > (entry.conditions.changeable ? this.#changed : this.#rewritten) &&
          covers(entry.conditions, conditions),
      );
      if (found !== undefined) return found.rule;
    }
    return NONE;
  }
}

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

/** The values of `conditions` in the dimensions and widths of `form`; `null` where it asks for less than that. */
function keyOf(conditions: Conditions, form: Conditions): string | null {
  const parts: (string | bigint | number)[] = [];
  for (const role of ["source", "destination"] as const) {
    const [mine, wanted] = [conditions[role], form[role]];
    if (wanted === null) continue;
    if (mine === null || (mine.mask & wanted.mask) !== wanted.mask) return null;
    parts.push(mine.bits & wanted.mask);
  }
  for (const role of ["inInterface", "outInterface"] as const) {
    const [mine, wanted] = [conditions[role], form[role]];
    if (wanted === null) continue;
    if (
      mine === null ||
      (mine.wildcard && !wanted.wildcard) ||
      mine.name.length < (wanted.wildcard ? wanted.name.length : 0)
    )
      return null;
    parts.push(wanted.wildcard ? mine.name.slice(0, wanted.name.length) : mine.name);
  }
  if (form.protocol !== null) {
    if (conditions.protocol === null) return null;
    parts.push(conditions.protocol);
  }
  for (const role of ["sourcePorts", "destinationPorts"] as const) {
    const [mine, wanted] = [conditions[role], form[role]];
    if (wanted === null) continue;
    if (mine === null) return null;
    if (!isSingle(wanted)) continue;
    if (!isSingle(mine)) return null;
    parts.push(mine[0]?.from ?? 0);
  }
  return parts.join("|");
}

/** Whether every packet that `inner` asks for is one that `outer` asks for. */
export function covers(outer: Conditions, inner: Conditions): boolean {
  if (keyOf(inner, outer) === null || keyOf(inner, outer) !== keyOf(outer, outer)) return false;
  for (const role of ["sourcePorts", "destinationPorts"] as const) {
    const [wide, narrow] = [outer[role], inner[role]];
    if (wide === null) continue;
    if (narrow === null || !narrow.every((range) => wide.some(({ from, to }) => from <= range.from && range.to <= to)))
      return false;
  }
  const { states } = outer;
  if (states !== null && !(inner.states?.every((state) => states.includes(state)) ?? false)) return false;
  return outer.others.every((other) => inner.others.includes(other));
}

/** Whether no packet can be what both ask for, as far as the dimensions show. */
export function areDisjoint(left: Conditions, right: Conditions): boolean {
  for (const role of ["source", "destination"] as const) {
    const [a, b] = [left[role], right[role]];
    if (a !== null && b !== null && ((a.bits ^ b.bits) & a.mask & b.mask) !== 0n) return true;
  }
  for (const role of ["inInterface", "outInterface"] as const) {
    const [a, b] = [left[role], right[role]];
    if (a !== null && b !== null && !mayBeSame(a, b)) return true;
  }
  if (left.protocol !== null && right.protocol !== null && left.protocol !== right.protocol) return true;
  for (const role of ["sourcePorts", "destinationPorts"] as const) {
    const [a, b] = [left[role], right[role]];
    if (a !== null && b !== null && !a.some((x) => b.some((y) => x.from <= y.to && y.from <= x.to))) return true;
  }
  const { states } = right;
  if (left.states !== null && states !== null && !mayShareState(left.states, states)) return true;
  if (left.fickle || right.fickle) return false;
  return left.others.some((other) => right.others.includes(other.startsWith("! ") ? other.slice(2) : `! ${other}`));
}

const mayBeSame = (a: InterfacePattern, b: InterfacePattern): boolean =>
  (a.wildcard ? b.name.startsWith(a.name) : a.name === b.name) ||
  (b.wildcard ? a.name.startsWith(b.name) : a.name === b.name);

/** A connection is in one of five states, and translated or not besides. */
const mayShareState = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((state) => b.includes(state)) || [...a, ...b].some((state) => state === "DNAT" || state === "SNAT");
