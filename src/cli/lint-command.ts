import { isAtLeast } from "../checks/finding.ts";
import { lint } from "../lint.ts";
import { type FormatName, formats } from "../report/formats.ts";
import type { Report } from "../report/report.ts";
import { limitFindings } from "../report/select.ts";
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
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const found = lint(nodes, {
    minConfidence: options.minConfidence,
    only: options.only ?? null,
    ...reading,
  });
  progress.end();
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
  return isFine(report, options.failOn) ? exitCodes.ok : exitCodes.found;
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

function isFine(report: Report, failOn: LintOptions["failOn"]): boolean {
  if (failOn === "never") return true;
  return report.nodes.every(
    (node) =>
      (node.kubeProxy !== null || !node.expectsKubeProxy) &&
      node.findings.every((finding) => !isAtLeast(finding.severity, failOn)),
  );
}
