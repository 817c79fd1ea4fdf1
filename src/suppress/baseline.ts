import type { Ast } from "../../grammar/syntax-tree.ts";
import type { Finding, Location } from "../checks/finding.ts";
import type { TextFile } from "../config/config-error.ts";
import { type JsonValue, readJson } from "../config/json.ts";
import { nodeOf, stableLine } from "./stable-line.ts";
import type { SuppressedFinding } from "./suppression.ts";

/** Findings of one kind at one rule, wherever the rule stands in its text. */
export interface BaselineEntry {
  readonly check: string;
  readonly table: string | null;
  readonly chain: string | null;
  readonly servicePort: string | null;
  /** The rule as iptables-save prints it, without counters; for other lines the line. */
  readonly rule: string;
  /** So many of them on one node. */
  readonly count: number;
}

/** What a baseline file holds. */
export interface Baseline {
  readonly file: TextFile;
  readonly entries: ReadonlyMap<string, { readonly entry: BaselineEntry; readonly location: Location }>;
}

const schema = "iptlint/baseline/1";

/**
 * Reads a baseline: schema/baseline.schema.json describes it.
 * @throws {ConfigError} with everything that is wrong
 */
export function readBaseline(file: TextFile): Baseline {
  return readJson(file, (root) => {
    const fields = root.fields(["$schema", "schema", "findings"]);
    if (fields.schema === undefined) root.lacks("schema", JSON.stringify(schema));
    else fields.schema.choice([schema]);
    if (fields.findings === undefined) root.lacks("findings", "a list of findings");
    const entries = new Map<string, { entry: BaselineEntry; location: Location }>();
    for (const value of fields.findings?.list("a list of findings") ?? []) {
      const entry = readEntry(value);
      const key = keyOf(entry);
      const before = entries.get(key)?.entry.count ?? 0;
      entries.set(key, { entry: { ...entry, count: entry.count + before }, location: value.location });
    }
    return { file, entries };
  });
}

function readEntry(value: JsonValue): BaselineEntry {
  const { check, table, chain, servicePort, rule, count } = value.fields(entryKeys);
  if (check === undefined) value.lacks("check", "the id of a check");
  if (rule === undefined) value.lacks("rule", "the text of a rule");
  return {
    check: check?.string("the id of a check") ?? "",
    table: table?.string("the name of a table") ?? null,
    chain: chain?.string("the name of a chain") ?? null,
    servicePort: servicePort?.string("namespace/name:port") ?? null,
    rule: rule?.string("the text of a rule") ?? "",
    count: count?.count() ?? 1,
  };
}

const entryKeys = ["check", "table", "chain", "servicePort", "rule", "count"] as const;

function keyOf({ check, table, chain, servicePort, rule }: Omit<BaselineEntry, "count">): string {
  return JSON.stringify([check, table, chain, servicePort, rule]);
}

function entryOf(ast: Ast, finding: Finding): Omit<BaselineEntry, "count"> {
  const { checkId: check, table, chain, servicePort } = finding;
  return { check, table, chain, servicePort, rule: stableLine(ast, nodeOf(ast, finding)) };
}

/** How many findings of each key one node has so far. */
export class BaselineCounts {
  readonly #counts = new Map<string, number>();

  /** Counts one more finding. */
  add(ast: Ast, finding: Finding): { key: string; entry: BaselineEntry } {
    const entry = entryOf(ast, finding);
    const key = keyOf(entry);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return { key, entry: { ...entry, count } };
  }
}

/** Gathers all findings of a run into a new baseline. */
export class NewBaseline {
  readonly name: string;
  readonly #entries = new Map<string, BaselineEntry>();

  /** @param name - of the file that it is written to, as it is shown */
  constructor(name: string) {
    this.name = name;
  }

  /** Takes the findings of one node in; they are suppressed from now on. */
  accept(ast: Ast, findings: readonly Finding[]): SuppressedFinding[] {
    const counts = new BaselineCounts();
    for (const finding of findings) {
      const { key, entry } = counts.add(ast, finding);
      if (entry.count > (this.#entries.get(key)?.count ?? 0)) this.#entries.set(key, entry);
    }
    const location = { file: this.name, line: 1, column: 1, length: 0, byteOffset: 0, byteLength: 0 };
    return findings.map((finding) => ({ finding, suppression: { by: "baseline", reason: null, location } }));
  }

  /** In an order that does not depend on the dumps'. */
  get entries(): BaselineEntry[] {
    return [...this.#entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, entry]) => entry);
  }
}
