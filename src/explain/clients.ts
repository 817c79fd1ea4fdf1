import { printAddress } from "../../grammar/values/address.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { bitsOf, type Client, type ClientKind, clientsOf, networkOf, nodeOfProbes } from "../checks/clients.ts";
import { questionOf } from "../checks/probe.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { NodeFacts } from "../netfilter/node.ts";
import { type Trace, trace } from "../netfilter/trace/trace.ts";
import type { KnownNode } from "./known-node.ts";
import { PodAddresses } from "./pod-addresses.ts";

/** Somebody who connects to a frontend, and where the connections go. */
export interface ClientTrace {
  readonly client: Client;
  /** It is an endpoint of the Service that it connects to. */
  readonly isEndpoint: boolean;
  readonly trace: Trace;
}

/** Asks the rules of one ruleset where connections of each kind of client go. The same node as the checks take. */
export class Clients {
  readonly #map: ServiceMap;
  readonly #family: Family;
  readonly #facts: NodeFacts;
  readonly #clients: readonly Client[];
  readonly #pods: PodAddresses;
  /** The address by which the node is asked for its ports. */
  readonly nodeAddress: bigint;

  constructor(map: ServiceMap, { cluster, facts }: KnownNode) {
    this.#map = map;
    this.#family = map.ruleset.family ?? 4;
    const node = nodeOfProbes(this.#family, map, cluster);
    this.#facts = { ...facts, addresses: node.facts.addresses };
    this.nodeAddress = node.address;
    this.#pods = new PodAddresses(map, this.#family, cluster);
    this.#clients = this.#usual(clientsOf(this.#family, map, node.address, cluster));
  }

  /** Address that a frontend is asked by; `null` where the rules do not show it. */
  destinationOf({ ip }: Frontend): bigint | null {
    return ip === null ? this.nodeAddress : bitsOf(ip);
  }

  /**
   * A trace for each kind of client: from outside (also from where a load balancer's source ranges allow it), from a pod of this node,
   * from the node by its own address and by one among its pods', from an endpoint of the Service itself.
   * @param port - `null`: the way in is nobody's Service
   */
  to(frontend: Frontend, port: ServicePort | null): ClientTrace[] {
    const destination = this.destinationOf(frontend);
    const allowed = port === null ? [] : allowedClient(this.#clients[0], frontend, port);
    const endpoint = port === null ? [] : this.#endpointOf(port);
    return [...allowed, ...this.#clients, ...endpoint].flatMap((client) => {
      const question = questionOf(client, frontend, destination);
      if (question === null) return [];
      const isEndpoint = endpoint.includes(client);
      return [{ client, isEndpoint, trace: trace(this.#map.ruleset, question, this.#facts) }];
    });
  }

  /** The clients that are the same for all Services, from outside first. */
  #usual(known: ReadonlyMap<ClientKind, Client>): Client[] {
    const { unused, bridge } = this.#pods;
    const outside = known.get("outside");
    const node = known.get("node");
    const clients = outside === undefined ? [] : [outside];
    const pod = known.get("pod");
    if (unused !== null) clients.push({ ...(pod ?? somePod), source: unused });
    else if (pod !== undefined) clients.push(pod);
    if (node === undefined) return clients;
    clients.push({ ...node, label: "this node, by its own address" });
    if (bridge !== null) clients.push({ ...node, label: "this node, by a pod-range address", source: bridge });
    return clients;
  }

  /** What the clients rest on that neither the rules nor the caller say. */
  get assumed(): string[] {
    const pod = this.#clients.find(({ kind }) => kind === "pod");
    if (pod === undefined || this.#pods.isKnown) return [];
    const address = printAddress({ family: this.#family, bits: pod.source });
    return [`pods have addresses such as ${address}, near those of endpoints; the rules do not show their network`];
  }

  #isOwn(bits: bigint | null): boolean {
    return bits !== null && this.#facts.addresses?.includes(bits) === true;
  }

  /** One that is a pod of this node, for all that is known, rather than the node itself or a pod elsewhere. */
  #endpointOf(port: ServicePort): Client[] {
    const pod = this.#clients.find(({ kind }) => kind === "pod");
    const local = new Set(port.localEndpoints ?? []);
    const pods = port.endpoints
      .map(({ ip, address }) => ({ bits: ip === null ? null : bitsOf(ip), isLocal: local.has(address ?? "") }))
      .filter(({ bits }) => bits !== null && this.#pods.mayBe(bits) && !this.#isOwn(bits));
    const source = (pods.find(({ isLocal }) => isLocal) ?? pods[0])?.bits ?? null;
    const label = "an endpoint of this Service";
    if (source === null) {
      // on the host network the node's own address is the endpoint's
      const own = port.endpoints.map(({ ip }) => (ip === null ? null : bitsOf(ip))).find((bits) => this.#isOwn(bits));
      return own == null ? [] : [{ kind: "node", label, source: own, local: true }];
    }
    return [{ ...(pod ?? somePod), label, source }];
  }
}

const somePod = { kind: "pod", label: "a pod of this node", local: false } as const;

/** A client in the first of the source ranges that alone may use a load balancer IP. */
function allowedClient(
  outside: Client | undefined,
  { kind, ip }: Frontend,
  { loadBalancerSourceRanges: ranges }: ServicePort,
): Client[] {
  const [range] = ranges ?? [];
  if (outside === undefined || kind !== "loadBalancerIP" || ip === null || range === undefined) return [];
  const network = networkOf(range, ip.includes(":") ? 6 : 4);
  if (network === null) return [];
  return [{ ...outside, label: `a client in ${range}`, source: network.bits | 1n }];
}
