import { displayText } from "../../grammar/bytes.ts";
import type { Client } from "../checks/clients.ts";
import { frontendInWords, nameOf } from "../checks/service-words.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { NodeModel } from "../read-node.ts";

/** Whose the way in is, or by which ways one gets to the Service port. */
export function headlineOf(map: ServiceMap, port: ServicePort, frontend: Frontend | null): string {
  if (frontend === null) return `${nameOf(port)} is ${waysIn(port)}`;
  if (port.id === null && frontend.chain !== null) {
    const from = displayText(map.ruleset.chainName(map.ruleset.chainOf(frontend.rule)));
    const to = map.ruleset.chainName(frontend.chain);
    return `${from} sends ${shortFrontend(frontend)} to ${to}; the capture does not name its Service${besides(port, frontend)}`;
  }
  const whose = port.id === null && frontend.chain === null ? nameOf(port) : `Service ${nameOf(port)}`;
  const over = map.ruleset.family === 6 && frontend.ip === null ? " over IPv6" : "";
  return `${shortFrontend(frontend)}${over} is ${article(frontend)} of ${whose}${besides(port, frontend)}`;
}

/** The other ways in, in brackets. */
function besides({ frontends }: ServicePort, frontend: Frontend): string {
  const others = frontends.filter((other) => other !== frontend && other.kind !== frontend.kind).slice(0, 3);
  return others.length === 0 ? "" : ` (${others.map(frontendInBrief).join(", ")})`;
}

function waysIn(port: ServicePort): string {
  if (port.frontends.length === 0) return "a Service port that nothing in this capture leads to";
  return `a Service port with ${port.frontends.map(frontendInWords).join(", ")}`;
}

function shortFrontend({ ip, port, protocol }: Frontend): string {
  const at = `${port ?? "?"}/${protocol ?? "?"}`;
  return ip === null ? at : `${ip.includes(":") ? `[${ip}]` : ip}:${at}`;
}

function article({ kind }: Frontend): string {
  switch (kind) {
    case "nodePort":
      return "the NodePort";
    case "healthCheckNodePort":
      return "the health check port";
    case "clusterIP":
      return "the cluster IP";
    case "externalIP":
      return "an external IP";
    case "loadBalancerIP":
      return "a load balancer IP";
    case "external":
      return "an external or load balancer IP";
  }
}

function frontendInBrief(frontend: Frontend): string {
  return frontend.kind === "clusterIP"
    ? `port ${frontend.port ?? "?"}, cluster IP ${frontend.ip ?? "?"}`
    : frontendInWords(frontend);
}

/** Whose way to where is shown. */
export function wayTitle(node: NodeModel, map: ServiceMap, frontend: Frontend, client: Client): string {
  const from = { outside: "", pod: " from a pod of this node", node: " from this node itself" }[client.kind];
  const files = node.store.ast.source.files;
  const file = files.length > 1 ? ` (lines of ${map.ruleset.place(frontend.rule).file})` : "";
  return `The way of a connection${from} to ${placeOf(map, frontend)}${file}`;
}

/** Where a frontend is reached, in words. */
function placeOf({ nodePortGates: gates, parameters, ruleset }: ServiceMap, frontend: Frontend): string {
  if (frontend.ip !== null) return shortFrontend(frontend);
  const own = gates.filter(({ isKubeProxys }) => isKubeProxys);
  const [first] = own;
  if (first !== undefined && first.ip !== null) return shortFrontend({ ...frontend, ip: first.ip });
  const isShut = parameters.localhostNodePorts === false || (ruleset.family === 6 && first !== undefined);
  return `any address of this node${isShut ? " but loopback" : ""}, port ${shortFrontend(frontend)}`;
}
