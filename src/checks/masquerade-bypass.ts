import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import { type Way, waysUnder } from "./affected-ways.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { foreignRules } from "./foreign-rules.ts";
import { type Outcome, shareOf } from "./probe.ts";
import { frontendInWords, nameOf } from "./service-words.ts";
import { percent } from "./words.ts";

/** nat POSTROUTING is asked once for each connection: a verdict before KUBE-POSTROUTING leaves the mark for SNAT without effect. */
export const masqueradeBypass: Check = {
  id: "masquerade-bypass",
  severity: "error",
  confidence: "likely",
  summary: "A rule of nobody known keeps marked connections from KUBE-POSTROUTING",
  why: "kube-proxy marks connections whose source must be rewritten (SNAT), and KUBE-POSTROUTING rewrites it. An ACCEPT or RETURN before the jump to it ends table nat, so the endpoint sees the client's own address and answers past this node: the client does not understand the reply.",
  evidence:
    "The trace of a connection passes KUBE-MARK-MASQ, then such a rule in nat POSTROUTING, and leaves with its own source.",
  confirm: "iptables -t nat -L POSTROUTING -nv --line-numbers",
  whenFine: "Where all endpoints of the Service are on this node, or replies come back through it anyhow.",
  remedy:
    "Put the rule behind the jump to KUBE-POSTROUTING, or let it pass what has the mark (! --mark 0x4000/0x4000).",
  references: ["https://github.com/flannel-io/flannel/issues/799", "https://github.com/coreos/flannel/pull/1092"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const postrouting = context.ruleset.chain("nat", "KUBE-POSTROUTING");
    for (const foreign of foreignRules(context)) {
      if (foreign.table !== "nat" || !foreign.hooks.has("POSTROUTING") || context.isSpokenOf(foreign.rule)) continue;
      const hit = waysUnder(context, foreign).filter((way) => share(context, way, foreign.rule) > 0.001);
      if (hit.length > 0 && postrouting !== NONE) report(draftOf(context, foreign.rule, hit));
    }
  },
};

function share(context: Context, { client, frontend }: Way, rule: RuleId): number {
  const marks = context.ruleset.chain("nat", "KUBE-MARK-MASQ");
  const isMarked = (way: readonly RuleId[]): boolean =>
    marks !== NONE && way.some((each) => each !== NONE && context.store.targetChain(each) === marks);
  const probe = context.probe(client, frontend);
  const isKept = ({ kind, rewritten, way }: Outcome): boolean =>
    kind === "translated" && rewritten === false && way.includes(rule) && isMarked(way);
  return probe === null ? 0 : shareOf(probe.outcomes, isKept).least;
}

function draftOf(context: Context, rule: RuleId, ways: readonly Way[]): Draft {
  const [first] = ways as [Way];
  const where = frontendInWords(first.frontend);
  const chain = context.ruleset.chainName(context.ruleset.chainOf(rule));
  return {
    at: { rule },
    label: "ends table nat before KUBE-POSTROUTING",
    message: `a rule in nat ${chain} keeps connections to ${where} of ${nameOf(first.port)} from their source rewrite (SNAT)`,
    servicePort: first.port.id,
    effect: `Traced: ${percent(share(context, first, rule))} of the connections from ${first.client.label} to ${where} are marked for SNAT and leave with their own source; a reply that does not come back through this node is not understood by the client.${ways.length > 1 ? ` The same on ${ways.length - 1} more of the ways that were traced.` : ""}`,
    confirm: `iptables -t nat -L ${chain} -nv --line-numbers`,
  };
}
