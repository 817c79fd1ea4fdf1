import { nearest } from "../../grammar/nearest.ts";
import { documentedChecks, judgesCapture } from "../checks/documented.ts";
import { isAtLeast, type Severity } from "../checks/finding.ts";
import { globs } from "../config/glob.ts";
import { lint } from "../lint.ts";
import { renderBaseline } from "../report/baseline-json.ts";
import { forTerminal } from "../report/escape.ts";
import { allFindings, type NodeReport, type Report } from "../report/report.ts";
import { NewBaseline } from "../suppress/baseline.ts";
import { loadBaseline, loadConfig } from "./config-file.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { type Io, UsageError } from "./io.ts";
import { mostShown, outputsFor, writeReport } from "./output.ts";
import { writeTo } from "./print.ts";
import type { LintOptions } from "./program.ts";
import { readNodeTexts } from "./read-nodes.ts";

/** `iptlint [dump...]` */
export function lintCommand(paths: readonly string[], options: LintOptions, io: Io): ExitCode {
  const outputs = outputsFor(options.format);
  for (const pattern of options.only ?? []) expectCheck(pattern);
  const config = loadConfig(options.config, io);
  const baseline = options.baseline === undefined ? null : loadBaseline(options.baseline, io);
  const newBaseline = options.writeBaseline === undefined ? null : new NewBaseline(options.writeBaseline);
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const found = progress.during(() =>
    lint(nodes, {
      minConfidence: options.minConfidence,
      only: options.only ?? null,
      config,
      baseline,
      newBaseline,
      suppressions: options.suppressions ?? true,
      maxFindings: mostShown(outputs, options),
      ...reading,
    }),
  );
  if (newBaseline !== null) writeTo(newBaseline.name, renderBaseline(newBaseline.entries), io);
  const report: Report = { ...found, unreadable };
  writeReport(report, outputs, options, io);
  for (const node of report.nodes) warnOfHidden(node, io);
  if (unreadable.length > 0) return exitCodes.unreadable;
  return isFine(report, options.failOn ?? config?.failOn ?? "warning") ? exitCodes.ok : exitCodes.found;
}

/** A misspelt check would find nothing and be taken for a node without findings. */
function expectCheck(pattern: string): void {
  const ids = documentedChecks.map(({ id }) => id);
  if (ids.some(globs([pattern]))) return;
  const near = pattern.includes("*") ? null : nearest(pattern, ids);
  throw new UsageError(`--only ${pattern}: there is no such check${near === null ? "" : `; did you mean ${near}?`}`);
}

/** Whatever the format: nobody is to take a capture for sound because somebody silenced what says otherwise. */
function warnOfHidden({ name, suppressed, turnedOff }: NodeReport, io: Io): void {
  const hidden = [...suppressed.map(({ finding }) => finding), ...turnedOff];
  const grave = hidden.filter(({ checkId, severity }) => severity !== "info" && judgesCapture(checkId));
  const ids = [...new Set(grave.map(({ checkId }) => checkId))];
  if (ids.length === 0) return;
  const what = `${name}: ${ids.join(", ")} ${ids.length === 1 ? "is" : "are"} suppressed or turned off`;
  io.stderr.write(`iptlint: ${forTerminal(`${what}: the capture may not show what the kernel has`)}\n`);
}

function isFine(report: Report, failOn: Severity | "never"): boolean {
  if (failOn === "never") return true;
  if (report.nodes.some((node) => node.kubeProxy === null && node.expectsKubeProxy)) return false;
  const withheld = report.nodes.flatMap((node) => node.withheld);
  return [...allFindings(report), ...withheld].every(({ severity }) => !isAtLeast(severity, failOn));
}
