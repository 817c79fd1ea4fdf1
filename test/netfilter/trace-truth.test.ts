import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readAddress } from "../../grammar/values/address.ts";
import { addressMask } from "../../grammar/values/address-mask.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import type { NodeFacts } from "../../src/netfilter/node.ts";
import type { Ruleset } from "../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import { trace } from "../../src/netfilter/trace/trace.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";

interface Truth {
  readonly scenario: string;
  readonly kubeProxyVersion: string;
  readonly config: {
    readonly clusterCIDR: string;
    readonly clusterCIDRv6: string;
    readonly detectLocal: string;
    readonly detectLocalValue: string;
    readonly detectLocalValueV6: string;
    readonly masqueradeAll: boolean;
    readonly nodeIP: string;
    readonly nodeIPv6: string;
  };
  readonly servicePorts: readonly ServicePort[];
}

interface ServicePort {
  readonly id: string;
  readonly protocol: string;
  readonly family: 4 | 6;
  readonly clusterIP: string;
  readonly port: number;
  readonly nodePort: number;
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  readonly externalTrafficPolicy: string;
  readonly internalTrafficPolicy: string;
  readonly hasEndpoints: boolean;
  readonly clusterEndpoints: readonly string[];
  readonly localEndpoints: readonly string[];
}

interface Client {
  readonly kind: "outside" | "pod" | "node" | "endpoint";
  readonly source: string;
  readonly in: string | null;
}

type Frontend = "clusterIP" | "nodePort" | "external";

const bits = (text: string): bigint => readAddress(text, { family: null })!.bits;
const hostOf = (endpoint: string): string => endpoint.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
const isWithin = (address: string, network: string): boolean => {
  const read = addressMask.parse(network, { family: null });
  return network !== "" && "value" in read && (bits(address) & read.value.mask) === read.value.bits;
};

/** What kube-proxy of that version and settings is to do with the first packet of a connection (kube-proxy-facts: chains, hooks, order). */
function expectation(truth: Truth, service: ServicePort, frontend: Frontend, client: Client): string[] | null {
  const { config, kubeProxyVersion } = truth;
  const old = kubeProxyVersion.startsWith("1.20");
  const { clusterEndpoints, localEndpoints } = service;
  const node = service.family === 4 ? config.nodeIP : config.nodeIPv6;
  const unreachable = service.family === 4 ? "icmp-port-unreachable" : "icmp6-port-unreachable";
  // what refuses them is not asked about packets that the node itself sends to others
  if (!service.hasEndpoints && frontend === "external" && client.kind === "node") return ["1 forwarded null false"];
  if (!service.hasEndpoints) return [`rejected ${unreachable}`];
  const isPod = isLocalPod(truth, service.family, client);
  const spread = (endpoints: readonly string[], masquerade: boolean): string[] =>
    endpoints.map((endpoint) => {
      const share = endpoints.length === 1 ? "1" : `1/${endpoints.length}`;
      // an endpoint on this node's own address is not forwarded, and keeps the source
      if (hostOf(endpoint) === node) return `${share} local ${endpoint} false`;
      const hairpin = hostOf(endpoint) === client.source;
      // flannel rewrites the source of pods that speak to others than pods
      const leaves = truth.scenario === "realistic-node" && isPod && !isWithin(hostOf(endpoint), config.clusterCIDR);
      return `${share} forwarded ${endpoint} ${masquerade || hairpin || leaves}`;
    });
  if (frontend === "clusterIP") {
    const isLocal = service.internalTrafficPolicy === "Local" && !old;
    if (isLocal && localEndpoints.length === 0) return ["dropped"];
    const foreign = config.detectLocal !== "None" && !isPod;
    return spread(isLocal ? localEndpoints : clusterEndpoints, config.masqueradeAll || foreign);
  }
  if (service.externalTrafficPolicy !== "Local")
    return clusterEndpoints.length === 0 ? null : spread(clusterEndpoints, true);
  if (client.kind === "node") return clusterEndpoints.length === 0 ? null : spread(clusterEndpoints, true);
  if (isPod) return clusterEndpoints.length === 0 ? null : spread(clusterEndpoints, false);
  if (localEndpoints.length > 0) return spread(localEndpoints, false);
  // KUBE-MARK-DROP is the kubelet's to fill before 1.25
  return old ? null : ["dropped"];
}

function isLocalPod({ config }: Truth, family: 4 | 6, client: Client): boolean {
  const value = family === 4 ? config.detectLocalValue : config.detectLocalValueV6 || config.detectLocalValue;
  switch (config.detectLocal) {
    case "ClusterCIDR":
      return isWithin(client.source, family === 4 ? config.clusterCIDR : config.clusterCIDRv6);
    case "NodeCIDR":
      return isWithin(client.source, value);
    case "BridgeInterface":
      return client.in === value;
    case "InterfaceNamePrefix":
      return client.in?.startsWith(value) ?? false;
    default:
      return false;
  }
}

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };

function endsOf(
  ruleset: Ruleset,
  service: ServicePort,
  to: string,
  port: number,
  client: Client,
  facts: NodeFacts,
): string[] {
  const question = {
    family: service.family,
    source: bits(client.source),
    destination: bits(to),
    destinationPort: port,
    protocol: PROTOCOLS[service.protocol]!,
    ...(client.in === null ? { local: true } : { inInterface: client.in }),
  } as const;
  return trace(ruleset, question, facts).ends.map(({ fate, ideal, dnat, snat, rejectWith, assumptions }) => {
    const unsure = assumptions.length > 0 ? " under an assumption" : "";
    if (fate === "dropped") return `${fate}${unsure}`;
    return fate === "rejected" ? `${fate} ${rejectWith}${unsure}` : `${ideal} ${fate} ${dnat} ${snat}${unsure}`;
  });
}

