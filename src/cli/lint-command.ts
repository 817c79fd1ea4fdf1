import { isAtLeast, type Severity } from "../checks/finding.ts";
import { lint } from "../lint.ts";
import { renderBaseline } from "../report/baseline-json.ts";
import { type FormatName, formats } from "../report/formats.ts";
import { allFindings, type Report } from "../report/report.ts";
import { limitFindings } from "../report/select.ts";
import { NewBaseline } from "../suppress/baseline.ts";
import { loadBaseline, loadConfig } from "./config-file.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { type Io, UsageError } from "./io.ts";
import { lookFor } from "./look.ts";
import { print, writeTo } from "./print.ts";
import type { FormatRequest, LintOptions } from "./program.ts";
import { readNodeTexts } from "./read-nodes.ts";

/** Formats that people read: long lists of the same are cut. */
const readByPeople: ReadonlySet<string> = new Set(["text", "markdown"]);
const shownOfEach = 20;

/** `iptlint [dump...]` */
export function lintCommand(paths: readonly string[], options: LintOptions, io: Io): ExitCode {
  const outputs = outputsFor(options.format ?? []);
  const config = loadConfig(options.config, io);
  const newBaseline = options.writeBaseline === undefined ? null : new NewBaseline(options.writeBaseline);
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const found = lint(nodes, {
    minConfidence: options.minConfidence,
    only: options.only ?? null,
    config,
    baseline: options.baseline === undefined ? null : loadBaseline(options.baseline, io),
    newBaseline,
    suppressions: options.suppressions ?? true,
    ...reading,
  });
  progress.end();
  if (newBaseline !== null) writeTo(newBaseline.name, renderBaseline(newBaseline.entries), io);
  const report: Report = { ...found, unreadable };
  for (const { format, file } of outputs) {
    const limit = options.maxFindings ?? (readByPeople.has(format) ? shownOfEach : 0);
    const pieces = formats[format](limitFindings(report, limit), {
      ...lookFor(options, io),
      quiet: options.quiet ?? false,
    });
    if (file === null) print(pieces, io);
    else writeTo(file, pieces, io);
  }
  if (unreadable.length > 0) return exitCodes.unreadable;
  return isFine(report, options.failOn ?? config?.failOn ?? "warning") ? exitCodes.ok : exitCodes.found;
}

/** Where each format goes. Standard output gets one; text, when none was asked for. */
function outputsFor(requests: readonly FormatRequest[]): { format: FormatName; file: string | null }[] {
  const outputs = requests.map(({ format, file }) => ({ format: format as FormatName, file }));
  const onStdout = outputs.filter(({ file }) => file === null);
  if (onStdout.length > 1) {
    const names = onStdout.map(({ format }) => format).join(" and ");
    throw new UsageError(
      `${names} cannot share standard output; give files: --format ${onStdout[1]?.format}=report.txt`,
    );
  }
  return onStdout.length === 0 ? [{ format: "text", file: null }, ...outputs] : outputs;
}

function isFine(report: Report, failOn: Severity | "never"): boolean {
  if (failOn === "never") return true;
  if (report.nodes.some((node) => node.kubeProxy === null && node.expectsKubeProxy)) return false;
  return [...allFindings(report)].every(({ severity }) => !isAtLeast(severity, failOn));
}
