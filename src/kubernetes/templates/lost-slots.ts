/**
 * Rules of kube-proxy as an older iptables prints them: tcp and udp ports, marks or the DNAT address are missing from the text
 * though the kernel has them (iptables-save 1.8.7 over rules of 1.8.9; "DNAT [unsupported revision]").
 */
import { byOthers, type Slot, slotsOf } from "./slot.ts";

const ENDPOINT_COMMENT = `[endpointComment: -m comment --comment "{endpointComment}"]`;
const to = (kind: string): string => `-d {address} -p {protocol} -m comment --comment "{name} ${kind}"`;

export const lostSlots: readonly Slot[] = [
  ...slotsOf(
    "nat KUBE-SERVICES",
    byOthers("lost cluster-ip", `${to("cluster IP")} -j {internalChain}`),
    byOthers("lost external-ip", `${to("external IP")} -j {firewallNext}`),
    byOthers("lost load-balancer-ip", `${to("loadbalancer IP")} -j {balancerChain}`),
  ),
  ...slotsOf(
    "nat KUBE-NODEPORTS",
    byOthers("lost node-port", `-p {protocol} -m comment --comment "{name}" -j {firewallNext}`),
    byOthers("lost masquerade", `-p {protocol} -m comment --comment "{name}" -j KUBE-MARK-MASQ`),
    byOthers("lost masquerade-loopback", `-s {loopback} -p {protocol} -m comment --comment "{name}" -j KUBE-MARK-MASQ`),
  ),
  ...slotsOf(
    "svc",
    byOthers(
      "lost masquerade-cluster-ip",
      `[notLocalSource: ! -s {notLocalSource}] -d {address} [notLocalInterface: ! -i {notLocalInterface}] -p {protocol} -m comment --comment "{name} cluster IP" -j KUBE-MARK-MASQ`,
    ),
  ),
  ...slotsOf(
    "svl",
    byOthers(
      "lost masquerade-cluster-ip",
      `[notLocalSource: ! -s {notLocalSource}] -d {address} [notLocalInterface: ! -i {notLocalInterface}] -p {protocol} -m comment --comment "{name} cluster IP" -j KUBE-MARK-MASQ`,
    ),
  ),
  ...slotsOf(
    "sep",
    byOthers(
      "lost dnat",
      `-p {protocol} ${ENDPOINT_COMMENT} [affinity: -m recent --set --name {SEP}] [mask: --mask {mask} --rsource] -m {protocol} -j DNAT`,
    ),
  ),
  ...slotsOf("nat KUBE-POSTROUTING", byOthers("lost unmarked", `-j RETURN`)),
  ...slotsOf(
    "filter KUBE-FORWARD",
    byOthers("lost marked", `-m comment --comment "kubernetes forwarding rules" -j ACCEPT`),
  ),
  ...slotsOf(
    "filter KUBE-FIREWALL",
    byOthers("lost marked", `-m comment --comment "kubernetes firewall for dropping marked packets" -j DROP`),
  ),
];
