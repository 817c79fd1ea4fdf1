import { displayText } from "../grammar/bytes.ts";
import { captureOf } from "./checks/capture.ts";
import { listed } from "./checks/words.ts";
import type { ServiceMap } from "./kubernetes/service-map-of.ts";
import type { ServicePort } from "./kubernetes/service-port.ts";
import { lineOf, type ServicePortLine } from "./kubernetes/service-port-line.ts";
import type { NodeModel } from "./read-node.ts";
import { displayed } from "./report/displayed.ts";
import type { ListedProxy, ListedServicePort, ServiceList, ServiceTable } from "./report/service-list.ts";
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
    nodes: nodes.map(({ name, maps }) => ({
      name: displayText(name),
      rows: maps.flatMap((map) => linesOf(map, filter)).sort(compare),
    })),
    notShown: [...new Set(nodes.flatMap(({ maps }) => maps.flatMap(notShownIn)))].map(displayText),
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

function linesOf(map: ServiceMap, filter: ServiceFilter): readonly ServicePortLine[] {
  const lines: ServicePortLine[] = [];
  for (const port of map.servicePorts) if (isWanted(port, filter)) lines.push(lineOf(map, port, fewEndpoints));
  return lines;
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
