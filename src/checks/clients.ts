import { readAddress } from "../../grammar/values/address.ts";
import { addressMask } from "../../grammar/values/address-mask.ts";
import type { AddressMask, InterfacePattern } from "../../grammar/values/types.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { hostOf } from "../kubernetes/address-text.ts";
import { roleNumber } from "../kubernetes/read/chain-roles.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import { NOTHING_KNOWN, type NodeFacts } from "../netfilter/node.ts";
import { NONE } from "../netfilter/ruleset.ts";
import { type ClusterFacts, NO_FACTS } from "./facts.ts";

/** Who asks: somebody outside the cluster, a pod of this node, or the node itself. */
export type ClientKind = "outside" | "pod" | "node";

export interface Client {
  readonly kind: ClientKind;
  /** As a noun phrase. */
  readonly label: string;
  readonly source: bigint;
  readonly local: boolean;
  /** Absent: not known. */
  readonly inInterface?: string;
  readonly notInInterface?: InterfacePattern;
}

/** Addresses that stand for any of their kind; the first that lies in none of the networks at hand is taken. */
const OUTSIDE: Readonly<Record<Family, readonly string[]>> = {
  4: ["93.184.215.14", "151.101.1.69", "185.125.190.20", "45.33.32.156"],
  6: ["2606:2800:21f:cb07::14", "2a04:4e42::645", "2620:2d:4000::20", "2600:3c01::156"],
};
const NODE: Readonly<Record<Family, readonly string[]>> = {
  4: ["192.0.2.10", "192.168.77.10", "172.31.77.10"],
  6: ["2001:db8::a", "fd77:77::a", "2001:db8:77::a"],
};

export const bitsOf = (text: string): bigint | null => readAddress(text, { family: null })?.bits ?? null;

export function networkOf(text: string, family: Family): AddressMask | null {
  const read = addressMask.parse(text, { family });
  return "value" in read ? read.value : null;
}

export const isWithin = (address: bigint, network: AddressMask): boolean => (address & network.mask) === network.bits;

/** The node that probes take place on: its addresses where they are known, else one that a capture does not show. */
export function nodeOfProbes(
  family: Family,
  services: ServiceMap,
  known: ClusterFacts = NO_FACTS,
): { address: bigint; facts: NodeFacts } {
  const own = services.parameters.nodePortAddresses?.[0];
  const shown = own === undefined ? null : bitsOf(own);
  const told = ofFamily(family, known.nodeIps).map(({ bits }) => bits);
  const address = shown ?? told[0] ?? outsideOf(NODE[family], localNetworks(family, services, known));
  return { address, facts: { ...NOTHING_KNOWN, addresses: [address, ...told, ...cacheAddresses(services)] } };
}

function ofFamily<T extends { readonly family: Family }>(family: Family, all: readonly T[]): T[] {
  return all.filter((each) => each.family === family);
}

/**
 * Addresses on which the node itself answers DNS, as with NodeLocal DNSCache, the cluster IP of DNS among them: raw OUTPUT keeps its
 * answers from connection tracking.
 */
function cacheAddresses({ ruleset }: ServiceMap): bigint[] {
  const chain = ruleset.chain("raw", "OUTPUT");
  const found = new Set<bigint>();
  if (chain === NONE) return [];
  for (const rule of ruleset.rulesOf(chain)) {
    const { options, matches, target } = ruleset.rule(rule);
    if (target?.name !== "NOTRACK" && target?.name !== "CT") continue;
    const from = options.find(({ record }) => record?.flag === "--source");
    const port = matches.flatMap((match) => match.options).find(({ record }) => record?.flag === "--sport");
    if (from === undefined || from.negated || port?.values[0]?.text !== "53") continue;
    const ip = hostOf(from.values[0]?.text ?? "");
    const bits = ip === null ? null : bitsOf(ip);
    if (bits !== null) found.add(bits);
  }
  return [...found];
}

/** A client of each kind; no pod where the rules do not show what a pod of this node looks like. */
export function clientsOf(
  family: Family,
  services: ServiceMap,
  node: bigint,
  known: ClusterFacts = NO_FACTS,
): ReadonlyMap<ClientKind, Client> {
  const local = localNetworks(family, services, known);
  const ranges = sourceRanges(family, services);
  const clients = new Map<ClientKind, Client>();
  const outside = outsideOf(OUTSIDE[family], [...local, ...ofFamily(family, known.serviceCidrs), ...ranges]);
  const { localDetector: detector } = services.parameters;
  clients.set("outside", {
    kind: "outside",
    label: "a client outside the cluster",
    source: outside,
    local: false,
    // what comes in by the interfaces of pods comes from pods
    ...(detector?.kind === "interface" && { notInInterface: patternOf(detector.value) }),
  });
  const pod = podOf(family, services, local[0]);
  if (pod !== null) clients.set("pod", pod);
  clients.set("node", { kind: "node", label: "the node itself", source: node, local: true });
  return clients;
}

function podOf(family: Family, services: ServiceMap, local: AddressMask | undefined): Client | null {
  const { localDetector: detector } = services.parameters;
  const base = { kind: "pod", label: "a pod of this node", local: false } as const;
  if (detector?.kind === "interface") {
    const source = bitsOf(family === 4 ? "10.244.77.77" : "fd00:77::77") as bigint;
    return { ...base, source, inInterface: detector.value.replace(/\+$/, "77") };
  }
  if (local === undefined) return null;
  // neither the network's own address nor its broadcast, and rarely an endpoint's
  const host = (family === 4 ? 0xffffffffn : (1n << 128n) - 1n) ^ local.mask;
  return { ...base, source: local.bits | (host > 3n ? host - 5n : 0n) };
}

const patternOf = (text: string): InterfacePattern => ({ name: text.replace(/\+$/, ""), wildcard: text.endsWith("+") });

/** Networks of pods: the one that the rules show comes first. */
function localNetworks(family: Family, services: ServiceMap, known: ClusterFacts): AddressMask[] {
  const { localDetector: detector } = services.parameters;
  const network = detector?.kind === "cidr" ? networkOf(detector.value, family) : null;
  const networks = [...(network === null ? [] : [network]), ...ofFamily(family, known.podCidrs)];
  return networks.filter(({ mask }) => mask !== 0n);
}

/** On larger nodes nobody asks for the source ranges of all load balancers. */
const MOST_PORTS = 2000;

const FIREWALL = roleNumber("fw");

function sourceRanges(family: Family, services: ServiceMap): AddressMask[] {
  // ranges stand in chains of their own
  const ports = services.source.rules.roles.includes(FIREWALL) ? services.firstServicePorts(MOST_PORTS + 1) : [];
  if (ports.length > MOST_PORTS) return [];
  return ports
    .flatMap((port) => port.loadBalancerSourceRanges ?? [])
    .map((range) => networkOf(range, family))
    .filter((network) => network !== null)
    .filter((network) => network.mask !== 0n);
}

function outsideOf(candidates: readonly string[], networks: readonly AddressMask[]): bigint {
  const addresses = candidates.map((text) => bitsOf(text) as bigint);
  return (
    addresses.find((address) => !networks.some((network) => isWithin(address, network))) ?? (addresses[0] as bigint)
  );
}
