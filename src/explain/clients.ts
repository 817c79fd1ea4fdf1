import { readAddress } from "../../grammar/values/address.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { type Client, clientsOf, networkOf, nodeOfProbes } from "../checks/clients.ts";
import { questionOf } from "../checks/probe.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { NodeFacts } from "../netfilter/node.ts";
import { type Trace, trace } from "../netfilter/trace/trace.ts";

/** Somebody who connects to a frontend, and where the connections go. */
export interface ClientTrace {
  readonly client: Client;
  readonly trace: Trace;
}

/** Asks the rules of one ruleset where connections of each kind of client go. The same node and clients as the checks take. */
export class Clients {
  readonly #map: ServiceMap;
  readonly #facts: NodeFacts;
  readonly #nodeAddress: bigint;
  readonly #clients: readonly Client[];

  constructor(map: ServiceMap) {
    this.#map = map;
    const family: Family = map.ruleset.family ?? 4;
    const node = nodeOfProbes(family, map);
    this.#facts = node.facts;
    this.#nodeAddress = node.address;
    this.#clients = [...clientsOf(family, map, node.address).values()];
  }

  /** A trace for each kind of client: from outside, from a pod of this node, from the node itself. */
  to(frontend: Frontend, port: ServicePort): ClientTrace[] {
    const destination =
      frontend.ip === null ? this.#nodeAddress : (readAddress(frontend.ip, { family: null })?.bits ?? null);
    const outside = this.#clients.find(({ kind }) => kind === "outside");
    const allowed = outside === undefined ? [] : allowedClients(outside, frontend, port);
    return [...allowed, ...this.#clients].flatMap((client) => {
      const question = questionOf(client, frontend, destination);
      return question === null ? [] : [{ client, trace: trace(this.#map.ruleset, question, this.#facts) }];
    });
  }
}

/** A client in the first of the source ranges that alone may use a load balancer IP. */
function allowedClients(
  outside: Client,
  { kind, ip }: Frontend,
  { loadBalancerSourceRanges: ranges }: ServicePort,
): Client[] {
  const [range] = ranges ?? [];
  if (kind !== "loadBalancerIP" || ip === null || range === undefined) return [];
  const network = networkOf(range, ip.includes(":") ? 6 : 4);
  if (network === null) return [];
  return [{ ...outside, label: `a client in ${range}`, source: network.bits | 1n }];
}
