import { explain } from "../explain/explain.ts";
import { readSubject } from "../explain/subject.ts";
import { readNode } from "../read-node.ts";
import { forTerminal } from "../report/escape.ts";
import { renderExplainJson } from "../report/explain-json.ts";
import { renderExplainText } from "../report/explain-text.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { lookFor } from "./look.ts";
import { print } from "./print.ts";
import type { ExplainOptions } from "./program.ts";
import { readNodeTexts } from "./read-nodes.ts";

/** `iptlint explain <what> [dump...]` */
export function explainCommand(what: string, paths: readonly string[], options: ExplainOptions, io: Io): ExitCode {
  const subject = readSubject(what);
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const report = explain(
    nodes.map((node) => readNode(node, reading)),
    what,
    subject,
  );
  progress.end();
  if (options.format === "json") print(renderExplainJson(report), io);
  else print(renderExplainText(report, { ...lookFor(options, io), quiet: false }), io);
  if (report.answers.length === 0 && nodes.length > 0) {
    const near = report.near.length === 0 ? "" : `\nNearest: ${report.near.join(", ")}`;
    io.stderr.write(
      `iptlint: ${forTerminal(what)} was not found among ${forTerminal(report.searched ?? "")}${near
        .split("\n")
        .map((line) => forTerminal(line))
        .join("\n")}\n`,
    );
  }
  if (unreadable.length > 0) return exitCodes.unreadable;
  return report.answers.length > 0 ? exitCodes.ok : exitCodes.found;
}
