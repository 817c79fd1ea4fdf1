/**
 * The rules of kube-proxy's chains in table nat (pkg/proxy/iptables/proxier.go, syncProxyRules; read in 1.20.2, 1.22, 1.30.5 and
 * a source of 1.32 or later). Slots stand in the order in which kube-proxy writes them.
 */

import { isEverywhere } from "../address-text.ts";
import {
  ALL,
  byOthers,
  EXT_ERAS,
  perNode,
  perService,
  type ServiceContext,
  type Slot,
  slotsOf,
  XLB_ERAS,
} from "./slot.ts";
import type { Values } from "./template.ts";

const TO_CLUSTER_IP = `-d {clusterIP} -p {protocol} -m comment --comment "{name} cluster IP" -m {protocol} --dport {port}`;
const MASQUERADE_CLUSTER_IP = `[notLocalSource: ! -s {notLocalSource}] -d {clusterIP} [notLocalInterface: ! -i {notLocalInterface}] -p {protocol} -m comment --comment "{name} cluster IP" -m {protocol} --dport {port} -j KUBE-MARK-MASQ`;
const TO_EXTERNAL_IP = `-d {address} -p {protocol} -m comment --comment "{name} external IP" -m {protocol} --dport {port}`;
const TO_LOAD_BALANCER_IP = `-d {address} -p {protocol} -m comment --comment "{name} loadbalancer IP" -m {protocol} --dport {port}`;
const TO_NODE_PORT = `-p {protocol} -m comment --comment "{name}" -m {protocol} --dport {nodePort}`;
const ENDPOINT_COMMENT = `[endpointComment: -m comment --comment "{endpointComment}"]`;
const AFFINITY = `-m recent --rcheck --seconds {seconds} --reap --name {SEP} [mask: --mask {mask} --rsource] -j {SEP}`;
const BALANCE = `[probability: -m statistic --mode random --probability {probability}] -j {SEP}`;
const OF_BALANCER = `-m comment --comment "{name} loadbalancer IP"`;
const LAST_RULE = `-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain"`;

/** More than any Service has source ranges. */
const GROUP = 1_000_000;
const LAST_OF_GROUP = GROUP - 1;
const LAST = String(Number.MAX_SAFE_INTEGER);

const grouped = (addresses: readonly string[]): Values[] =>
  addresses.map((address, group) => ({ address, group: String(group) }));
/** In 1.24 the chain of local endpoints is there even where there are none. */
const hasWayIn = (s: ServiceContext): boolean =>
  s.internal === "Local" ? s.local.length > 0 || (s.era === "1.24" && hasEndpoints(s)) : s.cluster.length > 0;
const hasEndpoints = (s: ServiceContext): boolean => s.refuseExternal !== "REJECT";
const hasNodePort = (s: ServiceContext): boolean => s.nodePort > 0 && hasEndpoints(s);
const usesFirewall = (s: ServiceContext): boolean => s.ranges.length > 0;

