import { coreTests } from "../match/core.ts";
import type { RuleContext, Test } from "../match/decision.ts";
import { matchSemantics, unknownMatch } from "../match/index.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../ruleset.ts";
import { targetSemantics, unknownTarget } from "../target/index.ts";
import type { Action } from "../target/outcome.ts";

/** A rule ready to be asked. */
export interface CompiledRule {
  readonly id: RuleId;
  /** All must hold. Empty: every packet matches. */
  readonly tests: readonly Test[];
  /** `null`: no target, or a chain. */
  readonly action: Action | null;
  /** Chain that it jumps or goes to, or `NONE`. */
  readonly chain: ChainId;
  readonly goto: boolean;
  readonly effect: string;
}

/** How many compiled rules are kept at most; a trace of one packet needs few, one per Service of a large node needs all. */
const MOST_KEPT = 20_000;

/** Compiles rules and keeps what was compiled lately. */
export class RuleCompiler {
  readonly #ruleset: Ruleset;
  readonly #kept = new Map<RuleId, CompiledRule>();

  constructor(ruleset: Ruleset) {
    this.#ruleset = ruleset;
  }

  compile(rule: RuleId): CompiledRule {
    const known = this.#kept.get(rule);
    if (known !== undefined) return known;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    const made = compile(this.#ruleset, rule);
    this.#kept.set(rule, made);
    return made;
  }
}

function compile(ruleset: Ruleset, id: RuleId): CompiledRule {
  const node = ruleset.rule(id);
  const context: RuleContext = {
    family: ruleset.family ?? 4,
    rule: `rule ${id}`,
    table: ruleset.tableOf(ruleset.chainOf(id)).name,
  };
  const tests = coreTests(node, context);
  for (const match of node.matches) {
    const semantics = match.record === null ? unknownMatch : (matchSemantics.get(match.record.name) ?? unknownMatch);
    tests.push(...semantics(match, context));
  }
  const chain = ruleset.target(id);
  const { target } = node;
  if (target === null) return { id, tests, action: null, chain: NONE, goto: false, effect: "is counted" };
  if (chain !== NONE) return { id, tests, action: null, chain, goto: target.goto, effect: `-> ${target.name}` };
  const semantics = target.record === null ? unknownTarget : (targetSemantics.get(target.record.name) ?? unknownTarget);
  const action = semantics(target, context);
  return { id, tests, action, chain: NONE, goto: false, effect: action.effect };
}
