import { readAddress } from "../../grammar/values/address.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import type { NodeFacts } from "../../src/netfilter/node.ts";
import type { Question } from "../../src/netfilter/question.ts";
import type { Ruleset } from "../../src/netfilter/ruleset.ts";
import { trace } from "../../src/netfilter/trace/trace.ts";
import type { Truth } from "../kubernetes/helpers/truth.ts";

/** A packet to send through the rules. */
export interface Probe {
  readonly name: string;
  readonly question: Question;
}

/** Node, networks and neighbours of a dump. */
export interface Site {
  readonly family: Family;
  readonly node: NodeFacts;
  readonly probes: readonly Probe[];
}

const bits = (text: string): bigint => readAddress(text, { family: null })?.bits ?? 0n;
const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };
const OUTSIDE: Readonly<Record<Family, string>> = { 4: "93.184.215.14", 6: "2606:2800:21f:cb07::14" };
const NODE: Readonly<Record<Family, string>> = { 4: "192.168.50.11", 6: "fd00:50::11" };

/** No Service has it. */
const OTHER_PORT = 9;
/** So many endpoints of a Service are clients of it, too. */
const MOST_ENDPOINTS = 12;

/** Packets of every kind of client to every address and port of every Service, and some that are no Service's. */
export function siteOf(truth: Truth, family: Family): Site {
  const { config } = truth;
  const given = family === 4 ? [config.nodeIP, ...config.nodePortAddresses.filter((each) => !each.includes("/"))] : [];
  const own = given.find((each) => each !== "") ?? NODE[family];
  const interfacePods = config.detectLocal === "InterfaceNamePrefix";
  const podInterface = interfacePods ? `${config.detectLocalValue}7` : "cni0";
  const ports = truth.servicePorts.filter((port) => port.family === family);
  const pods = ports.flatMap(({ endpoints }) => endpoints.map(({ ip }) => ip)).filter((ip) => ip !== own);
  const pod = podBeside(pods, family);
  const probes: Probe[] = [];
  const add = (name: string, question: Omit<Question, "family">): void => {
    probes.push({ name, question: { family, sourcePort: 40_000, ...question } });
  };
  const outside = { source: bits(OUTSIDE[family]), inInterface: "eth0" };
  const loopback = family === 4 ? "127.0.0.1" : "::1";
  for (const port of ports) {
    const protocol = PROTOCOLS[port.protocol] ?? 6;
    const frontends = [
      [port.clusterIP, port.port] as const,
      ...[...port.externalIPs, ...port.loadBalancerIPs].map((ip) => [ip, port.port] as const),
      ...(port.nodePort > 0 ? [[own, port.nodePort] as const] : []),
    ];
    const endpoints = port.endpoints.filter(({ programmed, ip }) => programmed && ip !== own).slice(0, MOST_ENDPOINTS);
    const allowed = port.loadBalancerSourceRanges[0]?.split("/")[0];
    const clients: [string, Omit<Question, "family" | "destination" | "protocol">][] = [
      ["outside", outside],
      ["pod", { source: bits(pod), inInterface: podInterface }],
      ["node", { source: bits(own), local: true }],
    ];
    for (const { ip } of endpoints) clients.push([`endpoint ${ip}`, { source: bits(ip), inInterface: podInterface }]);
    if (allowed !== undefined) clients.push(["allowed", { source: bits(allowed) + 5n, inInterface: "eth0" }]);
    for (const [ip, number] of frontends)
      for (const [client, from] of clients) {
        const packet = { ...from, destination: bits(ip), destinationPort: number, protocol };
        add(`${port.id} ${client} to ${ip}:${number}`, packet);
        if (port.sessionAffinity === "ClientIP")
          add(`${port.id} ${client} to ${ip}:${number} again`, { ...packet, affinity: true });
      }
    for (const [ip] of frontends)
      add(`${port.id} outside to another port of ${ip}`, {
        ...outside,
        destination: bits(ip),
        destinationPort: OTHER_PORT,
        protocol,
      });
    if (port.nodePort > 0)
      add(`${port.id} node to ${loopback}:${port.nodePort}`, {
        source: bits(loopback),
        local: true,
        destination: bits(loopback),
        destinationPort: port.nodePort,
        protocol,
      });
    if (port.healthCheckNodePort > 0)
      add(`${port.id} health check`, {
        ...outside,
        destination: bits(own),
        destinationPort: port.healthCheckNodePort,
        protocol: 6,
      });
  }
  const tcp = { protocol: 6, destinationPort: 22 };
  add("outside to the node's ssh", { ...outside, ...tcp, destination: bits(own) });
  add("outside to a pod", { ...outside, ...tcp, destination: bits(pod) });
  add("pod to outside", { ...tcp, source: bits(pod), inInterface: podInterface, destination: bits(OUTSIDE[family]) });
  add("outside to the loopback", { ...outside, ...tcp, destination: bits(loopback) });
  for (const state of ["established", "invalid"] as const)
    add(`${state}, outside to a pod`, { ...outside, ...tcp, destination: bits(pod), state });
  return { family, node: factsOf(own, pods, family, podInterface), probes };
}

/** An address in the network of the first endpoint that is no endpoint itself. */
function podBeside(pods: readonly string[], family: Family): string {
  const first = pods[0] ?? (family === 4 ? "10.244.1.5" : "fd00:10:244:1::5");
  for (let host = 201; host < 254; host++) {
    const address = family === 4 ? first.replace(/\d+$/, `${host}`) : first.replace(/[\da-f]*$/, host.toString(16));
    if (!pods.includes(address)) return address;
  }
  return first;
}

/** Pods lie behind one interface, everybody else behind another. */
function factsOf(own: string, pods: readonly string[], family: Family, podInterface: string): NodeFacts {
  const full = family === 4 ? 0xffffffffn : (1n << 128n) - 1n;
  return {
    addresses: [bits(own)],
    routes: [
      { bits: 0n, mask: 0n, interface: "eth0" },
      ...[...new Set(pods)].slice(0, 500).map((ip) => ({ bits: bits(ip), mask: full, interface: podInterface })),
    ],
    interfaceAddresses: new Map(),
    sets: new Map(),
  };
}

/** Where the packet ends, with shares; equal texts mean that nothing is different for traffic. */
export function outcomeOf(ruleset: Ruleset, { question }: Probe, node: NodeFacts): string {
  const shares = new Map<string, number>();
  for (const { fate, dnat, snat, rejectWith, assumptions, share } of trace(ruleset, question, node).ends) {
    const assumed = assumptions.map(({ variable, value }) => `${value ? "" : "not "}${variable.key}`).sort();
    const key = [fate, dnat, snat === true ? "snat" : snat === false ? "no snat" : "", rejectWith, ...assumed].join(
      " ",
    );
    shares.set(key, (shares.get(key) ?? 0) + share);
  }
  return [...shares]
    .filter(([, share]) => share > 1e-12)
    .map(([end, share]) => `${share.toFixed(8)} ${end}`)
    .sort()
    .join("\n");
}

/** Chains that the packet meets, as `table chain`. */
export function chainsOn(ruleset: Ruleset, { question }: Probe, node: NodeFacts): Set<string> {
  const met = new Set<string>();
  for (const { table, chain, rule } of trace(ruleset, question, node).steps) {
    met.add(`${table} ${chain}`);
    const target = rule < 0 ? -1 : ruleset.target(rule);
    if (target >= 0) met.add(`${table} ${ruleset.chainName(target)}`);
  }
  return met;
}
