import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import type { Table, TableName } from "../netfilter/table.ts";

/**
 * How much of a table the text has: all of it, cut off before its COMMIT, lines without a `*table` (an excerpt, an article), or
 * nothing.
 */
export type Wholeness = "whole" | "cut" | "fragment" | "absent";

/** What checks ask of one ruleset. Every answer is made once. */
export class Context {
  readonly store: RuleStore;
  readonly ruleset: Ruleset;
  /** Of all rulesets of the node, this one among them. */
  readonly #all: () => readonly Context[];

  constructor(ruleset: Ruleset, all: () => readonly Context[]) {
    this.store = ruleset.store;
    this.ruleset = ruleset;
    this.#all = all;
  }

  /** All rulesets of the node. */
  get all(): readonly Context[] {
    return this.#all();
  }

  wholeness(name: TableName): Wholeness {
    const table = this.ruleset.table(name);
    if (table === undefined) return "absent";
    if (table.implied) return "fragment";
    return table.block.committed ? "whole" : "cut";
  }

  isWhole(name: TableName): boolean {
    return this.wholeness(name) === "whole";
  }

  /** The ruleset's tables that the text has whole. */
  get wholeTables(): readonly Table[] {
    return this.ruleset.tables.filter((table) => this.isWhole(table.name));
  }

  /** Rules of a chain in order. */
  rulesOf(chain: ChainId): RuleId[] {
    const rules: RuleId[] = [];
    for (let rule = this.store.firstRule(chain); rule !== NONE; rule = this.store.nextRule(rule)) rules.push(rule);
    return rules;
  }
}

/** One context for each ruleset of a node. */
export function contextsOf(rulesets: readonly Ruleset[]): readonly Context[] {
  const contexts: readonly Context[] = rulesets.map((ruleset) => new Context(ruleset, () => contexts));
  return contexts;
}
