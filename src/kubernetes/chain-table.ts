import type { TableName } from "../netfilter/table.ts";
import { hashedChainName } from "./chain-name.ts";

/** Chains that kube-proxy and the kubelet have in one table alone (pkg/proxy/iptables/proxier.go, pkg/kubelet/kubelet_network_linux.go). */
const FIXED: ReadonlyMap<string, TableName> = new Map([
  ["KUBE-POSTROUTING", "nat"],
  ["KUBE-MARK-MASQ", "nat"],
  ["KUBE-MARK-DROP", "nat"],
  ["KUBE-LOAD-BALANCER", "nat"],
  ["KUBE-HOSTPORTS", "nat"],
  ["KUBE-FORWARD", "filter"],
  ["KUBE-FIREWALL", "filter"],
  ["KUBE-EXTERNAL-SERVICES", "filter"],
  ["KUBE-PROXY-FIREWALL", "filter"],
  ["KUBE-IPTABLES-HINT", "mangle"],
]);

/** The table of one of kube-proxy's chains by its name; `undefined` for a chain of somebody else, and for one that several tables have. */
export function tableOfChain(name: string): TableName | undefined {
  return FIXED.get(name) ?? (hashedChainName(name) === null ? undefined : "nat");
}