export const natSlots: readonly Slot[] = [
  ...slotsOf(
    "svc",
    perService(
      "masquerade-cluster-ip",
      ["1.22", "1.24", "1.25"],
      MASQUERADE_CLUSTER_IP,
      (s) => s.marksClusterIP && s.internal === "Cluster",
    ),
    perService(
      "masquerade-external-ip",
      ["1.22"],
      `[notLocalSource: ! -s {notLocalSource}] -d {address} [notLocalInterface: ! -i {notLocalInterface}] -p {protocol} -m comment --comment "{name} external IP" -m {protocol} --dport {port} -j KUBE-MARK-MASQ`,
      (s) => (s.external === "Cluster" ? s.externalIPs.map((address) => ({ address })) : []),
    ),
    perService(
      "masquerade-node-port",
      ["1.22"],
      `${TO_NODE_PORT} -j KUBE-MARK-MASQ`,
      (s) => s.nodePort > 0 && s.external === "Cluster",
    ),
    perService("affinity", ALL, `${ENDPOINT_COMMENT} ${AFFINITY}`, (s) => (s.affinity ? s.cluster : [])),
    perService("endpoint", ALL, `${ENDPOINT_COMMENT} ${BALANCE}`, (s) => s.cluster),
  ),

  ...slotsOf(
    "svl",
    perService(
      "masquerade-cluster-ip",
      EXT_ERAS,
      MASQUERADE_CLUSTER_IP,
      (s) => s.marksClusterIP && s.internal === "Local",
    ),
    perService(
      "no-local-endpoints",
      ["1.24"],
      `-m comment --comment "{name} has no local endpoints" -j KUBE-MARK-DROP`,
      (s) => s.local.length === 0,
    ),
    perService("affinity", EXT_ERAS, `${ENDPOINT_COMMENT} ${AFFINITY}`, (s) => (s.affinity ? s.local : [])),
    perService("endpoint", EXT_ERAS, `${ENDPOINT_COMMENT} ${BALANCE}`, (s) => s.local),
  ),

  ...slotsOf(
    "sep",
    perService("hairpin", ALL, `-s {endpointIP} ${ENDPOINT_COMMENT} -j KUBE-MARK-MASQ`, () => true),
    perService(
      "dnat",
      ALL,
      `-p {protocol} ${ENDPOINT_COMMENT} [affinity: -m recent --set --name {SEP}] [mask: --mask {mask} --rsource] -m {protocol} -j DNAT --to-destination {endpoint}`,
      () => true,
    ),
  ),

  ...slotsOf(
    "ext",
    perService(
      "masquerade",
      EXT_ERAS,
      `-m comment --comment "masquerade traffic for {name} external destinations" -j KUBE-MARK-MASQ`,
      (s) => s.external === "Cluster",
    ),
    perService(
      "pods",
      EXT_ERAS,
      `-s {localSource} -m comment --comment "pod traffic for {name} external destinations" -j {SVC}`,
      (s) => s.external === "Local" && s.detector === "cidr",
    ),
    perService(
      "pods-interface",
      EXT_ERAS,
      `-i {localInterface} -m comment --comment "pod traffic for {name} external destinations" -j {SVC}`,
      (s) => s.external === "Local" && s.detector === "interface",
    ),
    perService(
      "masquerade-node",
      EXT_ERAS,
      `-m comment --comment "masquerade LOCAL traffic for {name} external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
      (s) => s.external === "Local",
    ),
    perService(
      "node",
      EXT_ERAS,
      `-m comment --comment "route LOCAL traffic for {name} external destinations" -m addrtype --src-type LOCAL -j {SVC}`,
      (s) => s.external === "Local",
    ),
    perService("cluster", EXT_ERAS, `-j {SVC}`, (s) => s.external === "Cluster"),
    perService(
      "local",
      EXT_ERAS,
      `-j {SVL}`,
      (s) => s.external === "Local" && (s.local.length > 0 || s.era === "1.24"),
    ),
  ),

  ...slotsOf(
    "xlb",
    perService(
      "pods",
      XLB_ERAS,
      `-s {localSource} -m comment --comment "Redirect pods trying to reach external loadbalancer VIP to clusterIP" -j {SVC}`,
      (s) => s.detector === "cidr",
    ),
    perService(
      "pods-interface",
      XLB_ERAS,
      `-i {localInterface} -m comment --comment "Redirect pods trying to reach external loadbalancer VIP to clusterIP" -j {SVC}`,
      (s) => s.detector === "interface",
    ),
    perService(
      "masquerade-node",
      XLB_ERAS,
      `-m comment --comment "masquerade LOCAL traffic for {name} LB IP" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
      () => true,
    ),
    perService(
      "node",
      XLB_ERAS,
      `-m comment --comment "route LOCAL traffic for {name} LB IP to service chain" -m addrtype --src-type LOCAL -j {SVC}`,
      () => true,
    ),
    perService(
      "no-local-endpoints",
      XLB_ERAS,
      `-m comment --comment "{name} has no local endpoints" -j KUBE-MARK-DROP`,
      (s) => s.local.length === 0,
    ),
    perService("affinity", XLB_ERAS, `-m comment --comment "{name}" ${AFFINITY}`, (s) => (s.affinity ? s.local : [])),
    perService(
      "endpoint",
      XLB_ERAS,
      `-m comment --comment "Balancing rule {index} for {name}" ${BALANCE}`,
      (s) => s.local,
    ),
  ),

  // Before 1.24 the whole group stands once for each load balancer IP in the one chain of the Service port.
  ...slotsOf(
    "fw",
    perService("masquerade", XLB_ERAS, `${OF_BALANCER} -j KUBE-MARK-MASQ`, (s) =>
      s.external === "Cluster" ? perBalancer(s, () => [{}]) : [],
    ),
    perService("range", ALL, `-s {range} ${OF_BALANCER} -j {firewallNext}`, (s) =>
      firewallRanges(s).filter(({ range }) => !isEverywhere(range)),
    ),
    // iptables-save leaves `-s 0.0.0.0/0` out.
    perService("range-everywhere", EXT_ERAS, `${OF_BALANCER} -j {EXT}`, everywhere, { commentProves: true }),
    perService("everyone", XLB_ERAS, `${OF_BALANCER} -j {policyChain}`, (s) =>
      usesFirewall(s) ? everywhere(s) : perBalancer(s, () => [{}]),
    ),
    perService("mark-drop", ["1.20", "1.22", "1.24"], `${OF_BALANCER} -j KUBE-MARK-DROP`, (s) =>
      s.era === "1.24" ? [{ group: LAST }] : perBalancer(s, () => [{}], LAST_OF_GROUP),
    ),
    perService(
      "rest",
      ["1.25"],
      `-m comment --comment "other traffic to {name} will be dropped by KUBE-PROXY-FIREWALL"`,
      () => [{ group: LAST }],
    ),
  ),

  ...slotsOf(
    "nat KUBE-SERVICES",
    perService("masquerade-cluster-ip", ["1.20"], MASQUERADE_CLUSTER_IP, (s) => s.marksClusterIP && hasWayIn(s)),
    perService("cluster-ip", ALL, `${TO_CLUSTER_IP} -j {internalChain}`, hasWayIn),
    perService("masquerade-external-ip", ["1.20"], `${TO_EXTERNAL_IP} -j KUBE-MARK-MASQ`, (s) =>
      hasEndpoints(s) && s.external === "Cluster" ? grouped(s.externalIPs) : [],
    ),
    perService(
      "external-ip-from-outside",
      ["1.20"],
      `${TO_EXTERNAL_IP} -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j {policyChain}`,
      (s) => (hasEndpoints(s) ? grouped(s.externalIPs) : []),
    ),
    perService(
      "external-ip-of-node",
      ["1.20"],
      `${TO_EXTERNAL_IP} -m addrtype --dst-type LOCAL -j {policyChain}`,
      (s) => (hasEndpoints(s) ? grouped(s.externalIPs) : []),
    ),
    perService("external-ip-to-policy", ["1.22"], `${TO_EXTERNAL_IP} -j {policyChain}`, (s) =>
      hasEndpoints(s) ? grouped(s.externalIPs) : [],
    ),
    perService("external-ip", EXT_ERAS, `${TO_EXTERNAL_IP} -j {EXT}`, (s) =>
      hasEndpoints(s) ? grouped(s.externalIPs) : [],
    ),
    perService("load-balancer-ip", ALL, `${TO_LOAD_BALANCER_IP} -j {balancerChain}`, (s) =>
      hasEndpoints(s) ? grouped(s.loadBalancerIPs) : [],
    ),
    perNode(
      "node-ports",
      ALL,
      `[notLoopback: ! -d {notLoopback}] ${LAST_RULE} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
      (n) => n.nodePortAddresses.length === 0,
    ),
    perNode("node-ports-address", ALL, `-d {nodeAddress} ${LAST_RULE} -j KUBE-NODEPORTS`, (n) =>
      n.nodePortAddresses.map((nodeAddress) => ({ nodeAddress })),
    ),
  ),

  ...slotsOf(
    "nat KUBE-NODEPORTS",
    perService(
      "masquerade",
      ["1.20"],
      `${TO_NODE_PORT} -j KUBE-MARK-MASQ`,
      (s) => hasNodePort(s) && s.external === "Cluster",
    ),
    perService(
      "masquerade-loopback",
      XLB_ERAS,
      `-s {loopback} ${TO_NODE_PORT} -j KUBE-MARK-MASQ`,
      (s) => hasNodePort(s) && s.external === "Local",
    ),
    perService("to-policy", XLB_ERAS, `${TO_NODE_PORT} -j {policyChain}`, (s) => hasNodePort(s)),
    perService(
      "counted-loopback",
      ["1.25"],
      `-d {loopback} ${TO_NODE_PORT} -m nfacct --nfacct-name localhost_nps_accepted_pkts -j {EXT}`,
      (s) => hasNodePort(s) && s.countsNodePorts,
    ),
    perService("node-port", EXT_ERAS, `${TO_NODE_PORT} -j {EXT}`, (s) => hasNodePort(s)),
  ),

  ...slotsOf(
    "nat KUBE-POSTROUTING",
    perNode("unmarked", ALL, `-m mark ! --mark {mark} -j RETURN`),
    perNode("unmark", ALL, `-j MARK --set-xmark {unmark}`),
    perNode(
      "masquerade",
      ALL,
      `-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE [randomFully: --random-fully]`,
    ),
    byOthers(
      "masquerade-marked",
      `-m comment --comment "kubernetes service traffic requiring SNAT" -m mark --mark {mark} -j MASQUERADE [randomFully: --random-fully]`,
    ),
  ),

  ...slotsOf("nat KUBE-MARK-MASQ", perNode("mark", ALL, `-j MARK --set-xmark {mark}`)),
  ...slotsOf("nat KUBE-MARK-DROP", byOthers("mark", `-j MARK --set-xmark {mark}`)),

  ...slotsOf(
    "nat PREROUTING",
    perNode("services", ALL, `-m comment --comment "kubernetes service portals" -j KUBE-SERVICES`),
  ),
  ...slotsOf(
    "nat OUTPUT",
    perNode("services", ALL, `-m comment --comment "kubernetes service portals" -j KUBE-SERVICES`),
  ),
  ...slotsOf(
    "nat POSTROUTING",
    perNode("postrouting", ALL, `-m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING`),
  ),
];

/** Values for each load balancer IP, in groups of their own; `place` within the group of those that follow each other. */
function perBalancer(s: ServiceContext, values: (address: string) => readonly Values[], place = 0): Values[] {
  return s.loadBalancerIPs.flatMap((address, i) =>
    values(address).map((one, j) => ({ ...one, group: String(i * GROUP + place + j) })),
  );
}

/** Source ranges in their order; where one holds the node's address, the load balancer's own addresses too. */
function firewallRanges(s: ServiceContext): readonly Values[] {
  if (!usesFirewall(s)) return [];
  const own = (addresses: readonly string[]): Values[] =>
    [...s.ranges, ...(s.nodeInRange ? addresses : [])].map((range) => ({ range }));
  if (s.era === "1.24" || s.era === "1.25")
    return own(s.loadBalancerIPs).map((one, i) => ({ ...one, group: String(i) }));
  return perBalancer(s, (address) => own([address]), 1);
}

/** Those of them that hold every address. */
function everywhere(s: ServiceContext): readonly Values[] {
  return firewallRanges(s).filter(({ range }) => isEverywhere(range));
}
