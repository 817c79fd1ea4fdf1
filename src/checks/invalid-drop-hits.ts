import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";

/** The counter of the rule, where the capture has counters (iptables-save -c). */
export const invalidDropHits: Check = {
  id: "invalid-drop-hits",
  severity: "info",
  confidence: "hint",
  summary: "Packets were dropped because connection tracking does not understand them",
  why: "A few are normal. Many mean that replies take another way than requests (asymmetric routing, anycast, several interfaces), so that this node sees half of each connection.",
  evidence: "A counter above zero at `--ctstate INVALID -j DROP` in KUBE-FORWARD.",
  confirm: "iptables -L KUBE-FORWARD -nv; conntrack -S",
  whenFine: "Where the counter does not rise while a connection fails.",
  remedy: "See that requests and replies pass the same node; or set net.netfilter.nf_conntrack_tcp_be_liberal=1.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/94861",
    "https://github.com/kubernetes/kubernetes/issues/120412",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["filter"],
  run(context, report) {
    const chain = context.ruleset.chain("filter", "KUBE-FORWARD");
    const rule = context.ruleIn(chain, "invalid");
    if (rule === NONE) return;
    const packets = context.ruleset.rule(rule).counters?.packets ?? 0n;
    if (packets === 0n) return;
    report({
      at: { rule },
      message: `${packets} forwarded ${packets === 1n ? "packet was" : "packets were"} dropped in state INVALID since the rule was made`,
      effect: "Those packets are lost. If the number rises while a connection hangs, its replies take another way.",
    });
  },
};
