import { frontendInWords, isOutside } from "../checks/service-words.ts";
import { listed } from "../checks/words.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { ClientTrace } from "./clients.ts";
import { arrivals, lossesInWords } from "./fates.ts";
import { linesOf, linesOfChain } from "./lines.ts";

/** Where the connections of all clients to a frontend go. */
export type Traced = (frontend: Frontend) => readonly ClientTrace[];

/**
 * What policies, source ranges and missing endpoints mean for this Service port.
 * @param asked - the way in that was asked for; `null`: all of them
 */
export function* policyRemarks(
  map: ServiceMap,
  port: ServicePort,
  asked: Frontend | null,
  traced: Traced,
): Iterable<string> {
  if (port.hasEndpoints === false) {
    const refused = port.frontends.filter(({ fate }) => fate === "rejected").map(({ rule }) => rule);
    yield `The Service has no ready endpoint, so kube-proxy has connections to it refused (${linesOf(map.ruleset, refused)}).`;
    return;
  }
  const outside = asked === null ? plainOutside(port) : isOutside(asked) ? asked : undefined;
  if (outside !== undefined && port.externalTrafficPolicy === "Local")
    yield* externalPolicy(map, port, traced(outside));
  const cluster = asked === null || asked.kind === "clusterIP" ? port.clusterFrontend : null;
  if (cluster !== null && port.internalTrafficPolicy === "Local") yield internalPolicy(map, port, cluster);
  const balancer = port.frontends.find(({ kind }) => kind === "loadBalancerIP");
  if (balancer !== undefined && (asked === null || asked.kind === "loadBalancerIP"))
    yield* sourceRanges(map, port, asked ?? balancer, traced);
}

/** A way in from outside, without source ranges where there is one. */
function plainOutside({ frontends }: ServicePort): Frontend | undefined {
  return frontends.find(({ kind }) => kind === "nodePort") ?? frontends.find(isOutside);
}

function* externalPolicy(map: ServiceMap, port: ServicePort, traces: readonly ClientTrace[]): Iterable<string> {
  const outside = traces.find(({ client }) => client.kind === "outside");
  if (outside === undefined) return;
  const arrived = arrivals(outside.trace);
  const local = new Set(arrived.map(({ dnat }) => dnat));
  const all = port.clusterEndpoints?.length ?? null;
  const others = traces.filter(({ client, isEndpoint }) => client.kind !== "outside" && !isEndpoint);
  const reachingAll = others.filter(({ trace }) => all !== null && addressesIn(trace).size === all && all > 0);
  const served = reachingAll.length === 0 ? "" : `; those ${fromWhom(reachingAll)} go to all endpoints`;
  const pod = others.find(({ client }) => client.kind === "pod");
  const blind =
    pod !== undefined && all !== null && all > local.size && sameAddresses(addressesIn(pod.trace), local)
      ? ". The rules do not tell pods from clients outside"
      : "";
  const chain = linesOfChain(map.ruleset, port.chain("ext") === NONE ? port.chain("xlb") : port.chain("ext"));
  const where = chain === "" ? "" : ` (${chain})`;
  if (local.size > 0) {
    const kept = arrived.every(({ snat }) => snat === false) ? " and keep their source" : "";
    const count = local.size === 1 ? "the endpoint" : `the ${local.size} endpoints`;
    yield `externalTrafficPolicy is Local${where}: connections from outside go to ${count} on this node alone${kept}${served}${blind}.`;
    return;
  }
  const lost = `connections from outside are ${lossesInWords(outside.trace)}`;
  if (port.localEndpoints?.length !== 0) {
    yield `externalTrafficPolicy is Local${where}: ${lost}${served}${blind}.`;
    return;
  }
  const check = port.healthCheckNodePort ?? 0;
  const told = check > 0 ? ` Health check port ${check} tells load balancers to keep away.` : "";
  yield `externalTrafficPolicy is Local and this node has no endpoint of the Service: ${lost}${served}${blind}.${told}`;
}

function internalPolicy({ ruleset }: ServiceMap, port: ServicePort, { fate, rule }: Frontend): string {
  const where = linesOf(ruleset, [rule]);
  if (fate === "dropped")
    return `internalTrafficPolicy is Local and this node has no endpoint of the Service: connections to the cluster IP are dropped here (${where}).`;
  const count = port.localEndpoints?.length === 1 ? "the endpoint" : "the endpoints";
  return `internalTrafficPolicy is Local: connections to the cluster IP go to ${count} on this node alone (${where}).`;
}

function* sourceRanges(map: ServiceMap, port: ServicePort, frontend: Frontend, traced: Traced): Iterable<string> {
  const ranges = port.loadBalancerSourceRanges ?? [];
  if (ranges.length === 0) return;
  const traces = traced(frontend);
  const outside = traces.filter(({ client }) => client.kind === "outside").at(-1);
  const shut =
    outside === undefined || arrivals(outside.trace).length > 0
      ? ""
      : `; connections from elsewhere are ${lossesInWords(outside.trace)}`;
  const inside = traces.filter(({ client, isEndpoint }) => client.kind !== "outside" && !isEndpoint);
  const shutToo = inside.filter(({ trace }) => arrivals(trace).length === 0);
  const too = shut === "" || shutToo.length === 0 ? "" : `, those ${fromWhom(shutToo)} too`;
  const rules: RuleId[] = [...map.ruleset.rulesOf(port.chain("fw"))];
  yield `Load balancer IP ${frontend.ip} is open to ${listed(ranges)} alone (${linesOf(map.ruleset, rules)})${shut}${too}.`;
  const open = port.frontends.find(({ kind, fate }) => kind === "nodePort" && fate === "forwarded");
  if (open !== undefined)
    yield `${frontendInWords(open)} knows no source ranges (${linesOf(map.ruleset, [open.rule])}): it is open to everybody who reaches this node.`;
}

const addressesIn = (trace: ClientTrace["trace"]): Set<string | null> =>
  new Set(arrivals(trace).map(({ dnat }) => dnat));

const sameAddresses = (one: ReadonlySet<string | null>, other: ReadonlySet<string | null>): boolean =>
  one.size === other.size && one.size > 0 && [...one].every((address) => other.has(address));

/** "from pods and from this node" */
function fromWhom(traces: readonly ClientTrace[]): string {
  const kinds = new Set(traces.map(({ client }) => client.kind));
  return listed([...(kinds.has("pod") ? ["from pods"] : []), ...(kinds.has("node") ? ["from this node"] : [])]);
}
