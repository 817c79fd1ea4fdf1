import { Source } from "../grammar/source.ts";
import type { Finding } from "./checks/finding.ts";
import { lineAt } from "./checks/location.ts";
import { problemFindings } from "./checks/problem-findings.ts";
import { buildStore } from "./netfilter/build.ts";
import type { Ruleset } from "./netfilter/ruleset.ts";
import { rulesetsOf } from "./netfilter/rulesets.ts";
import type { RuleStore } from "./netfilter/store.ts";
import type { NodeTexts } from "./nodes.ts";
import type { CaptureSummary, NodeReport, Report } from "./report/report.ts";
import { type Selection, select } from "./report/select.ts";
import { version } from "./version.ts";

/** What may be set for a run. */
export interface LintOptions extends Partial<Selection> {
  /** False: the nodes are known to run no kube-proxy in iptables mode. Default true. */
  readonly expectsKubeProxy?: boolean;
  /** Is told what is being done. */
  readonly onProgress?: (step: string) => void;
}

const everything: Selection = { minConfidence: "hint", only: null };

/** Reads the texts of nodes and says what is wrong with each. */
export function lint(nodes: readonly NodeTexts[], options: LintOptions = {}): Report {
  const stores: RuleStore[] = [];
  const reports = nodes.map((node) => {
    options.onProgress?.(`reading ${node.name}`);
    const store = buildStore(Source.join(node.texts));
    stores.push(store);
    return lintNode(node.name, store, options);
  });
  return {
    version,
    nodes: reports,
    unreadable: [],
    checks: [],
    sourceLine: (location) => {
      const store = stores.find(({ ast }) => ast.source.files.some(({ name }) => name === location.file));
      return store === undefined ? null : lineAt(store.ast, location);
    },
  };
}

function lintNode(name: string, store: RuleStore, options: LintOptions): NodeReport {
  const findings: Finding[] = [...problemFindings(store.ast)];
  const rulesets = rulesetsOf(store);
  return {
    name,
    captures: store.ast.source.files.flatMap(({ name: file }) => capturesIn(file, rulesets)),
    kubeProxy: null,
    expectsKubeProxy: options.expectsKubeProxy ?? true,
    owners: [],
    findings: select(findings, { ...everything, ...options }),
    withheld: [],
    suppressed: 0,
    notes: [],
  };
}

/** One summary for each back end and IP version that a text holds. */
function capturesIn(file: string, rulesets: readonly Ruleset[]): CaptureSummary[] {
  const summaries: CaptureSummary[] = [];
  for (const ruleset of rulesets) {
    const tables = ruleset.tables.filter((table) => table.block.file === file);
    if (tables.length === 0) continue;
    const header = tables.find((table) => table.header !== null)?.header ?? null;
    summaries.push({
      file,
      family: ruleset.family,
      backend: ruleset.backend,
      tool: header?.tool ?? null,
      version: header?.version ?? null,
      tables: tables.map((table) => table.name),
      rules: tables.reduce(
        (sum, table) => sum + table.chains.reduce((count, chain) => count + rulesIn(ruleset, chain), 0),
        0,
      ),
    });
  }
  return summaries;
}

function rulesIn(ruleset: Ruleset, chain: number): number {
  let count = 0;
  for (const _ of ruleset.rulesOf(chain)) count++;
  return count;
}
