import type { Backend, Family } from "../../grammar/vocabulary/record.ts";
import { restore } from "../restore.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { readInputs } from "./inputs.ts";
import type { Io } from "./io.ts";
import { outputsFor, writeReport } from "./output.ts";
import type { LintOptions } from "./program.ts";

/** `iptlint --restore [input...]` */
export function restoreCommand(paths: readonly string[], options: LintOptions, io: Io): ExitCode {
  const outputs = outputsFor(options.format);
  const { texts, unreadable } = readInputs(paths, io);
  const report = restore(texts, {
    ...(options.family !== undefined && { family: Number(options.family) as Family }),
    ...(options.backend !== undefined && { backend: options.backend as Backend }),
    ...(options.iptables !== undefined && { version: options.iptables }),
  });
  writeReport({ ...report, unreadable }, outputs, options, io);
  if (unreadable.length > 0) return exitCodes.unreadable;
  return report.nodes.every(({ findings }) => findings.length === 0) ? exitCodes.ok : exitCodes.found;
}
