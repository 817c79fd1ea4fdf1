import { type FormatName, formats } from "../report/formats.ts";
import type { Report } from "../report/report.ts";
import { limitFindings } from "../report/select.ts";
import { type Io, UsageError } from "./io.ts";
import { type LookOptions, lookFor } from "./look.ts";
import { print, writeTo } from "./print.ts";
import type { FormatRequest } from "./program.ts";

/** Formats that people read: long lists of the same are cut. */
const readByPeople: ReadonlySet<string> = new Set(["text", "markdown"]);
const shownOfEach = 20;

/** A format, and where it goes; `null`: to standard output. */
interface Output {
  readonly format: FormatName;
  readonly file: string | null;
}

/** How a report is to be printed. */
export interface OutputOptions extends LookOptions {
  readonly format?: readonly FormatRequest[];
  readonly quiet?: boolean;
  readonly maxFindings?: number;
}

/**
 * Where each format goes. Standard output gets one; text, when none was asked for.
 * @throws {UsageError} when two are to share it
 */
export function outputsFor(requests: readonly FormatRequest[] = []): Output[] {
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

/** So many findings of each check some format shows; 0: all of them. */
export function mostShown(outputs: readonly Output[], options: OutputOptions): number {
  const limits = outputs.map(({ format }) => limitOf(format, options));
  return limits.includes(0) ? 0 : Math.max(...limits);
}

const limitOf = (format: FormatName, { maxFindings }: OutputOptions): number =>
  maxFindings ?? (readByPeople.has(format) ? shownOfEach : 0);

/** Prints a report in every format that was asked for. */
export function writeReport(report: Report, outputs: readonly Output[], options: OutputOptions, io: Io): void {
  for (const { format, file } of outputs) {
    const look = { ...lookFor(options, io), quiet: options.quiet ?? false };
    const pieces = formats[format](limitFindings(report, limitOf(format, options)), look);
    if (file === null) print(pieces, io);
    else writeTo(file, pieces, io);
  }
}
