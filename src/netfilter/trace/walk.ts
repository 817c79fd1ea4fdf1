import type { Decision } from "../match/decision.ts";
import type { NodeFacts } from "../node.ts";
import type { Packet } from "../packet.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../ruleset.ts";
import type { TableName } from "../table.ts";
import type { Hook, Outcome } from "../target/outcome.ts";
import { type ChainPlan, type ChainPlans, candidates } from "./chain-plan.ts";
import { complement, toNumber, toText } from "./fraction.ts";
import type { CompiledRule, RuleCompiler } from "./rule.ts";
import { type State, States } from "./state.ts";
import type { Steps } from "./steps.ts";
import type { Share, Worlds } from "./worlds.ts";

/** What stays the same for all chains of one trace. */
export interface WalkContext {
  readonly ruleset: Ruleset;
  readonly node: NodeFacts;
  readonly worlds: Worlds;
  readonly steps: Steps;
  readonly plans: ChainPlans;
  readonly compiler: RuleCompiler;
  /** Things taken for granted because nothing says otherwise, in words. */
  readonly assumed: Set<string>;
  readonly budget: Budget;
  /** A packet whose way ends here. */
  end(state: State, fate: Fate): void;
}

/** How a way ends within a table. `rule` is the rule that ends it; `NONE` for a policy. */
export type Fate =
  | { readonly kind: "dropped"; readonly rule: RuleId }
  | { readonly kind: "rejected"; readonly rule: RuleId; readonly with: string }
  | { readonly kind: "unknown"; readonly rule: RuleId; readonly reason: string };

/** Bounds of one trace: states alive at a time, steps noted, rules asked. */
export class Budget {
  #rules = 0;

  spend(rules: number): void {
    this.#rules += rules;
  }

  exhaustedBy(states: number, steps: number, worlds: Worlds): boolean {
    return states > MOST_STATES || steps > MOST_STEPS || this.#rules > MOST_RULES || worlds.exhausted;
  }
}

const MOST_STATES = 4096;
const MOST_STEPS = 200_000;
const MOST_RULES = 6_000_000;
const DEEPEST = 512;
const TOO_MUCH = "there are too many ways to follow";

interface Frame {
  readonly chain: ChainId;
  readonly plan: ChainPlan;
  /** Positions of rules to ask; `null`: all. */
  readonly positions: readonly number[] | null;
  next: number;
  /** Before the next rule. */
  readonly active: States;
  /** Through with this chain. */
  readonly returned: States;
  /** Entered by `-g`: whoever leaves it leaves the calling chain too. */
  readonly goto: boolean;
}

/** A table at a hook: where a walk happens. */
export interface Stage {
  readonly table: TableName;
  readonly hook: Hook;
}

/**
 * Sends states through a built-in chain, all of them at once, rule by rule. The states that the table lets pass come back;
 * others end. Chains are entered on a stack of frames, so that a dump cannot exhaust ours.
 */
export function walkChain(context: WalkContext, stage: Stage, chain: ChainId, states: States): States {
  return new Walk(context, stage).run(chain, states);
}

class Walk {
  readonly #context: WalkContext;
  readonly #stage: Stage;
  readonly #passed: States;
  readonly #frames: Frame[] = [];
  readonly #entered = new Set<ChainId>();
  #asked = 0;

  constructor(context: WalkContext, stage: Stage) {
    this.#context = context;
    this.#stage = stage;
    this.#passed = new States(context.worlds);
  }

