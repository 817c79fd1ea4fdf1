import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { bitsOf, type Client, networkOf } from "./clients.ts";
import type { Context } from "./context.ts";
import { type Severity, severities } from "./finding.ts";
import { type Harm, type HarmKind, harmsOf } from "./harm.ts";
import type { Probe } from "./probe.ts";
import type { Written } from "./written.ts";

/** What damage to a Service port does to its clients, as far as packets that were traced tell. */
export interface Effect {
  /** Worst first. */
  readonly harms: readonly Harm[];
  readonly severity: Severity;
  /** Sentences; says so when there is none. */
  readonly text: string;
}

/** Endpoints that are asked to reach themselves. */
const MOST_HAIRPINS = 8;
const MOST_SENTENCES = 3;

const order: readonly HarmKind[] = [
  "open",
  "lost",
  "refused",
  "unanswered",
  "astray",
  "source-kept",
  "source-lost",
  "shares",
];

/** Compares where packets to a Service port go with where they went by the rules as kube-proxy writes them. */
export function effectOn(context: Context, port: ServicePort, written: Written): Effect {
  const harms: Harm[] = [];
  const meant = written.services.servicePorts.filter((each) => each.chainHash === port.chainHash);
  for (const frontend of waysIn(port, meant))
    for (const client of clientsFor(context, port, meant, frontend)) {
      const actual = context.probe(client, frontend);
      const expected = actual === null ? null : context.probe(client, frontend, written.ruleset);
      if (actual !== null && expected !== null) harms.push(...harmsOf(actual, expected));
    }
  return effectOf(harms);
}

export function effectOf(found: readonly Harm[]): Effect {
  const harms = [...found].sort(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      order.indexOf(a.kind) - order.indexOf(b.kind) ||
      rankOfWay(a.probe) - rankOfWay(b.probe) ||
      b.share - a.share,
  );
  const [worst] = harms;
  if (worst === undefined)
    return { harms, severity: "warning", text: "No effect on the connections that were traced." };
  const sentences: string[] = [];
  for (const kind of new Set(harms.map((harm) => harm.kind))) {
    const ofKind = harms.filter((harm) => harm.kind === kind);
    const others = ofKind.length - 1;
    sentences.push(
      `${ofKind[0]?.text ?? ""}${others > 0 ? ` ${others} more ${others === 1 ? "way in is" : "ways in are"} affected alike.` : ""}`,
    );
  }
  return {
    harms,
    severity: worst.severity === "info" ? "warning" : worst.severity,
    text: `Traced: ${sentences.slice(0, MOST_SENTENCES).join(" ")}`,
  };
}

/** Ways that people use, before those that are there too. */
function rankOfWay({ client, frontend }: Probe): number {
  const toClusterIP = frontend.kind === "clusterIP";
  if (client.kind === "outside") return toClusterIP ? 4 : 0;
  if (client.kind === "pod") return toClusterIP ? 1 : 3;
  return 2;
}

/** Ways in by the rules as they are and as they are meant to be, each once. */
function waysIn(port: ServicePort, meant: readonly ServicePort[]): readonly Frontend[] {
  const found = new Map<string, Frontend>();
  for (const frontend of [...port.frontends, ...meant.flatMap(({ frontends }) => frontends)]) {
    const key = `${frontend.ip} ${frontend.port} ${frontend.protocol}`;
    if (frontend.kind !== "healthCheckNodePort" && !found.has(key)) found.set(key, frontend);
  }
  return [...found.values()].slice(0, 8);
}

function clientsFor(
  context: Context,
  port: ServicePort,
  meant: readonly ServicePort[],
  frontend: Frontend,
): readonly Client[] {
  const clients = (["outside", "pod", "node"] as const).map((kind) => context.client(kind));
  const found: Client[] = clients.filter((client) => client !== undefined);
  if (frontend.kind === "loadBalancerIP" || frontend.kind === "external") {
    const ranges = new Set([port, ...meant].flatMap((each) => each.loadBalancerSourceRanges ?? []));
    for (const range of [...ranges].slice(0, 2)) {
      const network = networkOf(range, context.ruleset.family ?? 4);
      if (network !== null)
        found.push({ kind: "outside", label: `a client in ${range}`, source: network.bits | 1n, local: false });
    }
  }
  if (frontend.kind === "clusterIP") found.push(...hairpinClients(port));
  return found;
}

/** Endpoints as clients of their own Service; damaged ones first. */
function hairpinClients(port: ServicePort): Client[] {
  const seen = new Set<string>();
  const clients: Client[] = [];
  for (const { ip } of port.endpoints) {
    if (ip === null || seen.has(ip)) continue;
    seen.add(ip);
    const source = bitsOf(ip);
    if (source !== null) clients.push({ kind: "pod", label: `endpoint ${ip}`, source, local: false });
    if (clients.length >= MOST_HAIRPINS) break;
  }
  return clients;
}
