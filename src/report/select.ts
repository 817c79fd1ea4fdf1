import {
  type Confidence,
  type Finding,
  isAsSureAs,
  type Location,
  type Severity,
  severities,
} from "../checks/finding.ts";
import { globs } from "../config/glob.ts";
import type { CheckCount, NodeReport, Report } from "./report.ts";

/** Which findings are wanted. */
export interface Selection {
  readonly minConfidence: Confidence;
  /** Ids or patterns with `*`; `null` for all. */
  readonly only: readonly string[] | null;
}

/** Whether a finding is wanted. */
export function isWanted(
  { confidence, checkId }: Pick<Finding, "confidence" | "checkId">,
  { minConfidence, only }: Selection,
): boolean {
  return isAsSureAs(confidence, minConfidence) && (only === null || globs(only)(checkId));
}

/** The findings that are wanted, worst first, then in the order of the text. */
export function select(findings: readonly Finding[], selection: Selection): Finding[] {
  const files = new Map(findings.map(({ location }) => [location.file, 0]));
  for (const [order, file] of [...files.keys()].entries()) files.set(file, order);
  const compare = (a: Location, b: Location) =>
    (files.get(a.file) ?? 0) - (files.get(b.file) ?? 0) || a.byteOffset - b.byteOffset;
  return findings
    .filter((finding) => isWanted(finding, selection))
    .sort((a, b) => rank(a.severity) - rank(b.severity) || compare(a.location, b.location));
}

/** The same report with at most `most` findings of each check in each node; the rest is counted. 0: no limit. */
export function limitFindings(report: Report, most: number): Report {
  if (most === 0) return report;
  return { ...report, nodes: report.nodes.map((node) => limitNode(node, most)) };
}

function limitNode(node: NodeReport, most: number): NodeReport {
  const { shown, withheld } = limited(node.findings, most);
  return { ...node, findings: shown, withheld: [...node.withheld, ...withheld] };
}

/** At most `most` findings of each check, and how many are left out of which. 0: no limit. */
export function limited<T extends Pick<Finding, "checkId" | "severity">>(
  findings: readonly T[],
  most: number,
): { readonly shown: readonly T[]; readonly withheld: readonly CheckCount[] } {
  if (most === 0) return { shown: findings, withheld: [] };
  const shown: T[] = [];
  const counts = new Map<string, number>();
  const withheld = new CheckCounts();
  for (const finding of findings) {
    const count = (counts.get(finding.checkId) ?? 0) + 1;
    counts.set(finding.checkId, count);
    if (count <= most) shown.push(finding);
    else withheld.add(finding);
  }
  return { shown, withheld: withheld.all };
}

/** Counts findings by check and severity. */
export class CheckCounts {
  readonly #counts = new Map<string, { checkId: string; severity: Severity; count: number }>();

  add({ checkId, severity }: Pick<Finding, "checkId" | "severity">): void {
    const key = `${severity} ${checkId}`;
    const entry = this.#counts.get(key);
    if (entry === undefined) this.#counts.set(key, { checkId, severity, count: 1 });
    else entry.count++;
  }

  get all(): CheckCount[] {
    return [...this.#counts.values()];
  }
}

function rank(severity: Severity): number {
  return severities.indexOf(severity);
}
