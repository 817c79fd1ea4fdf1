import type { ProxyMode } from "../kubernetes/service-map.ts";

/** Where the Services of a node may be whose capture has no kube-proxy rules for them, a line each. */
export function elsewhere(mode: ProxyMode): readonly string[] {
  switch (mode) {
    case "ipvs":
      return ["kube-proxy runs in IPVS mode: its Services are in the kernel's IPVS table (ipvsadm -Sn, ipset save)"];
    case "userspace":
      return ["kube-proxy runs in userspace mode: its Services are redirected to ports of its own"];
    default:
      return [
        "likely the other back end (iptables-legacy-save, iptables-nft-save);",
        "or kube-proxy in nftables or IPVS mode (nft list table ip kube-proxy, ipvsadm -Sn);",
        "or a replacement (Cilium, OVN-Kubernetes)",
      ];
  }
}
