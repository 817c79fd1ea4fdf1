import { displayText } from "../../grammar/bytes.ts";
import { printAddress } from "../../grammar/values/address.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { type Client, clientsOf, isWithin, networkOf, nodeOfProbes } from "../checks/clients.ts";
import { questionOf } from "../checks/probe.ts";
import { nameOf } from "../checks/service-words.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { NodeFacts } from "../netfilter/node.ts";
import { trace } from "../netfilter/trace/trace.ts";
import type { NodeModel } from "../read-node.ts";
import type { ClientsReport, ClientsRow } from "../report/trace-report.ts";
import { version } from "../version.ts";
import { leads } from "./leads.ts";
import { bitsOf } from "./packet.ts";
import type { Subject } from "./subject.ts";
import { plainTrace } from "./trace-nodes.ts";
import { wayOf } from "./way.ts";

/** For each way to a Service: where the connections of every kind of client go. */
export function traceAllClients(
  nodes: readonly NodeModel[],
  subject: Subject,
  factsFor: (family: Family) => NodeFacts,
): ClientsReport[] {
  return nodes.flatMap((node) =>
    node.maps.flatMap((map) => {
      const facts = factsFor(map.ruleset.family ?? 4);
      return leads(map, subject).flatMap(({ port, frontend }) => {
        const frontends = frontend === null ? distinct(port.frontends) : [frontend];
        return frontends.map((each) => reportOf(node, map, port, each, facts)).filter(({ rows }) => rows.length > 0);
      });
    }),
  );
}

function reportOf(
  node: NodeModel,
  map: ServiceMap,
  port: ServicePort,
  frontend: Frontend,
  given: NodeFacts,
): ClientsReport {
  const family: Family = map.ruleset.family ?? 4;
  const probes = nodeOfProbes(family, map);
  const address = given.addresses?.[0] ?? probes.address;
  const facts = { ...given, addresses: [...(given.addresses ?? probes.facts.addresses ?? [])] };
  const destination = frontend.ip === null ? address : bitsOf(frontend.ip);
  const rows = clientsTo(map, port, family, address).flatMap((client): ClientsRow[] => {
    const question = questionOf(client, frontend, destination);
    if (question === null) return [];
    const traced = trace(map.ruleset, question, facts);
    return [
      {
        client: displayText(client.label),
        version,
        node: node.name,
        family,
        backend: map.ruleset.backend,
        from: printAddress({ family, bits: client.source }),
        to: frontendText(frontend, printAddress({ family, bits: destination ?? 0n }), family),
        ...plainTrace(traced),
        way: wayOf(map.ruleset, traced.steps, "all"),
      },
    ];
  });
  return { name: displayText(nameOf(port)), kind: kinds[frontend.kind], rows };
}

const kinds: Readonly<Record<Frontend["kind"], string>> = {
  clusterIP: "cluster IP",
  externalIP: "external IP",
  loadBalancerIP: "load balancer IP",
  external: "external or load balancer IP",
  nodePort: "node port",
  healthCheckNodePort: "health check node port",
};

function frontendText({ port, protocol }: Frontend, address: string, family: Family): string {
  return `${family === 6 ? `[${address}]` : address}:${port}/${protocol ?? "tcp"}`;
}

/** Outside, a pod, the node by its own address and by one among its pods', and an endpoint of the Service itself. */
function clientsTo(map: ServiceMap, port: ServicePort, family: Family, address: bigint): Client[] {
  const known = clientsOf(family, map, address);
  const clients = [...known.values()];
  const pod = known.get("pod");
  const { localDetector: detector } = map.parameters;
  const pods = detector?.kind === "cidr" ? networkOf(detector.value, family) : null;
  if (pods !== null && pods.mask !== 0n) {
    const label = "the node, from its pod range";
    clients.push({ kind: "node", label, source: pods.bits | 1n, local: true });
  }
  const endpoint = port.endpoints.find(({ ip }) => ip !== null);
  const source = endpoint?.ip == null ? null : bitsOf(endpoint.ip);
  // an endpoint that is no pod may be this very node
  if (source !== null && (pods === null || isWithin(source, pods))) {
    const base = { kind: "pod", label: "an endpoint of this Service", source, local: false } as const;
    clients.push(pod?.inInterface === undefined ? base : { ...base, inInterface: pod.inInterface });
  }
  return clients;
}

function distinct(frontends: readonly Frontend[]): Frontend[] {
  const seen = new Map<string, Frontend>();
  for (const frontend of frontends) {
    const key = `${frontend.kind} ${frontend.ip} ${frontend.port} ${frontend.protocol}`;
    if (frontend.kind !== "healthCheckNodePort" && !seen.has(key)) seen.set(key, frontend);
  }
  return [...seen.values()];
}