/** Every folder with a clean dump and what is true of it. */
function scenarios(): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    const names = readdirSync(folder);
    if (names.some((name) => name.startsWith("truth.json"))) found.push(folder);
    for (const name of names) {
      const path = join(folder, name);
      if (name !== "faults" && statSync(path).isDirectory()) visit(path);
    }
  };
  visit(sharedPath("dumps"));
  return found.sort();
}

function readMaybePacked(path: string): Uint8Array | null {
  if (existsSync(path)) return readFileSync(path);
  return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)) : null;
}

/** More Services than this are judged by a sample. */
const MOST_SERVICES = 150;

describeShared("what was programmed", () => {
  test.each(scenarios().map((folder) => [folder.slice(sharedPath("dumps").length + 1), folder]))(
    "%s: every service port leads where it should, from everywhere",
    { timeout: 300_000 },
    (name, folder) => {
      const truth = JSON.parse(Buffer.from(readMaybePacked(join(folder, "truth.json"))!).toString()) as Truth;
      for (const family of [4, 6] as const) {
        const dump = readMaybePacked(join(folder, family === 4 ? "iptables-save.txt" : "ip6tables-save.txt"));
        const services = truth.servicePorts.filter((service) => service.family === family);
        if (dump === null || services.length === 0) continue;
        const [ruleset] = rulesetsOf(buildStore(dump));
        const node = family === 4 ? truth.config.nodeIP : truth.config.nodeIPv6;
        const facts: NodeFacts = {
          addresses: [bits(node)],
          routes: [{ bits: 0n, mask: 0n, interface: "eth0" }],
          interfaceAddresses: new Map(),
          sets: new Map(),
        };
        const every = Math.ceil(services.length / MOST_SERVICES);
        for (const service of services.filter((_, k) => k % every === 0))
          judge(truth, service, ruleset!, facts, node, name);
      }
    },
  );
});

function judge(
  truth: Truth,
  service: ServicePort,
  ruleset: Ruleset,
  facts: NodeFacts,
  node: string,
  name: string,
): void {
  // NodeLocal DNSCache takes the cluster IP of DNS for its own there
  if (name.endsWith("realistic-node") && service.id.startsWith("kube-system/kube-dns")) return;
  const { family } = service;
  const six = family === 6;
  const pods = truth.config.detectLocal === "InterfaceNamePrefix" ? `${truth.config.detectLocalValue}77` : "cni0";
  // flannel rewrites the source of what comes from the pods of other nodes
  const candidates = name.endsWith("realistic-node") ? [] : service.clusterEndpoints;
  const endpoint = [...service.localEndpoints, ...candidates].map(hostOf).find((host) => host !== node);
  const clients: Client[] = [
    { kind: "outside", source: six ? "2001:db8:99::7" : "198.18.99.7", in: "eth0" },
    { kind: "pod", source: podOf(truth, family), in: pods },
    { kind: "node", source: node, in: null },
    ...(endpoint === undefined ? [] : [{ kind: "endpoint", source: endpoint, in: pods } as const]),
  ];
  const frontends: [Frontend, string, number][] = [];
  if (service.clusterIP !== "None") frontends.push(["clusterIP", service.clusterIP, service.port]);
  if (service.nodePort > 0) frontends.push(["nodePort", node, service.nodePort]);
  // before 1.23 external IPs ask for bridge ports, and load balancer IPs are not firewalled in FORWARD
  if (!truth.kubeProxyVersion.startsWith("1.20")) {
    for (const ip of service.externalIPs) frontends.push(["external", ip, service.port]);
    if (service.loadBalancerSourceRanges.length === 0) {
      for (const ip of service.loadBalancerIPs) frontends.push(["external", ip, service.port]);
    }
  }
  for (const client of clients) {
    for (const [frontend, to, port] of frontends) {
      const expected = expectation(truth, service, frontend, client);
      if (expected === null) continue;
      const found = endsOf(ruleset, service, to, port, client, facts);
      expect(
        found.sort(),
        `${service.id}/${service.protocol} ${frontend} from ${client.kind} ${client.source}`,
      ).toEqual(expected.sort());
    }
  }
  for (const ip of truth.kubeProxyVersion.startsWith("1.20") ? [] : service.loadBalancerIPs) {
    const ranges = service.loadBalancerSourceRanges;
    const [client] = clients;
    if (ranges.length === 0 || service.clusterEndpoints.length === 0) continue;
    if (ranges.some((range) => isWithin(client!.source, range))) continue;
    expect(
      endsOf(ruleset, service, ip, service.port, client!, facts),
      `${service.id} from outside its source ranges`,
    ).toEqual(["dropped"]);
  }
}

/** An address beside the pods of this node. */
function podOf({ config, servicePorts }: Truth, family: 4 | 6): string {
  const detected = family === 4 ? config.detectLocalValue : config.detectLocalValueV6;
  const network = isAddress(detected) ? detected : family === 4 ? config.clusterCIDR : config.clusterCIDRv6;
  const beside = servicePorts
    .filter((service) => service.family === family)
    .flatMap(({ localEndpoints }) => localEndpoints.map(hostOf))
    .find((host) => network === "" || isWithin(host, network));
  if (beside !== undefined) return beside.replace(/[0-9a-f]+$/, family === 4 ? "250" : "fafa");
  return (network.split("/")[0] || (family === 4 ? "10.244.77.0" : "fd00:77::")).replace(
    /0$|$/,
    family === 4 ? "250" : "fafa",
  );
}

const isAddress = (text: string): boolean => /^[0-9a-f]*[.:]/.test(text);
