import { displayText } from "../../grammar/bytes.ts";
import { type HostPort, isForPort } from "../kubernetes/host-ports.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import { conditionsInWords } from "../netfilter/rule-in-words.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import type { NodeModel } from "../read-node.ts";
import type { Explanation } from "../report/explanation.ts";
import type { WayRow } from "../report/way.ts";
import type { Clients } from "./clients.ts";
import { outcomeOf } from "./shares.ts";
import { sourcesOf } from "./sources.ts";
import { wayOf } from "./way.ts";

/** Somebody's claim to a port of the node, with the line of the PREROUTING rule that leads to it; later ones win less. */
export interface Claim {
  readonly answer: Explanation;
  /** "kube-proxy", "CNI portmap" */
  readonly by: string;
  readonly entry: number;
}

/** Chains looked through on the way up to PREROUTING. */
const mostChains = 1000;

/** What others than kube-proxy make of a port of the node. */
export function hostPortClaims(
  node: NodeModel,
  map: ServiceMap,
  clients: Clients,
  port: number,
  protocol: string | null,
): Claim[] {
  return map.hostPorts
    .filter((hostPort) => hostPort.destination !== "" && isForPort(hostPort, port, protocol ?? undefined))
    .map((hostPort) => ({
      answer: answerFor(node, map, clients, hostPort, port, protocol),
      by: ownerOf(map.ruleset, hostPort),
      entry: entryLine(map.ruleset, map.ruleset.chainOf(hostPort.rule)),
    }));
}

function ownerOf(ruleset: Ruleset, { owner, rule }: HostPort): string {
  return owner === null ? `a rule of chain ${displayText(ruleset.chainName(ruleset.chainOf(rule)))}` : owner.name;
}

/** Line of the first rule of nat PREROUTING by which packets get to the chain; infinite where none does. */
export function entryLine(ruleset: Ruleset, chain: ChainId): number {
  const top = ruleset.chain("nat", "PREROUTING");
  const seen = new Set<ChainId>([chain]);
  let line = Number.POSITIVE_INFINITY;
  for (const each of seen) {
    if (each === top) return ruleset.store.line(ruleset.store.firstRule(each));
    if (seen.size > mostChains) break;
    for (const rule of ruleset.callers(each)) {
      const from = ruleset.chainOf(rule);
      if (from === top) line = Math.min(line, ruleset.store.line(rule));
      else seen.add(from);
    }
  }
  return line;
}

function answerFor(
  node: NodeModel,
  map: ServiceMap,
  clients: Clients,
  hostPort: HostPort,
  port: number,
  protocol: string | null,
): Explanation {
  const { ruleset } = map;
  const { ip, destination, rule } = hostPort;
  const by = hostPort.protocol ?? protocol ?? "any protocol";
  const to = destination.startsWith(":") ? `this node's own port ${destination.slice(1)}` : destination;
  const at = ip === null ? `${port}/${by}` : `${ip.includes(":") ? `[${ip}]` : ip}:${port}/${by}`;
  const over = ip === null && ruleset.family === 6 ? " over IPv6" : "";
  const who = ownerOf(ruleset, hostPort);
  return {
    node: node.name,
    headline: displayText(
      `${at}${over} is forwarded to ${to} by ${who} (line ${ruleset.store.line(rule)}), not by kube-proxy`,
    ),
    servicePort: null,
    choice: null,
    notShown: [],
    ...wayTo(map, clients, hostPort, { port, protocol: hostPort.protocol ?? protocol ?? "tcp" }),
  };
}

/** Where connections to the port go; where they do not get to the rule or cannot be followed, what the rule says. */
function wayTo(
  map: ServiceMap,
  clients: Clients,
  { ip, destination, rule, jump }: HostPort,
  asked: Pick<Frontend, "port" | "protocol">,
): Pick<Explanation, "shares" | "wayOf" | "way" | "sources" | "remarks"> {
  const { ruleset } = map;
  const traces = clients.to({ ...asked, kind: "nodePort", ip, fate: "forwarded", rule, chain: null }, null);
  const outside = traces.find(({ client }) => client.kind === "outside")?.trace;
  if (outside?.steps.some((step) => step.rule === rule)) {
    const place = ip === null ? `any address of this node, port ${asked.port}` : `${ip}, port ${asked.port}`;
    const { shares, open } = outcomeOf(outside);
    return {
      shares,
      remarks: open === null ? [] : [displayText(open)],
      wayOf: displayText(`The way of a connection to ${place}/${asked.protocol}`),
      way: wayOf(ruleset, outside.steps, open === null ? "changes" : "nat"),
      sources: sourcesOf(traces),
    };
  }
  const title = displayText(`nat ${ruleset.chainName(ruleset.chainOf(rule))}`);
  return {
    shares: [{ share: 1, ideal: "1", address: displayText(destination), note: null }],
    remarks: [],
    wayOf: "The rules that do it",
    way: [{ title, rows: rowsOf(ruleset, jump, rule), omitted: 0 }],
    sources: [],
  };
}

function rowsOf(ruleset: Ruleset, jump: RuleId, rule: RuleId): WayRow[] {
  return [jump, rule]
    .filter((each) => each !== NONE)
    .map((each) => {
      const node = ruleset.rule(each);
      const target = ruleset.target(each);
      const words =
        node.target?.options.flatMap(({ flag, values }) => [flag.text, ...values.map(({ text }) => text)]) ?? [];
      const effect =
        target === NONE ? [node.target?.name ?? "counted", ...words].join(" ") : `-> ${ruleset.chainName(target)}`;
      return {
        line: ruleset.store.line(each),
        condition: displayText(conditionsInWords(node)),
        effect: displayText(effect),
        depth: 0 as const,
      };
    });
}
