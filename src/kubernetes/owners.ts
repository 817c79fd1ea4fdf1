import { fixedChains, hashedChainName } from "./chain-name.ts";

/** Who writes a chain, as far as its name tells. */
export interface Owner {
  /** As the project calls itself: `Calico`. */
  readonly name: string;
  /** What it writes chains for, in a few words. */
  readonly purpose: string;
  /** It forwards Services itself, in whole or on request: where kube-proxy's rules are missing, look there. */
  readonly replacesKubeProxy?: boolean;
}

interface OwnerRecord extends Owner {
  readonly chains?: readonly string[];
  readonly prefixes?: readonly string[];
  /** What the comments of its rules in chains of others begin with. */
  readonly comments?: readonly string[];
}

export const KUBE_PROXY: Owner = { name: "kube-proxy", purpose: "forwards Services to endpoints" };

/** Everyone whose chains are met on nodes. Sources: the projects' own code, and dumps of nodes that run them. */
const owners: readonly OwnerRecord[] = [
  { ...KUBE_PROXY, chains: fixedChains.filter((name) => name !== "KUBE-FIREWALL" && name !== "KUBE-MARK-DROP") },
  {
    name: "kube-proxy in IPVS mode",
    purpose: "marks and accepts what IPVS forwards",
    chains: [
      "KUBE-LOAD-BALANCER",
      "KUBE-NODE-PORT",
      "KUBE-IPVS-FILTER",
      "KUBE-IPVS-OUT-FILTER",
      "KUBE-SOURCE-RANGES-FIREWALL",
    ],
  },
  {
    name: "kube-proxy in userspace mode",
    purpose: "redirects Services to the proxy's own ports",
    chains: [
      "KUBE-PORTALS-CONTAINER",
      "KUBE-PORTALS-HOST",
      "KUBE-NODEPORT-CONTAINER",
      "KUBE-NODEPORT-HOST",
      "KUBE-NODEPORT-NON-LOCAL",
    ],
  },
  {
    name: "the kubelet",
    purpose: "guards localhost, drops marked packets, shows that iptables was not flushed",
    chains: ["KUBE-FIREWALL", "KUBE-MARK-DROP", "KUBE-KUBELET-CANARY", "KUBE-IPTABLES-HINT"],
  },
  {
    name: "kube-router",
    purpose: "network policies and, where it is asked to, Services through IPVS",
    prefixes: ["KUBE-ROUTER-", "KUBE-POD-FW-", "KUBE-NWPLCY-"],
    replacesKubeProxy: true,
  },
  {
    name: "CRI-O or the kubelet's host ports",
    purpose: "forwards host ports to pods",
    chains: ["KUBE-HOSTPORTS", "CRIO-HOSTPORTS-DNAT", "CRIO-MASQ", "CRIO-HOSTPORTS"],
    prefixes: ["KUBE-HP-", "CRIO-DN-", "CRIO-MASQ-", "CRIO-"],
  },
  {
    name: "GKE",
    purpose: "metadata server and node firewall",
    chains: ["KUBE-METADATA-SERVER", "GKE-VM-NAT"],
    prefixes: ["GKE-"],
  },
  {
    name: "ip-masq-agent",
    purpose: "SNAT of pods",
    chains: ["IP-MASQ-AGENT", "IP-MASQ"],
    comments: ["ip-masq-agent:"],
  },
  {
    name: "CNI portmap",
    purpose: "forwards host ports to pods",
    prefixes: ["CNI-HOSTPORT-", "CNI-DN-", "CNI-SN-"],
    comments: ["CNI portfwd", "dnat name:"],
  },
  { name: "CNI plugins", purpose: "SNAT and firewall of pods", prefixes: ["CNI-"], comments: ["name: "] },
  {
    name: "Calico",
    purpose: "network policies",
    prefixes: ["cali-", "cali:"],
    comments: ["cali:"],
    replacesKubeProxy: true,
  },
  {
    name: "Cilium",
    purpose: "network policies and Services in eBPF",
    prefixes: ["CILIUM_", "OLD_CILIUM_"],
    comments: ["cilium", "cilium-feeder:"],
    replacesKubeProxy: true,
  },
  {
    name: "flannel",
    purpose: "pod network",
    chains: ["FLANNEL-FWD", "FLANNEL-POSTRTG"],
    prefixes: ["FLANNEL"],
    comments: ["flanneld"],
  },
  {
    name: "Weave Net",
    purpose: "pod network and network policies",
    chains: ["WEAVE"],
    prefixes: ["WEAVE-"],
    comments: ["weave"],
  },
  {
    name: "AWS VPC CNI",
    purpose: "SNAT of pods",
    prefixes: ["AWS-SNAT-CHAIN-", "AWS-CONNMARK-CHAIN-"],
    comments: ["AWS,", "AWS "],
  },
  {
    name: "Azure network policies",
    purpose: "network policies",
    chains: ["AZURE-NPM"],
    prefixes: ["AZURE-NPM-"],
    comments: ["azure-npm"],
  },
  {
    name: "Azure CNI",
    purpose: "SNAT of pods",
    chains: ["SWIFT", "SWIFT-POSTROUTING"],
    prefixes: ["AZURECNI", "AKS-"],
  },
  {
    name: "Antrea",
    purpose: "network policies, and Services in Open vSwitch",
    prefixes: ["ANTREA-"],
    comments: ["Antrea:"],
    replacesKubeProxy: true,
  },
  { name: "OVN-Kubernetes", purpose: "Services and egress", prefixes: ["OVN-KUBE-"], replacesKubeProxy: true },
  {
    name: "OpenShift SDN",
    purpose: "pod network",
    chains: ["OPENSHIFT-MASQUERADE", "OS_FIREWALL_ALLOW"],
    prefixes: ["OPENSHIFT-"],
  },
  {
    name: "multi-networkpolicy",
    purpose: "network policies of further interfaces",
    prefixes: ["MULTI-INGRESS", "MULTI-EGRESS", "MULTI-"],
  },
  { name: "Submariner", purpose: "routes between clusters", prefixes: ["SUBMARINER-", "SM-GN-"] },
  {
    name: "Kube-OVN",
    purpose: "pod network",
    prefixes: ["OVN-POSTROUTING", "OVN-PREROUTING", "OVN-NAT-", "OVN-MASQUERADE"],
    replacesKubeProxy: true,
  },
  { name: "Istio", purpose: "redirects a pod's traffic to its proxy", prefixes: ["ISTIO_"] },
  {
    name: "Linkerd",
    purpose: "redirects a pod's traffic to its proxy",
    prefixes: ["PROXY_INIT_"],
    comments: ["proxy-init/"],
  },
  {
    name: "Kuma",
    purpose: "redirects a pod's traffic to its proxy",
    prefixes: ["KUMA_", "MESH_"],
    comments: ["kuma/"],
  },
  { name: "Open Service Mesh", purpose: "redirects a pod's traffic to its proxy", prefixes: ["OSM_"] },
  { name: "Consul", purpose: "redirects a pod's traffic to its proxy", prefixes: ["CONSUL_"] },
  { name: "NodeLocal DNSCache", purpose: "answers DNS on the node", comments: ["NodeLocal DNS Cache:"] },
  {
    name: "Docker",
    purpose: "forwards published ports to containers",
    chains: ["DOCKER", "DOCKER_OUTPUT", "DOCKER_POSTROUTING"],
    prefixes: ["DOCKER-"],
  },
  {
    name: "Podman (netavark)",
    purpose: "forwards published ports to containers",
    prefixes: ["NETAVARK-", "NETAVARK_"],
  },
  { name: "nerdctl", purpose: "forwards published ports to containers", prefixes: ["NERDCTL-"] },
  {
    name: "LXD",
    purpose: "container network",
    prefixes: ["lxd_"],
    comments: ["generated for LXD", "generated for Incus"],
  },
  { name: "libvirt", purpose: "network of virtual machines", prefixes: ["LIBVIRT_"] },
  {
    name: "firewalld",
    purpose: "host firewall",
    prefixes: ["IN_", "FWDI_", "FWDO_", "FWD_", "PRE_", "POST_", "OUT_"],
    chains: [
      ...["INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING"].flatMap((hook) => [
        `${hook}_direct`,
        `${hook}_ZONES`,
        `${hook}_ZONES_SOURCE`,
        `${hook}_POLICIES_pre`,
        `${hook}_POLICIES_post`,
        `${hook}_IN_ZONES`,
        `${hook}_OUT_ZONES`,
        `${hook}_IN_ZONES_SOURCE`,
        `${hook}_OUT_ZONES_SOURCE`,
      ]),
    ],
  },
  { name: "ufw", purpose: "host firewall", prefixes: ["ufw-", "ufw6-"] },
  {
    name: "Shorewall",
    purpose: "host firewall",
    chains: [
      "shorewall",
      "smurfs",
      "tcpflags",
      "logflags",
      "smurflog",
      "dynamic",
      "logdrop",
      "logreject",
      "Broadcast",
      "Reject",
      "Drop",
    ],
  },
  { name: "OpenWrt", purpose: "host firewall", prefixes: ["zone_", "delegate_"], chains: ["syn_flood", "reject"] },
  { name: "fail2ban", purpose: "bans addresses", prefixes: ["f2b-", "fail2ban-"] },
  { name: "sshguard", purpose: "bans addresses", chains: ["sshguard"] },
  { name: "CrowdSec", purpose: "bans addresses", prefixes: ["CROWDSEC_"] },
  { name: "Tailscale", purpose: "virtual private network", prefixes: ["ts-"] },
  { name: "OpenVPN Access Server", purpose: "virtual private network", prefixes: ["AS0_"] },
  { name: "ZeroTier or Netmaker", purpose: "virtual private network", prefixes: ["netmaker", "zt-"] },
  { name: "Rancher", purpose: "host ports and SNAT", prefixes: ["CATTLE_"] },
  { name: "OpenStack Neutron", purpose: "network of virtual machines", prefixes: ["neutron-"] },
  { name: "MiniUPnPd", purpose: "port forwarding on request", prefixes: ["MINIUPNPD"] },
  { name: "k3s ServiceLB", purpose: "load balancer pods", prefixes: ["KLIPPER-"] },
  { name: "keepalived or kube-vip", purpose: "virtual addresses", prefixes: ["KEEPALIVED", "KUBE-VIP"] },
  { name: "RHEL's system-config-firewall", purpose: "host firewall", prefixes: ["RH-Firewall-"] },
];

