import {
  type Confidence,
  type Finding,
  isAsSureAs,
  type Location,
  type Severity,
  severities,
} from "../checks/finding.ts";
import type { NodeReport, Report, Withheld } from "./report.ts";

/** Which findings are wanted. */
export interface Selection {
  readonly minConfidence: Confidence;
  /** Ids or patterns with `*`; `null` for all. */
  readonly only: readonly string[] | null;
}

/** The findings that are wanted, worst first, then in the order of the text. */
export function select(findings: readonly Finding[], { minConfidence, only }: Selection): Finding[] {
  const wanted = only === null ? () => true : matcher(only);
  const files = new Map(findings.map(({ location }) => [location.file, 0]));
  for (const [order, file] of [...files.keys()].entries()) files.set(file, order);
  const compare = (a: Location, b: Location) =>
    (files.get(a.file) ?? 0) - (files.get(b.file) ?? 0) || a.byteOffset - b.byteOffset;
  return findings
    .filter((finding) => isAsSureAs(finding.confidence, minConfidence) && wanted(finding.checkId))
    .sort((a, b) => rank(a.severity) - rank(b.severity) || compare(a.location, b.location));
}

/** The same report with at most `most` findings of each check in each node; the rest is counted. 0: no limit. */
export function limitFindings(report: Report, most: number): Report {
  if (most === 0) return report;
  return { ...report, nodes: report.nodes.map((node) => limitNode(node, most)) };
}

function limitNode(node: NodeReport, most: number): NodeReport {
  const findings: Finding[] = [];
  const counts = new Map<string, number>();
  const withheld = new Map<string, { checkId: string; severity: Severity; count: number } & Withheld>();
  for (const finding of node.findings) {
    const { checkId, severity } = finding;
    const count = (counts.get(checkId) ?? 0) + 1;
    counts.set(checkId, count);
    if (count <= most) {
      findings.push(finding);
      continue;
    }
    const key = `${severity} ${checkId}`;
    const entry = withheld.get(key);
    if (entry === undefined) withheld.set(key, { checkId, severity, count: 1 });
    else entry.count++;
  }
  return { ...node, findings, withheld: [...node.withheld, ...withheld.values()] };
}

/** Whether a check id is one of these, `*` standing for any letters. */
export function matcher(patterns: readonly string[]): (id: string) => boolean {
  const expressions = patterns.map((pattern) => new RegExp(`^${pattern.split("*").map(quote).join(".*")}$`));
  return (id) => expressions.some((expression) => expression.test(id));
}

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function rank(severity: Severity): number {
  return severities.indexOf(severity);
}
