import { readFacts, readPacket } from "../explain/packet.ts";
import { traceNodes } from "../explain/trace-nodes.ts";
import { readNode } from "../read-node.ts";
import { renderTraceJson } from "../report/trace-json.ts";
import { renderTraceText } from "../report/trace-text.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { lookFor } from "./look.ts";
import { print } from "./print.ts";
import type { TraceOptions } from "./program.ts";
import { readNodeTexts } from "./read-nodes.ts";

/** `iptlint trace [dump...] --from … --to …` */
export function traceCommand(paths: readonly string[], options: TraceOptions, io: Io): ExitCode {
  const request = readPacket(options);
  const facts = readFacts(options, request.question.family);
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const models = nodes.map((node) => readNode(node, reading));
  const traces = traceNodes(models, request, facts);
  progress.end();
  if (options.format === "json") print(renderTraceJson(traces), io);
  else print(renderTraceText(traces, { ...lookFor(options, io), quiet: false }), io);
  if (unreadable.length > 0) return exitCodes.unreadable;
  if (traces.length > 0) return exitCodes.ok;
  if (nodes.length > 0) io.stderr.write(`iptlint: no capture of IPv${request.question.family}\n`);
  return exitCodes.found;
}