  run(chain: ChainId, states: States): States {
    this.#enter(chain, states, false);
    for (;;) {
      const frame = this.#frames[this.#frames.length - 1];
      if (frame === undefined) return this.#passed;
      const length = frame.positions?.length ?? frame.plan.rules.length;
      if (frame.next >= length || frame.active.size === 0) this.#leave(frame);
      else if (this.#isTooMuch()) return this.#giveUp();
      else {
        const position = frame.positions?.[frame.next] ?? frame.next;
        frame.next++;
        this.#ask(frame, frame.plan.rules[position] as RuleId);
      }
    }
  }

  #enter(chain: ChainId, states: States, goto: boolean): void {
    const plan = this.#context.plans.plan(chain);
    const packets = function* (): Generator<Packet> {
      for (const state of states.values()) yield state.packet;
    };
    this.#entered.add(chain);
    this.#frames.push({
      chain,
      plan,
      positions: candidates(plan, packets()),
      next: 0,
      active: states,
      returned: new States(this.#context.worlds),
      goto,
    });
  }

  #leave(frame: Frame): void {
    this.#frames.pop();
    this.#entered.delete(frame.chain);
    frame.returned.putAll(frame.active);
    const caller = this.#frames[this.#frames.length - 1];
    if (caller === undefined) this.#judgeByPolicy(frame.chain, frame.returned);
    else (frame.goto ? caller.returned : caller.active).putAll(frame.returned);
  }

  #judgeByPolicy(chain: ChainId, states: States): void {
    const { ruleset, steps, assumed } = this.#context;
    const policy = ruleset.store.policy(chain);
    if (policy === null)
      assumed.add(`the policy of ${this.#stage.table} ${this.#stage.hook} is ACCEPT: no line shows it`);
    if (policy !== "DROP") {
      this.#passed.putAll(states);
      return;
    }
    const declaration = ruleset.store.declaration(chain);
    const step = {
      ...this.#stage,
      chain: ruleset.chainName(chain),
      rule: NONE,
      line: declaration < 0 ? 0 : ruleset.store.ast.line(declaration),
      effect: "dropped by policy",
      chance: null,
    };
    for (const state of steps.take([...states.values()], step)) {
      this.#context.end(state, { kind: "dropped", rule: NONE });
    }
  }

  #ask(frame: Frame, id: RuleId): void {
    const { compiler, budget, ruleset, steps } = this.#context;
    const rule = compiler.compile(id);
    budget.spend(frame.active.size);
    const matching: State[] = [];
    const passing: State[] = [];
    let chance: Share | null = null;
    for (const [key, state] of frame.active) {
      const answer = this.#answer(rule, state);
      if (answer === null) continue;
      frame.active.delete(key);
      chance ??= answer.chance;
      if (answer.matching !== null) matching.push(answer.matching);
      passing.push(...answer.passing);
    }
    for (const state of passing) frame.active.put(state);
    if (matching.length === 0) return;
    const { table, hook } = this.#stage;
    const chain = ruleset.chainName(frame.chain);
    const line = ruleset.store.line(id);
    const step = {
      hook,
      table,
      chain,
      rule: id,
      line,
      effect: rule.effect,
      chance: chance === null ? null : said(chance),
    };
    const stepped = steps.take(matching, step);
    if (rule.chain !== NONE) this.#jump(rule, stepped);
    else for (const state of stepped) this.#settle(frame, rule, state, this.#outcomeOf(rule, state.packet));
  }

  #outcomeOf(rule: CompiledRule, packet: Packet): Outcome {
    return rule.action === null
      ? { kind: "continue", packet }
      : rule.action.apply(packet, this.#context.node, this.#stage.hook);
  }

  #jump(rule: CompiledRule, states: readonly State[]): void {
    const { ruleset, worlds, end } = this.#context;
    const { store } = ruleset;
    const isMissing = !store.isDeclared(rule.chain) && store.firstRule(rule.chain) === NONE;
    if (isMissing || this.#entered.has(rule.chain) || this.#frames.length >= DEEPEST) {
      const name = ruleset.chainName(rule.chain);
      const reason = isMissing
        ? `chain ${name} is not in this capture`
        : this.#entered.has(rule.chain)
          ? `chain ${name} leads back to itself, which the kernel refuses`
          : `more than ${DEEPEST} chains call each other`;
      for (const state of states) end(state, { kind: "unknown", rule: rule.id, reason });
      return;
    }
    // an empty chain is walked like any other: its states come straight back
    const entering = new States(worlds);
    for (const state of states) entering.put(state);
    this.#enter(rule.chain, entering, rule.goto);
  }

  #settle(frame: Frame, rule: CompiledRule, state: State, outcome: Outcome): void {
    const { worlds, end } = this.#context;
    switch (outcome.kind) {
      case "continue":
        frame.active.put({ ...state, packet: outcome.packet });
        return;
      case "accept":
        this.#passed.put({ ...state, packet: outcome.packet });
        return;
      case "return":
        frame.returned.put(state);
        return;
      case "drop":
        end(state, { kind: "dropped", rule: rule.id });
        return;
      case "reject":
        end(state, { kind: "rejected", rule: rule.id, with: outcome.with });
        return;
      case "lost":
        end(state, { kind: "unknown", rule: rule.id, reason: outcome.reason });
        return;
      case "either": {
        const { holds, fails } = worlds.split(state.weight, outcome.variable);
        if (!worlds.isZero(holds)) this.#settle(frame, rule, { ...state, weight: holds }, outcome.holds);
        if (!worlds.isZero(fails)) this.#settle(frame, rule, { ...state, weight: fails }, outcome.fails);
        return;
      }
    }
  }

  /** `null`: the rule does not match, and nothing changes. */
  #answer(rule: CompiledRule, state: State): Answer | null {
    const { node, worlds, assumed } = this.#context;
    let { packet, weight } = state;
    let chance: Share | null = null;
    let open: Decision[] | null = null;
    for (const test of rule.tests) {
      const decision = test(packet, node);
      if (decision === true) continue;
      if (decision === false) {
        // what stands before it was left open, but cannot matter: whoever gets here has not changed
        if (packet === state.packet) return null;
        return { matching: null, passing: [{ ...state, packet }], chance };
      }
      if ("matches" in decision) {
        if (decision.assumed !== undefined) assumed.add(decision.assumed);
        packet = decision.packet;
        if (decision.matches) continue;
        return packet === state.packet ? null : { matching: null, passing: [{ ...state, packet }], chance };
      }
      open ??= [];
      open.push(decision);
    }
    const isSilent = rule.chain === NONE && (rule.action === null || rule.action.silent === true);
    if (open === null) return { matching: { ...state, packet }, passing: [], chance };
    if (isSilent) return packet === state.packet ? null : { matching: null, passing: [{ ...state, packet }], chance };
    const passing: State[] = [];
    for (const decision of open) {
      if (typeof decision === "boolean" || "matches" in decision) continue;
      if ("variable" in decision) {
        const { holds, fails } = worlds.split(weight, decision.variable);
        passing.push({ ...state, weight: decision.sense ? fails : holds });
        weight = decision.sense ? holds : fails;
      } else {
        const { exact, ideal } = decision.share;
        chance = decision.share;
        passing.push({
          ...state,
          weight: worlds.scale(weight, { exact: complement(exact), ideal: complement(ideal) }),
        });
        weight = worlds.scale(weight, decision.share);
      }
    }
    return { matching: worlds.isZero(weight) ? null : { ...state, packet, weight }, passing, chance };
  }

  #isTooMuch(): boolean {
    const { budget, steps, worlds } = this.#context;
    if (++this.#asked % 16 !== 0) return false;
    let states = this.#passed.size;
    for (const frame of this.#frames) states += frame.active.size + frame.returned.size;
    return budget.exhaustedBy(states, steps.list.length, worlds);
  }

  /** All that is still under way ends here. */
  #giveUp(): States {
    const { end, worlds } = this.#context;
    for (const frame of this.#frames) {
      for (const states of [frame.active, frame.returned]) {
        for (const state of states.values()) end(state, { kind: "unknown", rule: NONE, reason: TOO_MUCH });
      }
    }
    for (const state of this.#passed.values()) end(state, { kind: "unknown", rule: NONE, reason: TOO_MUCH });
    return new States(worlds);
  }
}

const said = ({ exact, ideal }: Share) => ({ share: toNumber(exact), ideal: toText(ideal) });

interface Answer {
  readonly matching: State | null;
  readonly passing: readonly State[];
  readonly chance: Share | null;
}
