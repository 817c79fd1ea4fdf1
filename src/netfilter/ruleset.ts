import type { RuleNode } from "../../grammar/ast.ts";
import type { Scanner } from "../../grammar/scanner.ts";
import type { Shape } from "../../grammar/shape.ts";
import type { Place } from "../../grammar/syntax-tree.ts";
import type { Backend, Family } from "../../grammar/vocabulary/record.ts";
import type { RuleStore } from "./store.ts";
import type { Table, TableName } from "./table.ts";

/** A rule: its ordinal in the source, from 0. */
export type RuleId = number;
/** A chain: its ordinal in the source. One id is one chain of one table. */
export type ChainId = number;
/** No rule, no chain. */
export const NONE = -1;

/** All tables of one IP version and one back end of a node: what one kernel hook walks. A view on the store; it keeps nothing itself. */
export class Ruleset {
  readonly store: RuleStore;
  /** `null`: the text does not show it. */
  readonly family: Family | null;
  readonly backend: Backend | null;
  readonly tables: readonly Table[];

  constructor(store: RuleStore, family: Family | null, backend: Backend | null, tables: readonly Table[]) {
    this.store = store;
    this.family = family;
    this.backend = backend;
    this.tables = tables;
  }

  /** Version of the tool that captured, `1.8.9`; `null` where no header says it. */
  get version(): string | null {
    return this.tables.find((table) => table.header !== null)?.header?.version ?? null;
  }

  table(name: TableName): Table | undefined {
    return this.tables.find((table) => table.name === name);
  }

  /** The chain of that name in that table, or `NONE`; also one that is only jumped to. */
  chain(table: TableName, name: string): ChainId {
    const found = this.table(table);
    return found === undefined ? NONE : this.store.chainNamed(found, name);
  }

  *rulesOf(chain: ChainId): Generator<RuleId> {
    for (let rule = this.store.firstRule(chain); rule !== NONE; rule = this.store.nextRule(rule)) yield rule;
  }

  /** Rules that jump or go to the chain, in the order of the text. */
  callers(chain: ChainId): Int32Array {
    return this.store.callers(chain);
  }

  chainName(chain: ChainId): string {
    return this.store.chainName(chain);
  }

  tableOf(chain: ChainId): Table {
    return this.store.tableOf(chain);
  }

  /** The chain that the rule stands in. */
  chainOf(rule: RuleId): ChainId {
    return this.store.chainOf(rule);
  }

  /** The user-defined chain that the rule jumps or goes to, or `NONE`. */
  target(rule: RuleId): ChainId {
    return this.store.targetChain(rule);
  }

  /** The rule with all its words; made anew at each call (a few microseconds). */
  rule(rule: RuleId): RuleNode {
    return this.store.rule(rule);
  }

  /** The form of the rule, shared by all rules of that form. */
  shape(rule: RuleId): Shape {
    return this.store.shape(rule);
  }

  /** The rule's words as spans: `text(spans[2k], spans[2k+1])`; valid until the next read. */
  words(rule: RuleId): Scanner {
    return this.store.words(rule);
  }

  place(rule: RuleId): Place {
    return this.store.place(rule);
  }
}
