import type { CheckDocumentation } from "./checks/check.ts";
import { documentedChecks } from "./checks/documented.ts";
import type { Config } from "./config/config.ts";
import { explain as explainNodes } from "./explain/explain.ts";
import { knownNodes } from "./explain/known-node.ts";
import { type PacketOptions, readPacket } from "./explain/packet.ts";
import { readSubject } from "./explain/subject.ts";
import { traceNodes } from "./explain/trace-nodes.ts";
import type { NodeTexts } from "./nodes.ts";
import { type ReadOptions, readNode } from "./read-node.ts";
import type { ExplainReport } from "./report/explanation.ts";
import type { ServiceList } from "./report/service-list.ts";
import type { TraceReport } from "./report/trace-report.ts";
import { listServices, type ServiceFilter } from "./services.ts";

/** How dumps are read, and what is known besides of the nodes that they are from. */
export interface AnswerOptions extends ReadOptions {
  readonly config?: Config | null;
}

/** What is to be known of everything that can be found. */
export const checks: readonly CheckDocumentation[] = documentedChecks;

/** The Services that kube-proxy's rules show on the nodes. */
export function services(nodes: readonly NodeTexts[], options: ServiceFilter & ReadOptions = {}): ServiceList {
  return listServices(
    nodes.map((node) => readNode(node, options)),
    options,
  );
}

/**
 * Whose a port, an address, a Service, a chain, an endpoint or a line is, and where it leads.
 * @param what - `30080`, `30080/udp`, `10.96.0.10:80`, `namespace/name:port`, `KUBE-SVC-…`, `10.244.1.5`, `line:42`
 * @throws {RequestError} when `what` cannot be anything
 */
export function explain(nodes: readonly NodeTexts[], what: string, options: AnswerOptions = {}): ExplainReport {
  const subject = readSubject(what);
  return explainNodes(
    nodes.map((node) => readNode(node, options)),
    what,
    subject,
    knownNodes({}, options.config),
  );
}

/**
 * Where a packet goes on each node.
 * @throws {RequestError} when the packet does not read
 */
export function trace(nodes: readonly NodeTexts[], packet: PacketOptions, options: AnswerOptions = {}): TraceReport[] {
  const request = readPacket(packet);
  return traceNodes(
    nodes.map((node) => readNode(node, options)),
    request,
    knownNodes(packet, options.config),
  );
}
