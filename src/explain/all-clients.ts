import { displayText } from "../../grammar/bytes.ts";
import { printAddress } from "../../grammar/values/address.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { nameOf } from "../checks/service-words.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { NodeModel } from "../read-node.ts";
import type { ClientsReport, ClientsRow } from "../report/trace-report.ts";
import { version } from "../version.ts";
import { Clients } from "./clients.ts";
import type { KnownNodes } from "./known-node.ts";
import { leads } from "./leads.ts";
import type { Subject } from "./subject.ts";
import { plainTrace } from "./trace-nodes.ts";
import { wayOf } from "./way.ts";

/** For each way to a Service: where the connections of every kind of client go. */
export function traceAllClients(nodes: readonly NodeModel[], subject: Subject, known: KnownNodes): ClientsReport[] {
  return nodes.flatMap((node) =>
    node.maps.flatMap((map) => {
      const clients = new Clients(map, known(node.name, map.ruleset.family ?? 4));
      return leads(map, subject).flatMap(({ port, frontend }) => {
        const frontends = frontend === null ? distinct(port.frontends) : [frontend];
        return frontends.map((each) => reportOf(node, map, port, each, clients)).filter(({ rows }) => rows.length > 0);
      });
    }),
  );
}

function reportOf(
  node: NodeModel,
  map: ServiceMap,
  port: ServicePort,
  frontend: Frontend,
  clients: Clients,
): ClientsReport {
  const family: Family = map.ruleset.family ?? 4;
  const to = frontendText(frontend, printAddress({ family, bits: clients.destinationOf(frontend) ?? 0n }), family);
  const rows = clients.to(frontend, port).map(({ client, trace }): ClientsRow => {
    const plain = plainTrace(trace);
    return {
      client: displayText(client.label),
      version,
      node: node.name,
      family,
      backend: map.ruleset.backend,
      from: printAddress({ family, bits: client.source }),
      to,
      ...plain,
      assumed: [...plain.assumed, ...clients.assumed],
      way: wayOf(map.ruleset, trace.steps, "all"),
    };
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

function distinct(frontends: readonly Frontend[]): Frontend[] {
  const seen = new Map<string, Frontend>();
  for (const frontend of frontends) {
    const key = `${frontend.kind} ${frontend.ip} ${frontend.port} ${frontend.protocol}`;
    if (frontend.kind !== "healthCheckNodePort" && !seen.has(key)) seen.set(key, frontend);
  }
  return [...seen.values()];
}
