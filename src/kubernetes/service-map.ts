import type { Family } from "../../grammar/vocabulary/record.ts";
import type { ChainId, RuleId } from "../netfilter/ruleset.ts";

/**
 * In all types of this page: 0, [], "" and "None" say that the rules show there is none; `null` says that the rules do not show it.
 * Texts are byte strings of the dump.
 */

/** `1.24`: KUBE-EXT with KUBE-MARK-DROP; `1.25`: with KUBE-PROXY-FIREWALL; `1.20` and `1.22`: KUBE-XLB, marks set outside or inside KUBE-SVC. */
export type Era = "1.20" | "1.22" | "1.24" | "1.25";

export type TrafficPolicy = "Cluster" | "Local";

/** Comment of the rules that lead to endpoints: `name -> address` (1.25 and later), `name`, or none (large clusters). */
export type EndpointComment = "arrow" | "name" | "none";

/** What makes kube-proxy take a source for a pod of this node (`--detect-local-mode`). */
export interface LocalDetector {
  readonly kind: "cidr" | "interface";
  /** `10.244.0.0/16`, `cni0`, `veth+`. */
  readonly value: string;
}

/** A destination to which kube-proxy sends packets. */
export interface Endpoint {
  /** `10.244.1.5:80`, `[fd00::5]:80`; `null` when its chain has no DNAT rule here. */
  readonly address: string | null;
  readonly ip: string | null;
  readonly port: number | null;
  readonly chain: string;
  /** Share of the new connections to the Service, from the rules as they stand; 0 where no connection gets here. */
  readonly share: number | null;
  /** The fraction that kube-proxy meant, `1/3`; `null` where the rules are not as kube-proxy writes them. */
  readonly ideal: string | null;
  /** Share of what reaches the chain of local endpoints (KUBE-SVL, KUBE-XLB); `null` when it is not in that chain. */
  readonly localShare: number | null;
}

/** How one gets to a Service port. */
export interface Frontend {
  /** `external`: an external IP or a load balancer IP, which of them is not shown. */
  readonly kind: "clusterIP" | "externalIP" | "loadBalancerIP" | "external" | "nodePort" | "healthCheckNodePort";
  /** `null` for ports of the node. */
  readonly ip: string | null;
  /** `null`: the capture lost it. */
  readonly port: number | null;
  readonly protocol: string | null;
  /** What becomes of a packet: it goes on to a chain, IPVS takes it, or it is refused since there is no endpoint (or no local one). */
  readonly fate: "forwarded" | "ipvs" | "rejected" | "dropped" | "accepted";
  readonly rule: RuleId;
  /** First chain on the way; `null` when refused, and in IPVS mode. */
  readonly chain: ChainId | null;
}

/** The chains of a Service port in table nat; `null`: no such chain. */
export interface ServiceChains {
  readonly svc: string | null;
  readonly svl: string | null;
  readonly ext: string | null;
  readonly fw: string | null;
  readonly xlb: string | null;
}

/** What the rules say of one port of one Service in one IP family: the keys of every JSON output. */
export interface ServicePortFacts {
  /** `namespace/name:portName`, `namespace/name` when the port has no name. */
  readonly id: string | null;
  readonly namespace: string | null;
  readonly service: string | null;
  readonly portName: string | null;
  /** `tcp`, `udp`, `sctp`. */
  readonly protocol: string | null;
  readonly family: Family | null;
  readonly clusterIP: string | null;
  readonly port: number | null;
  readonly nodePort: number | null;
  readonly externalIPs: readonly string[] | null;
  readonly loadBalancerIPs: readonly string[] | null;
  readonly loadBalancerSourceRanges: readonly string[] | null;
  /** "" when nothing leads here from outside. */
  readonly externalTrafficPolicy: TrafficPolicy | "" | null;
  readonly internalTrafficPolicy: TrafficPolicy | null;
  readonly sessionAffinity: "None" | "ClientIP" | null;
  readonly sessionAffinityTimeoutSeconds: number | null;
  readonly healthCheckNodePort: number | null;
  readonly hasEndpoints: boolean | null;
  readonly endpoints: readonly Endpoint[];
  /** Addresses in the chain of all endpoints, and in the chain of those on this node. */
  readonly clusterEndpoints: readonly string[] | null;
  readonly localEndpoints: readonly string[] | null;
  readonly chains: ServiceChains;
}

/** How sure the name of a Service port is. */
export type NameEvidence =
  /** The hash in its chain's name is that of the name in the comments. */
  | "hash"
  /** In a comment; there is no hash to prove it with. */
  | "comment"
  /** In a comment, and the hash in its chain's name is another. */
  | "refuted"
  /** From the list of names that was given, found by its hash. */
  | "list"
  | null;

/** kube-proxy's own settings as the rules show them. */
export interface ProxyParameters {
  readonly era: Era | null;
  /** "kube-proxy rules as of 1.25 and later (iptables mode)" */
  readonly layout: string | null;
  /** 14 for 0x4000. */
  readonly masqueradeBit: number | null;
  /** `0x4000/0x4000` */
  readonly masqueradeMark: string | null;
  /** `null`: not shown, or none is used: see `localDetectorShown`. */
  readonly localDetector: LocalDetector | null;
  /** Some Service shows by its rules whether there is one. */
  readonly localDetectorShown: boolean;
  readonly masqueradeAll: boolean | null;
  readonly randomFully: boolean | null;
  /** KUBE-FORWARD drops packets in state INVALID. */
  readonly dropInvalid: boolean | null;
  /** Rules are doubled for counting (1.32 and later). */
  readonly nfacct: boolean | null;
  readonly localhostNodePorts: boolean | null;
  /** Addresses on which node ports answer; [] is every address of the node. */
  readonly nodePortAddresses: readonly string[] | null;
  /** KUBE-FIREWALL keeps packets from outside away from 127.0.0.0/8. */
  readonly martianGuard: boolean | null;
  /** Forms of comments seen on the way to endpoints. */
  readonly endpointComments: readonly EndpointComment[];
  /** Decimals with which probabilities were written: 10, or 5 in releases before 1.17. */
  readonly probabilityDigits: 10 | 5 | null;
  /** Names of unnamed ports end in a colon (before 1.18). */
  readonly trailingColon: boolean | null;
  /** Ports or marks are missing from the text: an iptables printed it that is older than the one which loaded the rules. */
  readonly lostMatches: boolean;
}

/** Who programs Services on this node, as far as the capture shows. */
export type ProxyMode = "iptables" | "ipvs" | "userspace" | null;

/** Something that the capture lacks, and what cannot be said therefore. */
export interface Missing {
  readonly what: string;
  readonly consequence: string;
}
