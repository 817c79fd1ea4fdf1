import { isCopy, isTextAt, QUOTE } from "../kubernetes/read/line-bytes.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { nameOf } from "./service-words.ts";

/** Since 1.25 the jumps to endpoints say in their comments where they lead. */
export const misleadingComment: Check = {
  id: "misleading-comment",
  severity: "warning",
  confidence: "certain",
  summary: "The comment of a jump names another endpoint than the one it leads to",
  why: "People read the comments. Either the jump was bent to another endpoint, or only the comment was changed.",
  evidence:
    "`NAME -> ADDRESS` in the comment of a jump, and DNAT to another address in the chain it leads to, whose name's hash agrees with that address.",
  confirm: "iptables -t nat -S KUBE-SVC-...",
  whenFine: "Never.",
  remedy: "Find out who edited the rule; kube-proxy writes it anew when the Service changes.",
  references: ["https://github.com/kubernetes/kubernetes/issues/114537"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { claims, endpoints, services } = context;
    if (!services.parameters.endpointComments.includes("arrow")) return;
    for (const port of services.servicePorts)
      for (const role of ["svc", "svl"] as const)
        for (const { rule, chain } of doubtfulJumps(context, port, port.chain(role))) {
          const said = / -> (\S+)$/.exec(claims.comment(rule) ?? "")?.[1];
          const address = endpoints.address(chain);
          if (chain === NONE || said === undefined || address === null || said === address) continue;
          // where the chain itself was bent, another finding says so
          if (port.spread.isProven(chain, address) !== true) continue;
          report({
            at: { rule },
            message: `the comment of a jump of ${nameOf(port)} says ${said}, and it leads to ${address}`,
            servicePort: port.id,
            effect: `Connections go to ${address}, whatever the comment says.`,
          });
        }
  },
};

interface Jump {
  readonly rule: RuleId;
  readonly chain: ChainId;
}

/** Jumps of a chain to endpoints whose comments are to be read: those that bytes alone do not clear. */
function doubtfulJumps(context: Context, port: ServicePort, chain: ChainId): readonly Jump[] {
  const { store, endpoints } = context;
  const { soundChains } = context.suspects;
  const found = new Set<RuleId>();
  for (let rule = chain === NONE ? NONE : store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
    const target: ChainId = store.targetChain(rule);
    if (!endpoints.isEndpointChain(target)) continue;
    // of a sound one the first rule is the mark, the second one translates
    const dnat = soundChains[target] === 1 ? store.nextRule(store.firstRule(target)) : endpoints.dnatOf(target);
    if (!saysAddressOf(store, rule, dnat)) found.add(rule);
  }
  if (found.size === 0 || context.shareFault(port, chain) !== null) return [];
  return port.jumps(chain).filter(({ rule }) => found.has(rule));
}

const LF = 10;
const COMMENT = "--comment ";
const ARROW = " -> ";

/** Whether the comment of a rule ends in where another one sends packets, its last value. False: perhaps. */
function saysAddressOf(store: RuleStore, rule: RuleId, dnat: RuleId): boolean {
  const { bytes } = store;
  const address = dnat === NONE ? NONE : store.valueStart(dnat);
  if (address === NONE) return false;
  const length = store.wordEnd(address) - address;
  const start = quoteFrom(bytes, store.ast.offset(store.node(rule)));
  const end = quoteFrom(bytes, start + 1);
  return (
    isTextAt(bytes, start - COMMENT.length, COMMENT) &&
    isTextAt(bytes, end, '" ') &&
    end - length - ARROW.length > start &&
    isTextAt(bytes, end - length - ARROW.length, ARROW) &&
    isCopy(bytes, address, address + length, end - length)
  );
}

/** The first quote of the line from a place on, or the end of the line. */
function quoteFrom(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== LF) at++;
  return at;
}
