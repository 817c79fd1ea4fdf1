import { GOTO } from "../../../grammar/mentions.ts";
import type { Scanner } from "../../../grammar/scanner.ts";
import type { ExtensionRecord } from "../../../grammar/vocabulary/record.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../ruleset.ts";
import { ConditionPlan } from "./condition-plan.ts";
import { Conditions } from "./conditions.ts";
import { CoverIndex } from "./cover-index.ts";
import { LineChange } from "./line-change.ts";

/** After so many in a row it is no longer looked whether rules of a form that follow each other differ in one word alone. */
const MOST_MISSES = 16;

/** Reads what the rules of a ruleset ask, by plans made once per form. */
export class ConditionReader {
  readonly #ruleset: Ruleset;
  readonly #plans: (ConditionPlan | undefined)[] = [];
  readonly #conditions: Conditions;
  readonly #change: LineChange;
  readonly #passing = new ConditionPlan();
  /** Of the rule that was peeked at last. */
  #form = -1;
  /** How often it was not like the one before, though of its form. */
  #misses = 0;

  constructor(ruleset: Ruleset) {
    this.#ruleset = ruleset;
    this.#conditions = new Conditions(ruleset);
    this.#change = new LineChange(ruleset.store.bytes);
  }

  /** Valid until another rule is peeked at. */
  peek(rule: RuleId): Conditions {
    const { store } = this.#ruleset;
    const form = store.shapeId(rule);
    if (form !== this.#form) this.#misses = 0;
    else if (form >= 0 && this.#misses < MOST_MISSES) {
      if (this.#conditions.changeTo(rule, this.#change)) {
        this.#misses = 0;
        return this.#conditions;
      }
      this.#misses++;
    }
    const words = store.words(rule);
    this.#form = form;
    return this.#conditions.of(rule, this.#planOf(rule, words) ?? this.#passing.read(words), words);
  }

  /** To be kept. */
  read(rule: RuleId): Conditions {
    const words = this.#ruleset.store.words(rule);
    return new Conditions(this.#ruleset).of(rule, this.#planOf(rule, words) ?? new ConditionPlan().read(words), words);
  }

  /** `null`: the rule's form is not kept. */
  #planOf(rule: RuleId, words: Scanner): ConditionPlan | null {
    const form = this.#ruleset.store.shapeId(rule);
    if (form < 0) return null;
    this.#plans[form] ??= new ConditionPlan().read(words);
    return this.#plans[form];
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

/** Targets that change what conditions ask for. */
const CHANGES: ReadonlySet<string> = new Set(["MARK", "CONNMARK", "HMARK", "SET", "TOS", "DSCP", "ECN", "TTL", "HL"]);
/** Targets that change even what no other target does: addresses, the state of the connection. */
const REWRITES: ReadonlySet<string> = new Set(["SNPT", "DNPT", "NOTRACK", "CT"]);

const changesPacket = (target: ExtensionRecord | null): boolean =>
  target !== null && (CHANGES.has(target.name) || REWRITES.has(target.name));
