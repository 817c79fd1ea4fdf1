import { hostPrefix, splitAddress } from "./address-text.ts";
import { probabilityText } from "./balance.ts";
import { chainPrefixes, endpointChain, printServicePortName, servicePortHash } from "./chain-name.ts";
import type { EndpointComment, Era, ProxyParameters, ServicePortFacts } from "./service-map.ts";
import type { NodeContext, Role, ServiceContext, Slot } from "./templates/slot.ts";
import { roles } from "./templates/slot.ts";
import { slotsByRole } from "./templates/slots.ts";
import { fill, type Values } from "./templates/template.ts";

/** A rule as kube-proxy would write it and iptables-save print it. */
export interface WrittenRule {
  readonly table: "nat" | "filter";
  readonly chain: string;
  readonly slot: Slot;
  readonly text: string;
}

/** An endpoint; one of the two may be unknown. `null` for the chain: its name follows from that of the Service port. */
export interface WritableEndpoint {
  readonly address: string | null;
  readonly chain: string | null;
}

/** A Service port with what the writer must know beside its facts. Without `null` where a rule needs the value. */
export interface WritableServicePort
  extends Omit<ServicePortFacts, "endpoints" | "clusterEndpoints" | "localEndpoints"> {
  /** Endpoints of the cluster and of this node, in the order of their rules. */
  readonly cluster: readonly WritableEndpoint[];
  readonly local: readonly WritableEndpoint[];
  /** The name as its comments spell it; absent: as `id` is. */
  readonly name?: string | null;
  readonly endpointComments: EndpointComment | null;
  readonly nodeInRange: boolean;
  /** External and load balancer IPs of a Service without endpoints: the rules that refuse them do not tell which is which. */
  readonly refusedIPs: readonly string[];
}

/** kube-proxy's settings, and what the writer must know of the node beside them. */
export interface WritableNode extends ProxyParameters {
  readonly family: 4 | 6;
  /** The built-in chains of table filter jump to KUBE-FIREWALL first. */
  readonly firewallHook: boolean;
}

/** Rules of one Service port, chain by chain, in the order of kube-proxy within each chain. */
export function writeServicePort(port: WritableServicePort, node: WritableNode): WrittenRule[] {
  const cluster = jumpValues(port, port.cluster, node);
  const local = jumpValues(port, port.local, node);
  const context = serviceContext(port, cluster, local, node);
  const common = commonValues(port, node);
  const ofNode = nodeValues(node);
  const written: WrittenRule[] = [];
  for (const role of roles) {
    if (role === "sep") {
      for (const endpoint of endpointValues(port))
        writeRole(role, context, [endpoint, common, ofNode], endpoint["SEP"] ?? "", written);
    } else {
      const chain = chainOfRole(role, common);
      if (chain !== null) writeRole(role, context, [common, ofNode], chain, written);
    }
  }
  return written;
}

/** Rules that stand once on a node: kube-proxy's jumps out of the built-in chains, and its chains for marks. */
export function writeNode(node: WritableNode): WrittenRule[] {
  const era = eraOf(node);
  const context: NodeContext = {
    era,
    dropInvalid: node.dropInvalid === true,
    martianGuard: node.martianGuard === true,
    firewallHook: node.firewallHook,
    nodePortAddresses: (node.nodePortAddresses ?? []).map(hostPrefix),
  };
  const values = nodeValues(node);
  const written: WrittenRule[] = [];
  for (const [index, role] of roles.entries())
    for (const slot of slotsByRole[index] ?? []) {
      if (slot.of !== "node" || !slot.eras.includes(era)) continue;
      for (const instance of slot.instances(context)) {
        const made = rule(slot, role.slice(role.indexOf(" ") + 1), [instance, values]);
        if (made !== null) written.push(made);
      }
    }
  return written;
}

const eraOf = (node: ProxyParameters): Era => node.era ?? "1.25";

