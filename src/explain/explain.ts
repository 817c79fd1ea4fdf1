import { displayText, utf8ByteString } from "../../grammar/bytes.ts";
import { nearest } from "../../grammar/nearest.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { NodeModel } from "../read-node.ts";
import type { ExplainReport, Explanation } from "../report/explanation.ts";
import { version } from "../version.ts";
import { answerFor } from "./answer.ts";
import { chainAnswers } from "./chain-answer.ts";
import { Clients } from "./clients.ts";
import { entryLine, hostPortClaims } from "./host-port-answer.ts";
import { type KnownNodes, knownNodes } from "./known-node.ts";
import { leads } from "./leads.ts";
import { lineAnswers } from "./line-answer.ts";
import type { Subject } from "./subject.ts";

/** Most answers that one question gets from one ruleset. */
const mostAnswers = 20;

/** Answers what a port, an address, a Service, a chain, an endpoint or a line is, on every node. */
export function explain(
  nodes: readonly NodeModel[],
  question: string,
  subject: Subject,
  known: KnownNodes = knownNodes(),
): ExplainReport {
  const answers = nodes.flatMap((node) => node.maps.flatMap((map) => answersIn(node, map, subject, known)));
  const found = answers.length > 0;
  return {
    version,
    question,
    answers,
    searched: found ? null : searchedFor(subject, nodes),
    near: found ? [] : nearTo(subject, nodes),
  };
}

function answersIn(node: NodeModel, map: ServiceMap, subject: Subject, known: KnownNodes): Explanation[] {
  if (subject.kind === "line") return lineAnswers(node, map, subject.line);
  if (subject.kind === "chain") return chainAnswers(node, map, utf8ByteString(subject.name));
  const clients = new Clients(map, known(node.name, map.ruleset.family ?? 4));
  const answers = leads(map, subject)
    .slice(0, mostAnswers)
    .map((lead) => answerFor(node, map, lead, clients));
  return subject.kind === "port" ? withHostPorts(answers, node, map, subject) : answers;
}

/** Everybody who takes a port of the node, in the order in which their rules are asked. */
function withHostPorts(
  answers: readonly Explanation[],
  node: NodeModel,
  map: ServiceMap,
  { port, protocol }: { port: number; protocol: string | null },
): Explanation[] {
  const others = hostPortClaims(node, map, port, protocol);
  if (others.length === 0) return [...answers];
  const kubeProxy = entryLine(map.ruleset, map.ruleset.chain("nat", "KUBE-SERVICES"));
  const claims = [...answers.map((answer) => ({ answer, entry: kubeProxy })), ...others].sort(
    (a, b) => a.entry - b.entry,
  );
  return claims.slice(0, mostAnswers).map(({ answer, entry }, k) => {
    if (k === 0 || claims[0]?.entry === entry) return answer;
    const remark = `The rules of the answer before this one are asked first (line ${claims[k - 1]?.entry}): what they take does not get here.`;
    return { ...answer, remarks: [remark, ...answer.remarks] };
  });
}

function searchedFor(subject: Subject, nodes: readonly NodeModel[]): string {
  const ports = nodes.reduce(
    (sum, { maps }) => sum + maps.reduce((count, map) => count + map.servicePorts.length, 0),
    0,
  );
  const where = `${ports} Service ports in these rules`;
  switch (subject.kind) {
    case "port":
      return `node ports and health check ports of the ${where}`;
    case "address":
      return `cluster IPs, external IPs, load balancer IPs and endpoints of the ${where}`;
    case "service":
      return `names of the ${where}`;
    case "chain":
      return "chains that are declared or jumped to";
    case "line":
      return "rules and chains by their line";
  }
}

/** What the user may have meant. */
function nearTo(subject: Subject, nodes: readonly NodeModel[]): string[] {
  const ports = nodes.flatMap(({ maps }) => maps.flatMap(({ servicePorts }) => servicePorts));
  switch (subject.kind) {
    case "port": {
      const known = [
        ...new Set(
          ports.flatMap((port) => port.frontends.filter(({ ip }) => ip === null).map((frontend) => frontend.port)),
        ),
      ];
      return known
        .filter((port) => port !== null)
        .sort((a, b) => Math.abs(a - subject.port) - Math.abs(b - subject.port))
        .slice(0, 3)
        .map(String);
    }
    case "service": {
      const bare = subject.name.slice(subject.name.indexOf("/") + 1).replace(/:.*/, "");
      const same = ports.filter((port) => port.service === bare).map((port) => port.id ?? "");
      const near = nearest(
        subject.name,
        ports.flatMap(({ id }) => (id === null ? [] : [id])),
      );
      return [...new Set([...same, ...(near === null ? [] : [near])])].slice(0, 5).map(displayText);
    }
    case "chain": {
      const same = ports.filter((port) => port.service === subject.name).map((port) => port.id ?? "");
      return [...new Set(same)].slice(0, 5).map(displayText);
    }
    default:
      return [];
  }
}
