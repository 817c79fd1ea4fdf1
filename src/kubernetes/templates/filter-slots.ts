/** The rules of kube-proxy's chains in table filter, and its jumps out of the built-in chains. Sources as in nat-slots.ts. */

import type { Era } from "../service-map.ts";
import { ALL, byOthers, perNode, perService, type ServiceContext, type Slot, slotsOf } from "./slot.ts";
import type { Values } from "./template.ts";

const SINCE_1_22: readonly Era[] = ["1.22", "1.24", "1.25"];
const NEW = `-m conntrack --ctstate NEW`;
const NO_ENDPOINTS = `-m comment --comment "{name} has no endpoints"`;
const NO_LOCAL_ENDPOINTS = `-m comment --comment "{name} has no local endpoints"`;
const REJECT = `-j REJECT --reject-with {rejectWith}`;

const refusedAddresses =
  (verdict: "REJECT" | "DROP") =>
  (s: ServiceContext): Values[] =>
    s.refuseExternal === verdict
      ? [...s.externalIPs, ...s.loadBalancerIPs, ...s.refusedIPs].map((address) => ({ address }))
      : [];

export const filterSlots: readonly Slot[] = [
  ...slotsOf(
    "filter KUBE-SERVICES",
    perService(
      "no-endpoints",
      ALL,
      `-d {clusterIP} -p {protocol} ${NO_ENDPOINTS} -m {protocol} --dport {port} ${REJECT}`,
      (s) => s.clusterIP !== null && s.refuseInternal === "REJECT",
    ),
    perService(
      "no-local-endpoints",
      ["1.25"],
      `-d {clusterIP} -p {protocol} ${NO_LOCAL_ENDPOINTS} -m {protocol} --dport {port} -j DROP`,
      (s) => s.clusterIP !== null && s.refuseInternal === "DROP",
    ),
    // Before 1.11 there was no chain of its own for ports of the node.
    byOthers(
      "no-endpoints-node-port",
      `-p {protocol} ${NO_ENDPOINTS} -m addrtype --dst-type LOCAL -m {protocol} --dport {nodePort} ${REJECT}`,
    ),
  ),

  ...slotsOf(
    "filter KUBE-EXTERNAL-SERVICES",
    perService(
      "no-endpoints",
      ALL,
      `-d {address} -p {protocol} ${NO_ENDPOINTS} -m {protocol} --dport {port} ${REJECT}`,
      refusedAddresses("REJECT"),
    ),
    perService(
      "no-local-endpoints",
      ["1.25"],
      `-d {address} -p {protocol} ${NO_LOCAL_ENDPOINTS} -m {protocol} --dport {port} -j DROP`,
      refusedAddresses("DROP"),
    ),
    perService(
      "no-endpoints-node-port",
      ALL,
      `-p {protocol} ${NO_ENDPOINTS} -m addrtype --dst-type LOCAL -m {protocol} --dport {nodePort} ${REJECT}`,
      (s) => s.nodePort > 0 && s.refuseExternal === "REJECT",
    ),
    perService(
      "no-local-endpoints-node-port",
      ["1.25"],
      `-p {protocol} ${NO_LOCAL_ENDPOINTS} -m addrtype --dst-type LOCAL -m {protocol} --dport {nodePort} -j DROP`,
      (s) => s.nodePort > 0 && s.refuseExternal === "DROP",
    ),
  ),

  ...slotsOf(
    "filter KUBE-NODEPORTS",
    perService(
      "health-check",
      SINCE_1_22,
      `-p tcp -m comment --comment "{name} health check node port" -m tcp --dport {healthCheckNodePort} -j ACCEPT`,
      (s) => s.healthCheckNodePort > 0,
    ),
  ),

  ...slotsOf(
    "filter KUBE-PROXY-FIREWALL",
    perService(
      "outside-ranges",
      ["1.25"],
      `-d {address} -p {protocol} -m comment --comment "{name} traffic not accepted by {FW}" -m {protocol} --dport {port} -j DROP`,
      (s) =>
        s.refuseExternal !== "REJECT" && s.ranges.length > 0 ? s.loadBalancerIPs.map((address) => ({ address })) : [],
    ),
  ),

  ...slotsOf(
    "filter KUBE-FORWARD",
    perNode(
      "invalid",
      ALL,
      `-m conntrack --ctstate INVALID [countInvalid: -m nfacct --nfacct-name ct_state_invalid_dropped_pkts] -j DROP`,
      (n) => n.dropInvalid,
    ),
    perNode("marked", ALL, `-m comment --comment "kubernetes forwarding rules" -m mark --mark {mark} -j ACCEPT`),
    perNode(
      "pod-source",
      ["1.20", "1.22"],
      `-m comment --comment "kubernetes forwarding conntrack pod source rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ),
    perNode(
      "pod-destination",
      ["1.20", "1.22"],
      `-m comment --comment "kubernetes forwarding conntrack pod destination rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ),
    perNode(
      "established",
      ["1.24", "1.25"],
      `-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ),
    // Until 1.18 the two rules named the cluster CIDR.
    byOthers(
      "pod-source-cidr",
      `-s {localSource} -m comment --comment "kubernetes forwarding conntrack pod source rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ),
    byOthers(
      "pod-destination-cidr",
      `-d {localSource} -m comment --comment "kubernetes forwarding conntrack pod destination rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ),
  ),

  ...slotsOf(
    "filter KUBE-FIREWALL",
    perNode(
      "martians",
      ["1.25"],
      `! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`,
      (n) => n.martianGuard,
    ),
    byOthers(
      "marked",
      `-m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark {mark} -j DROP`,
    ),
  ),

  ...slotsOf(
    "filter INPUT",
    perNode("firewall", ["1.25"], `-j KUBE-FIREWALL`, (n) => n.firewallHook),
    perNode(
      "proxy-firewall",
      ["1.25"],
      `${NEW} -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
    ),
    perNode("node-ports", SINCE_1_22, `-m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS`),
    perNode(
      "external-services",
      ALL,
      `${NEW} -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`,
    ),
    byOthers("services", `${NEW} -m comment --comment "kubernetes service portals" -j KUBE-SERVICES`),
  ),

  ...slotsOf(
    "filter FORWARD",
    perNode(
      "proxy-firewall",
      ["1.25"],
      `${NEW} -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
    ),
    perNode("forward", ALL, `-m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD`),
    perNode("services", ALL, `${NEW} -m comment --comment "kubernetes service portals" -j KUBE-SERVICES`),
    perNode(
      "external-services",
      ALL,
      `${NEW} -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`,
    ),
  ),

  ...slotsOf(
    "filter OUTPUT",
    perNode("firewall", ["1.25"], `-j KUBE-FIREWALL`, (n) => n.firewallHook),
    perNode(
      "proxy-firewall",
      ["1.25"],
      `${NEW} -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
    ),
    perNode("services", ALL, `${NEW} -m comment --comment "kubernetes service portals" -j KUBE-SERVICES`),
  ),
];
