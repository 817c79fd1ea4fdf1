import { byteString } from "../../grammar/bytes.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import type { ServicePortFacts } from "./service-map.ts";
import type { ServiceMap } from "./service-map-of.ts";
import type { ServicePort } from "./service-port.ts";

/** What a line about a Service port says of it. */
export type ServicePortLine = Pick<
  ServicePortFacts,
  | "id"
  | "protocol"
  | "family"
  | "clusterIP"
  | "port"
  | "nodePort"
  | "externalIPs"
  | "loadBalancerIPs"
  | "hasEndpoints"
  | "externalTrafficPolicy"
  | "internalTrafficPolicy"
  | "sessionAffinity"
  | "sessionAffinityTimeoutSeconds"
> & {
  /** Name of its first chain, where it has no name. */
  readonly chain: string | null;
  readonly endpointCount: number;
  /** The addresses, if they are no more than were asked for; `null` for one that the rules do not show. */
  readonly endpointAddresses: readonly (string | null)[];
};

/** What a line says, from proofs where there are any; the rules are read otherwise. */
export function lineOf(map: ServiceMap, port: ServicePort, mostAddresses: number): ServicePortLine {
  return provenLine(map, port, mostAddresses) ?? readLine(port, mostAddresses);
}

function provenLine({ source, proofs }: ServiceMap, port: ServicePort, mostAddresses: number): ServicePortLine | null {
  const facts = proofs?.facts(port.group) ?? null;
  if (facts === null) return null;
  const { clusterIP, endpointCount, firstJump } = facts;
  const { store, family } = source.ruleset;
  // what no rule leads to is not there, if the capture would show it
  const { natComplete } = source;
  const none = natComplete ? [] : null;
  return {
    id: port.id,
    protocol: port.protocol,
    family: family ?? (clusterIP.includes(":") ? 6 : 4),
    clusterIP,
    port: facts.port,
    nodePort: facts.nodePort ?? (natComplete ? 0 : null),
    externalIPs: none,
    loadBalancerIPs: none,
    hasEndpoints: true,
    externalTrafficPolicy: facts.isExternal ? "Cluster" : natComplete ? "" : null,
    internalTrafficPolicy: "Cluster",
    sessionAffinity: natComplete ? "None" : null,
    sessionAffinityTimeoutSeconds: null,
    chain: null,
    endpointCount,
    endpointAddresses: endpointCount > mostAddresses ? [] : addressesFrom(store, firstJump),
  };
}

/** Where the endpoints are to which the rules lead from `jump` on: what the second rules of their chains translate to. */
function addressesFrom(store: RuleStore, jump: RuleId): readonly string[] {
  const found: string[] = [];
  for (let rule = jump; rule !== NONE; rule = store.nextRule(rule)) {
    const chain: ChainId = store.targetChain(rule);
    const start = store.valueStart(store.nextRule(store.firstRule(chain)));
    found.push(byteString(store.bytes, start, store.wordEnd(start)));
  }
  return found;
}

function readLine(port: ServicePort, mostAddresses: number): ServicePortLine {
  const endpointCount = port.endpointChains().length;
  const { id, protocol, family, clusterIP, nodePort, externalIPs, loadBalancerIPs, hasEndpoints } = port;
  const { externalTrafficPolicy, internalTrafficPolicy, sessionAffinity } = port;
  return {
    id,
    protocol,
    family,
    clusterIP,
    port: port.port,
    nodePort,
    externalIPs,
    loadBalancerIPs,
    hasEndpoints,
    externalTrafficPolicy,
    internalTrafficPolicy,
    sessionAffinity,
    sessionAffinityTimeoutSeconds: sessionAffinity === "ClientIP" ? port.sessionAffinityTimeoutSeconds : null,
    chain: id === null ? port.firstChain : null,
    endpointCount,
    endpointAddresses: endpointCount > mostAddresses ? [] : port.spread.addresses(),
  };
}
