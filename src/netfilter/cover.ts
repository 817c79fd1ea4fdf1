import { GOTO } from "../../grammar/mentions.ts";
import type { InterfacePattern } from "../../grammar/values/types.ts";
import type { ExtensionRecord } from "../../grammar/vocabulary/record.ts";
import { Conditions } from "./cover-conditions.ts";
import { CoverIndex } from "./cover-index.ts";
import { ConditionPlan } from "./cover-plan.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "./ruleset.ts";

/** Reads what the rules of a ruleset ask, by plans made once per form. */
export class ConditionReader {
  readonly #ruleset: Ruleset;
  readonly #plans: (ConditionPlan | undefined)[] = [];
  readonly #conditions = new Conditions();
  readonly #passing = new ConditionPlan();

  constructor(ruleset: Ruleset) {
    this.#ruleset = ruleset;
  }

  /** Valid until another rule of the node is read. */
  peek(rule: RuleId): Conditions {
    const { store, family } = this.#ruleset;
    const form = store.shapeId(rule);
    const words = store.words(rule);
    let plan = form < 0 ? undefined : this.#plans[form];
    if (plan === undefined) {
      plan = form < 0 ? this.#passing : new ConditionPlan();
      plan.read(words);
      if (form >= 0) this.#plans[form] = plan;
    }
    return this.#conditions.of(plan, words, family);
  }

  read(rule: RuleId): Conditions {
    return this.peek(rule).keep();
  }

  isCopy(rule: RuleId, other: RuleId): boolean {
    return this.#ruleset.store.isCopy(rule, other);
  }
}

/**
 * Finds the rules of the chain that can never match because one earlier rule, after which no packet comes back to the chain, asks for
 * nothing that they do not ask for too. A rule covered only by several together is not found. Nearly linear in the length of
 * the chain: earlier rules are hashed by what they ask for, once per set of dimensions that any of them uses.
 * @param each - is told of the rules in their order, with the earlier rule that takes all their packets
 */
export function coveredRules(
  ruleset: Ruleset,
  chain: ChainId,
  reader: ConditionReader,
  each: (rule: RuleId, by: RuleId) => void,
): void {
  const { store } = ruleset;
  if (!store.hasSeveralRules(chain)) return;
  const after = { changed: 0, rewritten: 0 };
  // many chains have no rule that decides anything
  let index = null as CoverIndex | null;
  let position = 0;
  for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
    position++;
    if (store.isRefused(rule)) continue;
    const mentions = store.mentions(rule);
    const target = store.targetRecord(rule);
    const jump = ruleset.target(rule);
    const ends = jump === NONE ? target?.terminating === true : (mentions & GOTO) !== 0;
    if (ends || index?.mayCover(mentions) === true) {
      const conditions = reader.peek(rule);
      index ??= new CoverIndex(reader, after);
      const by = index.find(rule, conditions, mentions);
      if (by !== NONE) each(rule, by);
      else if (ends && !conditions.fickle) index.add(rule, conditions, position);
    }
    if (ends || (jump === NONE && !changesPacket(target))) continue;
    after.changed = position;
    if (target !== null && REWRITES.has(target.name)) after.rewritten = position;
  }
}

/** Rules of the same chain that some packet may match as well as the given one; as far as their own words show. */
export function overlappingRules(ruleset: Ruleset, rule: RuleId): RuleId[] {
  const reader = new ConditionReader(ruleset);
  const asked = reader.read(rule);
  const found: RuleId[] = [];
  for (const other of ruleset.rulesOf(ruleset.chainOf(rule))) {
    if (other !== rule && !areDisjoint(asked, reader.peek(other))) found.push(other);
  }
  return found;
}

/** Targets that change what conditions ask for. */
const CHANGES: ReadonlySet<string> = new Set(["MARK", "CONNMARK", "HMARK", "SET", "TOS", "DSCP", "ECN", "TTL", "HL"]);
/** Targets that change even what no other target does: addresses, the state of the connection. */
const REWRITES: ReadonlySet<string> = new Set(["SNPT", "DNPT", "NOTRACK", "CT"]);

const changesPacket = (target: ExtensionRecord | null): boolean =>
  target !== null && (CHANGES.has(target.name) || REWRITES.has(target.name));

/** Whether no packet can be what both ask for, as far as the dimensions show. */
export function areDisjoint(left: Conditions, right: Conditions): boolean {
  for (const role of ["source", "destination"] as const) {
    const [a, b] = [left[role], right[role]];
    if (a !== null && b !== null && a.isDisjoint(b)) return true;
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