/** Adds the rules of a chain. */
function writeRole(
  role: Role,
  context: ServiceContext,
  layers: readonly Values[],
  chain: string,
  written: WrittenRule[],
): void {
  const made: WrittenRule[] = [];
  const groups = new Map<WrittenRule, number>();
  for (const slot of slotsByRole[roles.indexOf(role)] ?? []) {
    if (slot.of !== "service" || !slot.eras.includes(context.era)) continue;
    for (const instance of slot.instances(context)) {
      const one = rule(slot, chain, [instance, ...layers]);
      if (one === null) continue;
      made.push(one);
      if (instance["group"] !== undefined) groups.set(one, Number(instance["group"]));
    }
  }
  if (groups.size > 0) made.sort((a, b) => (groups.get(a) ?? 0) - (groups.get(b) ?? 0));
  for (const one of made) written.push(one);
}

/** `null` where the facts lack a value that the rule has. */
function rule(slot: Slot, chain: string, layers: readonly Values[]): WrittenRule | null {
  const table = slot.role.startsWith("filter ") ? "filter" : "nat";
  const text = fill(slot.template, chain, layers);
  return text === null ? null : { table, chain, slot, text };
}

/** The chain of a role; `null` for chains that this Service port does not have. */
function chainOfRole(role: Role, common: Values): string | null {
  if (role.includes(" ")) return role.slice(role.indexOf(" ") + 1);
  return common[role.toUpperCase()] ?? null;
}

/** `cluster` and `local`: values of the rules that lead to each endpoint. */
function serviceContext(
  port: WritableServicePort,
  cluster: readonly Values[],
  local: readonly Values[],
  node: WritableNode,
): ServiceContext {
  const era = eraOf(node);
  const external = port.externalTrafficPolicy === "" ? null : port.externalTrafficPolicy;
  const internal = port.internalTrafficPolicy ?? "Cluster";
  const refused = port.hasEndpoints === false;
  return {
    era,
    external,
    internal,
    marksClusterIP: port.clusterIP !== null && (node.masqueradeAll === true || node.localDetector !== null),
    detector: node.localDetector?.kind ?? null,
    countsNodePorts: node.nfacct === true && node.localhostNodePorts === true && node.family === 4,
    affinity: port.sessionAffinity === "ClientIP",
    clusterIP: port.clusterIP,
    nodePort: port.nodePort ?? 0,
    healthCheckNodePort: port.healthCheckNodePort ?? 0,
    externalIPs: (port.externalIPs ?? []).map(hostPrefix),
    loadBalancerIPs: (port.loadBalancerIPs ?? []).map(hostPrefix),
    refusedIPs: port.refusedIPs.map(hostPrefix),
    ranges: port.loadBalancerSourceRanges ?? [],
    nodeInRange: port.nodeInRange,
    cluster,
    local,
    refuseInternal: refused ? "REJECT" : internal === "Local" && local.length === 0 && era === "1.25" ? "DROP" : null,
    refuseExternal: refused ? "REJECT" : external === "Local" && local.length === 0 && era === "1.25" ? "DROP" : null,
  };
}

const isXlb = (era: Era): boolean => era === "1.20" || era === "1.22";

function commonValues(port: WritableServicePort, node: WritableNode): Values {
  const era = eraOf(node);
  const name = nameOf(port);
  const hash = name === null || port.protocol === null ? null : servicePortHash(name, port.protocol);
  const chain = (role: keyof typeof port.chains, exists: boolean): string | null =>
    port.chains[role] ?? (exists && hash !== null ? chainPrefixes[role] + hash : null);
  const forwards = port.hasEndpoints !== false;
  const outside = port.externalTrafficPolicy !== "" && port.externalTrafficPolicy !== null;
  const local = port.externalTrafficPolicy === "Local";
  const ranges = (port.loadBalancerSourceRanges ?? []).length > 0;
  const balanced = (port.loadBalancerIPs ?? []).length > 0;
  const SVC = chain("svc", forwards && port.cluster.length > 0);
  const usesLocal = local || port.internalTrafficPolicy === "Local";
  const SVL = chain("svl", forwards && !isXlb(era) && (port.local.length > 0 || (era === "1.24" && usesLocal)));
  const EXT = chain("ext", forwards && !isXlb(era) && outside);
  const XLB = chain("xlb", forwards && isXlb(era) && local);
  const FW = chain("fw", forwards && balanced && (isXlb(era) || ranges));
  return {
    SVC,
    SVL,
    EXT,
    XLB,
    FW,
    name,
    protocol: port.protocol,
    clusterIP: port.clusterIP === null ? null : hostPrefix(port.clusterIP),
    port: port.port === null ? null : String(port.port),
    nodePort: String(port.nodePort ?? 0),
    healthCheckNodePort: String(port.healthCheckNodePort ?? 0),
    internalChain: port.internalTrafficPolicy === "Local" && !isXlb(era) ? SVL : SVC,
    policyChain: local ? XLB : SVC,
    balancerChain: isXlb(era) || ranges ? FW : EXT,
    firewallNext: isXlb(era) ? (local ? XLB : SVC) : EXT,
    seconds: String(port.sessionAffinityTimeoutSeconds ?? 0),
    affinity: port.sessionAffinity === "ClientIP" ? "yes" : null,
    mask: port.sessionAffinity === "ClientIP" ? recentMask(node.family) : null,
    rejectWith: node.family === 6 ? "icmp6-port-unreachable" : "icmp-port-unreachable",
  };
}

