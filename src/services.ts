import type { ServiceMap } from "./kubernetes/service-map-of.ts";
import type { ServicePort } from "./kubernetes/service-port.ts";
import type { NodeModel } from "./read-node.ts";
import { displayed } from "./report/displayed.ts";
import type { ListedProxy, ListedServicePort, ServiceList } from "./report/service-list.ts";
import { version } from "./version.ts";

/** Which Service ports are wanted; all conditions hold. */
export interface ServiceFilter {
  readonly namespace?: string;
  readonly nodePort?: number;
  /** Only those without endpoints. */
  readonly noEndpoints?: boolean;
}

/** Lists Service ports, sorted by name, protocol and IP version; those without a name last. */
export function listServices(nodes: readonly NodeModel[], filter: ServiceFilter = {}): ServiceList {
  return {
    version,
    proxies: nodes.flatMap(({ name, maps }) => maps.map((map) => proxyOf(name, map))),
    servicePorts: nodes.flatMap(({ name, maps }) =>
      maps
        .flatMap((map) =>
          map.servicePorts.filter((port) => isWanted(port, filter)).map((port) => listedPort(name, map, port)),
        )
        .sort(compare),
    ),
  };
}

function proxyOf(node: string, { ruleset, parameters }: ServiceMap): ListedProxy {
  return { node, family: ruleset.family, backend: ruleset.backend, parameters: displayed(parameters) };
}

function isWanted(port: ServicePort, { namespace, nodePort, noEndpoints }: ServiceFilter): boolean {
  return (
    (namespace === undefined || port.namespace === namespace) &&
    (nodePort === undefined || port.nodePort === nodePort || port.healthCheckNodePort === nodePort) &&
    (noEndpoints !== true || port.hasEndpoints === false)
  );
}

/** A Service port as JSON has it. */
export function listedPort(node: string, { ruleset }: ServiceMap, port: ServicePort): ListedServicePort {
  const rules = port.evidence;
  const file = rules[0] === undefined ? "" : ruleset.place(rules[0]).file;
  const lines = new Set(rules.map((rule) => ruleset.store.line(rule)));
  return { node, file, ...displayed(port.facts()), evidence: [...lines].sort((a, b) => a - b) };
}

function compare(a: ListedServicePort, b: ListedServicePort): number {
  return order(a.id, b.id) || order(a.protocol, b.protocol) || (a.family ?? 0) - (b.family ?? 0);
}

function order(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}
