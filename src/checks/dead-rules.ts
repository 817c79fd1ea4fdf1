import { Growing } from "../../grammar/growing.ts";
import { ConditionReader, coveredRules } from "../netfilter/cover/covered-rules.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check, Draft, ReportFinding } from "./check.ts";
import type { Context } from "./context.ts";
import { isUnconditional } from "./form.ts";
import { counted } from "./words.ts";

const shared = {
  confidence: "certain",
  since: "0.1.0",
  subject: "netfilter",
  needs: [],
  confirm: "iptables -t TABLE -L CHAIN -nv --line-numbers (its counter stays zero)",
  references: ["https://manpages.debian.org/bookworm/iptables/iptables.8.en.html"],
} as const;

/** Targets that let a packet pass, and those that stop it. */
const PASSES: ReadonlySet<string> = new Set(["ACCEPT", "RETURN"]);
const STOPS: ReadonlySet<string> = new Set(["DROP", "REJECT"]);

/** What the earlier rule does. */
const Earlier = {
  /** It takes every packet. */
  takesAll: 1,
  /** It lets pass what the later one is meant to stop, or stops what that is meant to let pass. */
  decidesOtherwise: 2,
  decidesAlike: 3,
} as const;

/** Rules that no packet ever gets to match, each with an earlier one that takes all its packets, and what that does. */
class DeadRules {
  readonly #rules = new Growing();
  readonly #earlier = new Growing();
  readonly #kinds = new Growing();

  push(rule: RuleId, by: RuleId, kind: number): void {
    this.#rules.push(rule);
    this.#earlier.push(by);
    this.#kinds.push(kind);
  }

  rule(k: number): RuleId {
    return this.#rules.get(k);
  }

  /** The earlier one. */
  by(k: number): RuleId {
    return this.#earlier.get(k);
  }

