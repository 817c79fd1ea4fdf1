import { traceAllClients } from "../explain/all-clients.ts";
import { knownNodes } from "../explain/known-node.ts";
import { readPacket } from "../explain/packet.ts";
import { readSubject } from "../explain/subject.ts";
import { traceNodes } from "../explain/trace-nodes.ts";
import { readNode } from "../read-node.ts";
import { renderClientsText } from "../report/clients-text.ts";
import { renderTraceJson } from "../report/trace-json.ts";
import { renderTraceText } from "../report/trace-text.ts";
import { loadConfig } from "./config-file.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { type Io, UsageError } from "./io.ts";
import { lookFor } from "./look.ts";
import { print } from "./print.ts";
import type { TraceOptions } from "./program.ts";
import { readNodeTexts, readSets } from "./read-nodes.ts";

/** `iptlint trace [dump...] --from … --to …`, `iptlint trace [dump...] --all-clients …` */
export function traceCommand(paths: readonly string[], options: TraceOptions, io: Io): ExitCode {
  const { to, allClients } = options;
  if ((to === undefined) === (allClients === undefined)) throw new UsageError("trace asks for --to or --all-clients");
  return to === undefined
    ? traceClients(paths, options, allClients ?? "", io)
    : tracePacket(paths, { ...options, to }, io);
}

function tracePacket(paths: readonly string[], options: TraceOptions & { readonly to: string }, io: Io): ExitCode {
  const request = readPacket(options);
  const known = knownNodes(options, loadConfig(options.config, io), readSets(options, io));
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const traces = progress.during(() => {
    const models = nodes.map((node) => readNode(node, reading));
    return traceNodes(models, request, known);
  });
  if (options.format === "json") print(renderTraceJson(traces), io);
  else print(renderTraceText(traces, { ...lookFor(options, io), quiet: false }), io);
  if (unreadable.length > 0) return exitCodes.unreadable;
  if (traces.length > 0) return exitCodes.ok;
  if (nodes.length > 0) io.stderr.write(`iptlint: no capture of IPv${request.question.family}\n`);
  return exitCodes.found;
}

function traceClients(paths: readonly string[], options: TraceOptions, service: string, io: Io): ExitCode {
  const given = (["from", "in", "out", "local", "mark", "tcpFlags"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (given !== undefined)
    throw new UsageError("--all-clients asks from everywhere, so it goes without options of the packet");
  const subject = readSubject(service);
  const known = knownNodes(options, loadConfig(options.config, io), readSets(options, io));
  const { nodes, unreadable, options: reading, progress } = readNodeTexts(paths, options, io);
  const reports = progress.during(() => {
    const models = nodes.map((node) => readNode(node, reading));
    return traceAllClients(models, subject, known);
  });
  const traces = reports.flatMap(({ rows }) => rows);
  if (options.format === "json") {
    print(renderTraceJson(traces.map(({ client, from, ...rest }) => ({ ...rest, from: `${client} (${from})` }))), io);
  } else if (reports.length > 0) print(renderClientsText(reports, { ...lookFor(options, io), quiet: false }), io);
  else if (nodes.length > 0) io.stderr.write(`iptlint: ${service} leads to no Service in these rules\n`);
  if (unreadable.length > 0) return exitCodes.unreadable;
  return reports.length > 0 ? exitCodes.ok : exitCodes.found;
}
