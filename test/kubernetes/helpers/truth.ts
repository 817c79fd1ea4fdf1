import type { ServicePortFacts } from "../../../src/kubernetes/service-map.ts";

/** truth.json of a dump: what kube-proxy was given. */
export interface Truth {
  readonly kubeProxyVersion: string;
  readonly config: {
    readonly detectLocal: string;
    readonly detectLocalValue: string;
    readonly clusterCIDR: string;
    readonly masqueradeAll: boolean;
    readonly masqueradeBit: number;
    readonly localhostNodePorts: boolean;
    readonly nodePortAddresses: readonly string[];
    readonly nodeIP: string;
  };
  readonly servicePorts: readonly TruthPort[];
  readonly faults: readonly { readonly kind: string; readonly service?: string }[];
}

export interface TruthPort {
  readonly id: string;
  readonly namespace: string;
  readonly service: string;
  readonly portName: string;
  readonly protocol: string;
  readonly family: 4 | 6;
  readonly clusterIP: string;
  readonly port: number;
  readonly nodePort: number;
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  readonly externalTrafficPolicy: "Cluster" | "Local" | "";
  readonly internalTrafficPolicy: "Cluster" | "Local";
  readonly sessionAffinity: "None" | "ClientIP";
  readonly sessionAffinityTimeoutSeconds: number;
  readonly healthCheckNodePort: number;
  readonly hasEndpoints: boolean;
  readonly endpoints: readonly {
    readonly address: string;
    readonly ip: string;
    readonly port: number;
    readonly chain: string;
    readonly programmed: boolean;
  }[];
  readonly clusterEndpoints: readonly string[];
  readonly localEndpoints: readonly string[];
  readonly endpointComments?: "with" | "without" | "none";
}

/** The keys of truth.json that rules show, endpoints as addresses and chains; lists sorted. */
export type Facts = Omit<ServicePortFacts, "endpoints" | "chains"> & { readonly endpoints: readonly string[] };

/** What the map is to say of a Service port, and why it cannot say what the truth says. */
export interface Expectation {
  readonly facts: Facts;
  readonly reasons: ReadonlyMap<keyof Facts, string>;
}

/** Maps the truth to what rules can show. The rest of its keys (type, targetPort, endpoints without rules) leave no trace. */
export function expectation(port: TruthPort, version: string): Expectation {
  const reasons = new Map<keyof Facts, string>();
  const because = <K extends keyof Facts, V>(key: K, value: V, reason: string): V => {
    reasons.set(key, reason);
    return value;
  };
  const xlb = version.startsWith("1.20");
  const outside = port.nodePort > 0 || port.externalIPs.length > 0 || port.loadBalancerIPs.length > 0;
  const addresses = port.externalIPs.length + port.loadBalancerIPs.length > 0;
  const programmed = port.endpoints.filter((endpoint) => endpoint.programmed);
  const facts: Facts = {
    id: port.id,
    namespace: port.namespace,
    service: port.service,
    portName: port.portName,
    protocol: port.protocol,
    family: port.family,
    clusterIP: port.clusterIP,
    port: port.port,
    nodePort: port.nodePort,
    externalIPs:
      !port.hasEndpoints && addresses
        ? because("externalIPs", null, "a REJECT rule does not tell an external IP from a load balancer IP")
        : sorted(port.externalIPs),
    loadBalancerIPs:
      !port.hasEndpoints && addresses
        ? because("loadBalancerIPs", null, "a REJECT rule does not tell an external IP from a load balancer IP")
        : sorted(port.loadBalancerIPs),
    loadBalancerSourceRanges:
      !port.hasEndpoints && addresses
        ? because("loadBalancerSourceRanges", null, "without endpoints there is no chain that knows ranges")
        : port.loadBalancerIPs.length === 0
          ? because("loadBalancerSourceRanges", [], "ranges without a load balancer IP are not programmed")
          : sorted(port.loadBalancerSourceRanges),
    externalTrafficPolicy: externalPolicy(port, outside, because),
    internalTrafficPolicy: port.hasEndpoints
      ? port.internalTrafficPolicy
      : because("internalTrafficPolicy", null, "a REJECT rule is the same for both policies"),
    sessionAffinity:
      programmed.length > 0
        ? port.sessionAffinity
        : because("sessionAffinity", null, "affinity shows in the jumps to endpoints alone"),
    sessionAffinityTimeoutSeconds:
      programmed.length > 0
        ? port.sessionAffinityTimeoutSeconds
        : because("sessionAffinityTimeoutSeconds", null, "affinity shows in the jumps to endpoints alone"),
    healthCheckNodePort:
      xlb && port.externalTrafficPolicy === "Local"
        ? because("healthCheckNodePort", null, "before 1.21 there is no rule for it")
        : xlb && !port.hasEndpoints && outside
          ? because("healthCheckNodePort", null, "before 1.21 there is no rule for it, and the policy is not shown")
          : port.healthCheckNodePort,
    hasEndpoints: port.hasEndpoints,
    endpoints: sorted(programmed.map(({ address, chain }) => `${address} ${chain}`)),
    clusterEndpoints: sorted(port.clusterEndpoints),
    localEndpoints: sorted(port.localEndpoints),
  };
  return { facts, reasons };
}

type Because = <K extends keyof Facts, V>(key: K, value: V, reason: string) => V;

function externalPolicy(port: TruthPort, outside: boolean, because: Because): Facts["externalTrafficPolicy"] {
  if (!outside) return because("externalTrafficPolicy", "", "nothing leads there from outside");
  if (!port.hasEndpoints && port.healthCheckNodePort === 0)
    return because("externalTrafficPolicy", null, "a REJECT rule is the same for both policies");
  if (port.externalTrafficPolicy === "")
    return because(
      "externalTrafficPolicy",
      "Cluster",
      "external IPs alone: the policy is not set, and the rules are those of Cluster",
    );
  return port.externalTrafficPolicy;
}

/** The map's answer in the same form. */
export function answer(facts: ServicePortFacts): Facts {
  const { endpoints, chains, ...rest } = facts;
  void chains;
  return {
    ...rest,
    externalIPs: facts.externalIPs && sorted(facts.externalIPs),
    loadBalancerIPs: facts.loadBalancerIPs && sorted(facts.loadBalancerIPs),
    loadBalancerSourceRanges: facts.loadBalancerSourceRanges && sorted(facts.loadBalancerSourceRanges),
    endpoints: sorted(endpoints.map(({ address, chain }) => `${address} ${chain}`)),
    clusterEndpoints: facts.clusterEndpoints && sorted(facts.clusterEndpoints),
    localEndpoints: facts.localEndpoints && sorted(facts.localEndpoints),
  };
}

const sorted = (texts: readonly string[]): string[] => [...texts].sort();
