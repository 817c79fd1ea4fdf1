import { displayText } from "../../grammar/bytes.ts";
import { type HostPort, isForPort } from "../kubernetes/host-ports.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import { conditionsInWords } from "../netfilter/rule-in-words.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import type { NodeModel } from "../read-node.ts";
import type { Explanation } from "../report/explanation.ts";
import type { WayRow } from "../report/way.ts";

/** Somebody's claim to a port of the node, with the line of the PREROUTING rule that leads to it; later ones win less. */
export interface Claim {
  readonly answer: Explanation;
  readonly entry: number;
}

/** Chains looked through on the way up to PREROUTING. */
const mostChains = 1000;

/** What others than kube-proxy make of a port of the node. */
export function hostPortClaims(node: NodeModel, map: ServiceMap, port: number, protocol: string | null): Claim[] {
  return map.hostPorts
    .filter((hostPort) => hostPort.destination !== "" && isForPort(hostPort, port, protocol ?? undefined))
    .map((hostPort) => ({
      answer: answerFor(node, map.ruleset, hostPort, port, protocol),
      entry: entryLine(map.ruleset, map.ruleset.chainOf(hostPort.rule)),
    }));
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
  ruleset: Ruleset,
  hostPort: HostPort,
  port: number,
  protocol: string | null,
): Explanation {
  const { owner, ip, destination, rule, jump } = hostPort;
  const by = hostPort.protocol ?? protocol ?? "any protocol";
  const who = owner === null ? `a rule of chain ${ruleset.chainName(ruleset.chainOf(rule))}` : owner.name;
  const to = destination.startsWith(":") ? `this node's own port ${destination.slice(1)}` : destination;
  const at = ip === null ? `${port}/${by}` : `${ip.includes(":") ? `[${ip}]` : ip}:${port}/${by}`;
  return {
    node: node.name,
    headline: displayText(
      `${at} is forwarded to ${to} by ${who} (line ${ruleset.store.line(rule)}), not by kube-proxy`,
    ),
    servicePort: null,
    shares: [{ share: 1, ideal: "1", address: displayText(destination), note: null }],
    choice: null,
    wayOf: "The rules that do it",
    way: [
      {
        title: displayText(`nat ${ruleset.chainName(ruleset.chainOf(rule))}`),
        rows: rowsOf(ruleset, jump, rule),
        omitted: 0,
      },
    ],
    sources: [],
    remarks: [],
    notShown: [],
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