  /** Tells the ordinals of those whose earlier rule does that. */
  each(kind: number, tell: (k: number) => void): void {
    for (let k = 0; k < this.#rules.length; k++) if (this.#kinds.get(k) === kind) tell(k);
  }
}

const known = new WeakMap<Context, DeadRules>();

/** Rules that no packet gets to match, in chains that are not kube-proxy's and not of a project that writes its own. */
function deadRules(context: Context): DeadRules {
  const found = known.get(context);
  if (found !== undefined) return found;
  const { ruleset, store, claims, services } = context;
  const reader = new ConditionReader(ruleset);
  const all = new DeadRules();
  // thousands of rules may stand behind one and the same
  let last = NONE;
  let takesAll = false;
  let verdict = "";
  const take = (rule: RuleId, by: RuleId): void => {
    if (by !== last) {
      last = by;
      takesAll = isUnconditional(store, by);
      verdict = verdictOf(context, by);
    }
    const isOpposite = !takesAll && areOpposite(verdictOf(context, rule), verdict);
    all.push(rule, by, takesAll ? Earlier.takesAll : isOpposite ? Earlier.decidesOtherwise : Earlier.decidesAlike);
  };
  for (const table of ruleset.tables)
    for (const chain of claims.chainRoles.others(table)) {
      if (!store.hasSeveralRules(chain)) continue;
      const role = claims.role(chain);
      if (role?.includes(" KUBE-") === true) continue;
      // who writes chains of their own tests them
      if (role === null && services.ownerOf(chain) !== null) continue;
      coveredRules(ruleset, chain, reader, take);
    }
  known.set(context, all);
  return all;
}

/** Everything behind a rule that takes all packets. */
export const unreachableRule: Check = {
  ...shared,
  id: "unreachable-rule",
  severity: "info",
  summary: "Rules stand behind one that takes every packet",
  why: "No packet gets to them: whoever wrote them believes that they do something.",
  evidence: "A rule without conditions whose target ends the chain, and rules behind it.",
  whenFine: "Tools that insert their chains at the front and close with a final rule leave old ones behind it.",
  remedy: "Move them in front of that rule, or delete them.",
  run(context, report) {
    const byRule = new Map<RuleId, RuleId[]>();
    const dead = deadRules(context);
    dead.each(Earlier.takesAll, (k) => {
      const by = dead.by(k);
      if (context.isSpokenOf(by)) return;
      const rules = byRule.get(by);
      if (rules === undefined) byRule.set(by, [dead.rule(k)]);
      else rules.push(dead.rule(k));
    });
    for (const [by, rules] of byRule) reportUnreachable(context, by, rules, report);
  },
};

function reportUnreachable(
  { store, ruleset }: Context,
  by: RuleId,
  rules: readonly RuleId[],
  report: ReportFinding,
): void {
  const chain = store.chainOf(by);
  const [first] = rules as [RuleId];
  report({
    at: { rule: first },
    label: "no packet gets here",
    message: `${counted(rules.length, "rule")} of ${ruleset.tableOf(chain).name} ${ruleset.chainName(chain)} ${rules.length === 1 ? "stands" : "stand"} behind one that takes every packet`,
    related: [{ at: { rule: by }, label: "takes every packet", before: true }],
    effect: "No effect on traffic, which is hardly what was meant.",
  });
}

const pairDraft = (rule: RuleId, by: RuleId, where: string, what: string, effect: string): Draft => ({
  at: { rule },
  label: "no packet gets here",
  message: `a rule of ${where} ${what}`,
  related: [{ at: { rule: by }, label: "takes all that it asks for", before: true }],
  effect,
});

/** Names the chains of rules; asked for those of one chain one after the other. */
function chainNames({ store, ruleset }: Context): (rule: RuleId) => string {
  let chain = NONE;
  let name = "";
  return (rule) => {
    if (store.chainOf(rule) === chain) return name;
    chain = store.chainOf(rule);
    name = `${ruleset.tableOf(chain).name} ${ruleset.chainName(chain)}`;
    return name;
  };
}

const verdictOf = ({ store }: Context, rule: RuleId): string => store.targetRecord(rule)?.name ?? "";

const areOpposite = (one: string, other: string): boolean =>
  (PASSES.has(one) && STOPS.has(other)) || (STOPS.has(one) && PASSES.has(other));

/** The earlier rule does the opposite: what the later one is meant to do does not happen. */
export const shadowedRule: Check = {
  ...shared,
  id: "shadowed-rule",
  severity: "info",
  summary: "A rule is shadowed by an earlier one that does the opposite",
  why: "What it is meant to let in is dropped, or what it is meant to drop is let in.",
  evidence: "An earlier rule of the chain asks for nothing that this one does not ask for too, and decides otherwise.",
  whenFine: "Where the earlier rule was put there to overrule the later one.",
  remedy: "Put the narrower rule first.",
  run(context, report) {
    const chainOf = chainNames(context);
    const dead = deadRules(context);
    const draft = (k: number): Draft => {
      const [rule, by] = [dead.rule(k), dead.by(k)];
      return pairDraft(
        rule,
        by,
        chainOf(rule),
        "is shadowed by an earlier one that decides otherwise",
        `The packets that it asks for are decided by the earlier rule (${verdictOf(context, by)} instead of ${verdictOf(context, rule)}).`,
      );
    };
    dead.each(Earlier.decidesOtherwise, (k) => report(draft, k));
  },
};

/** The earlier rule does the same: the later one can go. */
export const redundantRule: Check = {
  ...shared,
  id: "redundant-rule",
  severity: "info",
  summary: "A rule says what an earlier one has said",
  why: "It costs a comparison for each packet and misleads who reads the chain.",
  evidence: "An earlier rule of the chain asks for nothing that this one does not ask for too, and does the same.",
  whenFine: "Harmless.",
  remedy: "Delete it.",
  run(context, report) {
    const chainOf = chainNames(context);
    const dead = deadRules(context);
    const draft = (k: number): Draft =>
      pairDraft(
        dead.rule(k),
        dead.by(k),
        chainOf(dead.rule(k)),
        "never decides: an earlier one takes all that it asks for",
        "No effect on traffic.",
      );
    dead.each(Earlier.decidesAlike, (k) => {
      // of copies duplicate-rule tells
      if (!context.store.isCopy(dead.rule(k), dead.by(k))) report(draft, k);
    });
  },
};

/** A chain to which nothing leads, of nobody who does so on purpose. */
export const unreferencedChain: Check = {
  ...shared,
  id: "unreferenced-chain",
  severity: "info",
  summary: "A chain has rules, and no rule leads to it",
  why: "Its rules are never asked. Mostly something that belongs to it was lost, or it was forgotten.",
  evidence: "A user-defined chain with rules that no -j or -g names.",
  whenFine: "Chains that programs keep for later, such as those of fail2ban or ufw that are switched off.",
  remedy: "Add the jump, or delete the chain (iptables -F and -X).",
  run(context, report) {
    const { ruleset, store, claims, services } = context;
    const draft = (chain: ChainId): Draft => ({
      at: { chain },
      label: "no rule leads here",
      message: `no rule leads to ${ruleset.tableOf(chain).name} ${ruleset.chainName(chain)}, which has ${counted(context.rulesOf(chain).length, "rule")}`,
      effect: "Its rules are never asked.",
    });
    for (const table of context.wholeTables)
      for (const chain of claims.chainRoles.others(table)) {
        if (store.firstRule(chain) === NONE || store.callerCount(chain) > 0 || !store.isUserDefined(chain)) continue;
        if (claims.role(chain) !== null || services.ownerOf(chain) !== null) continue;
        report(draft, chain);
      }
  },
};

/** A jump that does nothing. */
export const emptyChainJump: Check = {
  ...shared,
  id: "empty-chain-jump",
  severity: "info",
  summary: "A rule jumps to a chain without rules",
  why: "Nothing happens there. If the chain was flushed by mistake, what it did is missing.",
  evidence: "A jump to a chain that is declared and empty, of nobody who keeps empty chains.",
  whenFine: "Chains for the administrator's own rules, and those that are filled when needed.",
  remedy: "Fill the chain, or delete the jump.",
  run(context, report) {
    const { ruleset, store, claims, services } = context;
    const draft = (chain: ChainId): Draft => {
      const callers = store.callerCount(chain);
      return {
        at: { rule: store.firstCaller(chain) },
        label: "leads to a chain without rules",
        message: `${ruleset.tableOf(chain).name} ${ruleset.chainName(chain)} is empty, and ${counted(callers, "rule")} ${callers === 1 ? "leads" : "lead"} to it`,
        related: [{ at: { chain }, label: "has no rules" }],
        effect: "None: packets come back unchanged.",
      };
    };
    for (const table of context.wholeTables)
      for (const chain of claims.chainRoles.others(table)) {
        if (store.firstRule(chain) !== NONE || store.callerCount(chain) === 0 || !store.isUserDefined(chain)) continue;
        if (claims.role(chain) !== null || services.ownerOf(chain) !== null) continue;
        report(draft, chain);
      }
  },
};
