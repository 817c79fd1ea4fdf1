import type { Ast } from "../grammar/syntax-tree.ts";
import { judgesSuppressions } from "./checks/documented.ts";
import type { Finding } from "./checks/finding.ts";
import type { PendingFinding } from "./checks/pending-finding.ts";
import type { CheckRun } from "./checks/run.ts";
import { type Config, levelOf } from "./config/config.ts";
import { countsInWords, type NodeReport } from "./report/report.ts";
import { CheckCounts, isWanted, limited, type Selection, select } from "./report/select.ts";
import type { Baseline, NewBaseline } from "./suppress/baseline.ts";
import { Suppressions } from "./suppress/suppressions.ts";

/** What decides which findings are told. */
export interface SieveOptions extends Selection {
  readonly config: Config | null;
  /** Findings that are known. */
  readonly baseline: Baseline | null;
  /** Takes in what is left, and suppresses it. */
  readonly newBaseline: NewBaseline | null;
  /** False: as if nothing were suppressed. */
  readonly suppressions: boolean;
  /** So many findings of each check are told of a node; the rest is counted. 0: all are told. */
  readonly maxFindings: number;
}

/** Parts the findings of a run into those that are told, those that are known and accepted, and those that nobody wants. */
export class Sieve {
  readonly #options: SieveOptions;
  readonly #suppressions: Suppressions | null;

  constructor(options: SieveOptions) {
    this.#options = options;
    this.#suppressions = options.suppressions ? new Suppressions(options.config, options.baseline) : null;
  }

  /** The findings of one node. */
  sift(
    node: string,
    ast: Ast,
    { findings, muted, counted }: CheckRun,
  ): Pick<NodeReport, "findings" | "withheld" | "suppressed" | "turnedOff"> {
    const silent = new Set([...muted.flatMap(({ checkIds }) => checkIds), ...counted]);
    const parts = this.#suppressions?.sift(node, ast, findings, silent) ?? { findings, suppressed: [] };
    const off = new CheckCounts();
    const left = this.#wanted(parts.findings, node, off).sort((a, b) => a.rank - b.rank || a.offset - b.offset);
    const known = parts.suppressed.flatMap(({ finding, suppression }) =>
      this.#levelled(finding, node, off)
        .filter((each) => isWanted(each, this.#options))
        .map((each) => ({ finding: each, suppression })),
    );
    const { newBaseline } = this.#options;
    const accepted = newBaseline === null ? [] : left.filter(({ checkId }) => !judgesSuppressions(checkId));
    const told = newBaseline === null ? left : left.filter(({ checkId }) => judgesSuppressions(checkId));
    const { shown, withheld } = limited(told, this.#options.maxFindings);
    return {
      findings: shown.map(({ finding }) => finding),
      withheld,
      suppressed: [
        ...known,
        ...(newBaseline?.accept(
          ast,
          accepted.map(({ finding }) => finding),
        ) ?? []),
      ],
      turnedOff: off.all,
    };
  }

  #wanted(findings: readonly PendingFinding[], node: string, off: CheckCounts): PendingFinding[] {
    const wanted: PendingFinding[] = [];
    for (const pending of findings) {
      if (this.#options.config === null) {
        if (isWanted(pending, this.#options)) wanted.push(pending);
        continue;
      }
      for (const each of this.#levelled(pending.finding, node, off))
        if (isWanted(each, this.#options)) wanted.push(pending.as(each.severity));
    }
    return wanted;
  }

  /** A sentence about findings of which the selection wants nothing to be said; none where it wants all. */
  notes(findings: readonly PendingFinding[]): string[] {
    const left = findings.filter((finding) => !isWanted(finding, this.#options));
    if (left.length === 0) return [];
    const counts = { error: 0, warning: 0, info: 0 };
    for (const { severity } of left) counts[severity]++;
    return [`${countsInWords(counts)} not shown: other checks or less sure than was asked for`];
  }

  /** What is to be said of the suppressions themselves, once every node was there. */
  remarks(): Finding[] {
    const all = this.#suppressions?.unused() ?? [];
    const off = new CheckCounts();
    return select(
      all.flatMap((finding) => this.#levelled(finding, "", off)),
      this.#options,
    );
  }

  /** The finding as bad as the configuration says; none where that turns it off, which is counted. */
  #levelled(finding: Finding, node: string, off: CheckCounts): readonly Finding[] {
    const { config, only } = this.#options;
    if (config === null) return [finding];
    const level = levelOf(finding, node, config);
    if (level !== "off") return [level === finding.severity ? finding : { ...finding, severity: level }];
    // who asks for a check by its name gets it
    if (only?.includes(finding.checkId) === true) return [finding];
    if (isWanted(finding, this.#options)) off.add(finding);
    return [];
  }
}