const recentMask = (family: 4 | 6): string =>
  family === 6 ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" : "255.255.255.255";

function nodeValues(node: WritableNode): Values {
  const mark = node.masqueradeMark ?? "0x4000/0x4000";
  const loopback = node.family === 6 ? "::1/128" : "127.0.0.0/8";
  const source = node.localDetector?.kind === "cidr" ? node.localDetector.value : null;
  const from = node.localDetector?.kind === "interface" ? node.localDetector.value : null;
  const all = node.masqueradeAll === true;
  return {
    mark,
    unmark: `${mark.split("/")[0]}/0x0`,
    loopback,
    notLoopback: node.localhostNodePorts === false ? loopback : null,
    randomFully: node.randomFully === false ? null : "yes",
    countInvalid: node.nfacct === true ? "yes" : null,
    localSource: source,
    localInterface: from,
    notLocalSource: all ? null : source,
    notLocalInterface: all ? null : from,
  };
}

const nameOf = (port: WritableServicePort): string | null =>
  port.name !== undefined && port.name !== null
    ? port.name
    : port.namespace === null || port.service === null || port.portName === null
      ? port.id
      : printServicePortName({ namespace: port.namespace, service: port.service, portName: port.portName });

function jumpValues(port: WritableServicePort, endpoints: readonly WritableEndpoint[], node: WritableNode): Values[] {
  const comments = port.endpointComments ?? "arrow";
  return endpoints.map((endpoint, i) => {
    const probability = probabilityText(i, endpoints.length, node.probabilityDigits ?? 10);
    return oneEndpoint(
      port,
      endpoint,
      endpointComment(comments, nameOf(port), endpoint.address),
      String(i),
      probability,
    );
  });
}

/** Values of every endpoint's own chain, each once. */
function endpointValues(port: WritableServicePort): Values[] {
  const chains = new Map<string, Values>();
  // The rules of an endpoint's own chain never say its address in their comments.
  const comment = port.endpointComments === "none" ? null : nameOf(port);
  for (const endpoint of [...port.cluster, ...port.local]) {
    const values = oneEndpoint(port, endpoint, comment, null, null);
    if (typeof values["SEP"] === "string") chains.set(values["SEP"], values);
  }
  return [...chains.values()];
}

function oneEndpoint(
  port: WritableServicePort,
  { address, chain }: WritableEndpoint,
  comment: string | null,
  index: string | null,
  probability: string | null,
): Values {
  const name = nameOf(port);
  const isNamed = name !== null && port.protocol !== null && address !== null;
  const ip = address === null ? null : (splitAddress(address)?.ip ?? address);
  return {
    endpoint: address,
    endpointIP: ip === null ? null : hostPrefix(ip),
    SEP: chain ?? (isNamed ? endpointChain(name, port.protocol, address) : null),
    endpointComment: comment,
    index,
    probability,
  };
}

function endpointComment(form: EndpointComment, name: string | null, address: string | null): string | null {
  if (form === "none" || name === null) return null;
  return form === "name" ? name : address === null ? null : `${name} -> ${address}`;
}
