import type { Ast } from "../grammar/syntax-tree.ts";
import { judgesSuppressions } from "./checks/documented.ts";
import type { Finding, Severity } from "./checks/finding.ts";
import type { CheckRun } from "./checks/run.ts";
import { type Config, levelOf } from "./config/config.ts";
import { type CheckCount, countsInWords, type NodeReport } from "./report/report.ts";
import { isWanted, type Selection, select } from "./report/select.ts";
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
  ): Pick<NodeReport, "findings" | "suppressed" | "turnedOff"> {
    const silent = new Set([...muted.flatMap(({ checkIds }) => checkIds), ...counted]);
    const parts = this.#suppressions?.sift(node, ast, findings, silent) ?? { findings, suppressed: [] };
    const off = new Counts();
    const left = select(this.#levelled(parts.findings, node, off), this.#options);
    const known = parts.suppressed.flatMap(({ finding, suppression }) =>
      select(this.#levelled([finding], node, off), this.#options).map((each) => ({ finding: each, suppression })),
    );
    const { newBaseline } = this.#options;
    if (newBaseline === null) return { findings: left, suppressed: known, turnedOff: off.all };
    const accepted = left.filter(({ checkId }) => !judgesSuppressions(checkId));
    return {
      findings: left.filter(({ checkId }) => judgesSuppressions(checkId)),
      suppressed: [...known, ...newBaseline.accept(ast, accepted)],
      turnedOff: off.all,
    };
  }

  /** A sentence about findings of which the selection wants nothing to be said; none where it wants all. */
  notes(findings: readonly Finding[]): string[] {
    const left = findings.filter((finding) => !isWanted(finding, this.#options));
    if (left.length === 0) return [];
    const counts = { error: 0, warning: 0, info: 0 };
    for (const { severity } of left) counts[severity]++;
    return [`${countsInWords(counts)} not shown: other checks or less sure than was asked for`];
  }

  /** What is to be said of the suppressions themselves, once every node was there. */
  remarks(): Finding[] {
    return select(this.#levelled(this.#suppressions?.unused() ?? [], "", new Counts()), this.#options);
  }

  /** Findings as bad as the configuration says; what it turns off is counted. */
  #levelled(findings: readonly Finding[], node: string, off: Counts): readonly Finding[] {
    const { config, only } = this.#options;
    if (config === null) return findings;
    return findings.flatMap((finding) => {
      const level = levelOf(finding, node, config);
      if (level !== "off") return level === finding.severity ? finding : { ...finding, severity: level };
      // who asks for a check by its name gets it
      if (only?.includes(finding.checkId) === true) return finding;
      if (isWanted(finding, this.#options)) off.add(finding);
      return [];
    });
  }
}

/** Findings by check and severity. */
class Counts {
  readonly #counts = new Map<string, { checkId: string; severity: Severity; count: number }>();

  add({ checkId, severity }: Finding): void {
    const key = `${severity} ${checkId}`;
    const entry = this.#counts.get(key);
    if (entry === undefined) this.#counts.set(key, { checkId, severity, count: 1 });
    else entry.count++;
  }

  get all(): CheckCount[] {
    return [...this.#counts.values()];
  }
}
