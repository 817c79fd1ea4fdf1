import { explain } from "../explain/explain.ts";
import { knownNodes } from "../explain/known-node.ts";
import { readSubject } from "../explain/subject.ts";
import { readNode } from "../read-node.ts";
import { wrapProse } from "../report/columns.ts";
import { forTerminal } from "../report/escape.ts";
import { renderExplainJson } from "../report/explain-json.ts";
import { renderExplainText } from "../report/explain-text.ts";
import { loadConfig } from "./config-file.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { lookFor } from "./look.ts";
import { print } from "./print.ts";
import type { ExplainOptions } from "./program.ts";
import { readNodeTexts, readSets } from "./read-nodes.ts";
import { servicesElsewhere } from "./services-elsewhere.ts";

/** `iptlint explain <what> [dump...]` */
export function explainCommand(what: string, paths: readonly string[], options: ExplainOptions, io: Io): ExitCode {
  const subject = readSubject(what);
  const known = knownNodes({}, loadConfig(options.config, io), readSets(options, io));
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const { models, report } = progress.during(() => {
    const models = nodes.map((node) => readNode(node, reading));
    return { models, report: explain(models, what, subject, known) };
  });
  if (options.format === "json") print(renderExplainJson(report), io);
  else print(renderExplainText(report, { ...lookFor(options, io), quiet: false }), io);
  if (report.answers.length === 0 && nodes.length > 0) {
    const { searched, near } = report;
    const elsewhere = subject.kind === "line" ? "" : servicesElsewhere(models);
    const { width } = lookFor(options, io);
    const said = wrapProse(`iptlint: ${forTerminal(`${what} was not found among ${searched}`)}`, width, 2);
    io.stderr.write(`${said.join("\n")}${elsewhere}\n`);
    if (near.length > 0)
      io.stderr.write(`${wrapProse(`Nearest: ${forTerminal(near.join(", "))}`, width, 2).join("\n")}\n`);
  }
  if (unreadable.length > 0) return exitCodes.unreadable;
  return report.answers.length > 0 ? exitCodes.ok : exitCodes.found;
}
