import { utf8ByteString } from "../../grammar/bytes.ts";
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
import { nearTo, searchedFor } from "./not-found.ts";
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
  const answers = nodes.flatMap((node) =>
    subject.kind === "line"
      ? lineAnswers(node, subject.line)
      : node.maps.flatMap((map) => answersIn(node, map, subject, known)),
  );
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
  const chains = subject.kind === "name" ? chainAnswers(node, map, utf8ByteString(subject.name)) : [];
  const clients = new Clients(map, known(node.name, map.ruleset.family ?? 4));
  const answers = leads(map, subject)
    .slice(0, mostAnswers)
    .map((lead) => answerFor(node, map, lead, clients));
  return subject.kind === "port" ? withHostPorts(answers, node, map, clients, subject) : [...chains, ...answers];
}

/** Everybody who takes a port of the node, in the order in which their rules are asked. */
function withHostPorts(
  answers: readonly Explanation[],
  node: NodeModel,
  map: ServiceMap,
  clients: Clients,
  { port, protocol }: { port: number; protocol: string | null },
): Explanation[] {
  const others = hostPortClaims(node, map, clients, port, protocol);
  if (others.length === 0) return [...answers];
  const kubeProxy = entryLine(map.ruleset, map.ruleset.chain("nat", "KUBE-SERVICES"));
  const claims = [...answers.map((answer) => ({ answer, by: "kube-proxy", entry: kubeProxy })), ...others].sort(
    (a, b) => a.entry - b.entry,
  );
  return claims.slice(0, mostAnswers).map(({ answer, entry }) => {
    const first = claims[0];
    if (first === undefined || first.entry === entry) return answer;
    const headline = `${answer.headline}; but the rules of ${first.by} are asked first (line ${first.entry})`;
    return { ...answer, headline };
  });
}