/** Everyone by name. */
export const ownerNames: readonly string[] = owners.map(({ name }) => name);

const byChain = new Map<string, Owner>();
/** By the first letter of the prefix. */
const byFirst = new Map<number, (readonly [prefix: string, owner: Owner])[]>();
const byComment: (readonly [start: string, owner: Owner])[] = [];
for (const record of owners) {
  const { name, purpose, replacesKubeProxy = false } = record;
  const owner: Owner = { name, purpose, replacesKubeProxy };
  for (const chain of record.chains ?? []) byChain.set(chain, owner);
  for (const prefix of record.prefixes ?? []) {
    const first = prefix.charCodeAt(0);
    byFirst.set(first, [...(byFirst.get(first) ?? []), [prefix, owner]]);
  }
  for (const start of record.comments ?? []) byComment.push([start, owner]);
}

/** By code of a letter: whether the name of somebody's chain begins with it. */
const isFirst = new Uint8Array(256);
for (const name of [...byChain.keys(), "KUBE-"]) isFirst[name.charCodeAt(0)] = 1;
for (const first of byFirst.keys()) isFirst[first] = 1;

/** Whether a chain whose name begins with that byte may be of somebody known. */
export const mayBeOwned = (first: number): boolean => isFirst[first] === 1;

/** Owner of a user-defined chain by its name; `null` for names that nobody known gives. */
export function ownerOfChain(name: string): Owner | null {
  const named = byChain.get(name);
  if (named !== undefined) return named;
  if (hashedChainName(name) !== null) return KUBE_PROXY;
  for (const [prefix, owner] of byFirst.get(name.charCodeAt(0)) ?? [])
    if (name.startsWith(prefix) && name.length > prefix.length) return owner;
  return null;
}

/** Owner of a rule in a chain of somebody else, by how its comment begins; `null` for comments that nobody known writes. */
export function ownerOfComment(comment: string): Owner | null {
  for (const [start, owner] of byComment) if (comment.startsWith(start)) return owner;
  return null;
}
