import { displayText } from "../grammar/bytes.ts";
import { captureOf } from "./checks/capture.ts";
import { listed } from "./checks/words.ts";
import type { ServiceMap } from "./kubernetes/service-map-of.ts";
import type { ServicePort } from "./kubernetes/service-port.ts";
import { lineOf } from "./kubernetes/service-port-line.ts";
import type { NodeModel } from "./read-node.ts";
import { displayed } from "./report/displayed.ts";
import type { ListedProxy, ListedServicePort, ServiceList, ServiceRow, ServiceTable } from "./report/service-list.ts";
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

/** The same for a table: of long lists of endpoints it has the number alone. */
export function tabulateServices(nodes: readonly NodeModel[], filter: ServiceFilter = {}): ServiceTable {
  return {
    nodes: nodes.map(({ name }) => name),
    notShown: [...new Set(nodes.flatMap(({ maps }) => maps.flatMap(notShownIn)))].map(displayText),
    rows: nodes.flatMap(({ name, maps }) =>
      maps
        .flatMap((map) =>
          map.servicePorts.filter((port) => isWanted(port, filter)).map((port) => rowOf(displayText(name), map, port)),
        )
        .sort(compare),
    ),
  };
}

/** What the capture lacks, and what is not known therefore, one line for each consequence. */
function notShownIn(map: ServiceMap): string[] {
  const { missing } = map;
  const byConsequence = new Map<string, string[]>();
  for (const { what, consequence } of missing)
    byConsequence.set(consequence, [...(byConsequence.get(consequence) ?? []), what]);
  const gaps = Array.from(byConsequence, ([consequence, lacking]) => `${listed(lacking)}; ${consequence}`);
  return captureOf(map).isLossy ? [lostMatches, ...gaps] : gaps;
}

const lostMatches =
  "ports and marks; an iptables printed this capture that is older than the one which loaded the rules";

/** So many addresses of endpoints stand in a row of the table. */
const fewEndpoints = 2;

function rowOf(node: string, map: ServiceMap, port: ServicePort): ServiceRow {
  const line = lineOf(map, port, fewEndpoints);
  // one by one: a copy of all at once takes ten times as long
  return {
    node,
    id: shown(line.id),
    protocol: shown(line.protocol),
    family: line.family,
    clusterIP: shown(line.clusterIP),
    port: line.port,
    nodePort: line.nodePort,
    externalIPs: allShown(line.externalIPs),
    loadBalancerIPs: allShown(line.loadBalancerIPs),
    hasEndpoints: line.hasEndpoints,
    externalTrafficPolicy: line.externalTrafficPolicy,
    internalTrafficPolicy: line.internalTrafficPolicy,
    sessionAffinity: line.sessionAffinity,
    sessionAffinityTimeoutSeconds: line.sessionAffinityTimeoutSeconds,
    // it stands for the name
    chain: shown(line.chain),
    endpointCount: line.endpointCount,
    endpointAddresses: line.endpointAddresses.map(shown),
  };
}

const shown = (text: string | null): string | null => (text === null ? null : displayText(text));

const allShown = (texts: readonly string[] | null): readonly string[] | null =>
  texts === null || texts.length === 0 ? texts : texts.map(displayText);

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

function compare(a: Sortable, b: Sortable): number {
  return order(a.id, b.id) || order(a.protocol, b.protocol) || (a.family ?? 0) - (b.family ?? 0);
}

type Sortable = Pick<ListedServicePort, "id" | "protocol" | "family">;

function order(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}
