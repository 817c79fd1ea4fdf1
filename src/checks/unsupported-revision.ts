import type { Check } from "./check.ts";
import { counted } from "./words.ts";

/** iptables prints `[unsupported revision]` for what a newer iptables wrote; of DNAT it then loses the destination. */
export const unsupportedRevision: Check = {
  id: "unsupported-revision",
  severity: "warning",
  confidence: "certain",
  summary: "The capture lacks the destinations of DNAT rules",
  why: "A newer iptables wrote the rules than the one that printed them. The node works, but the text does not show where connections go, and iptables-restore must not be fed with it.",
  evidence: "`-j DNAT` without --to-destination in a KUBE-SEP chain, often with the words [unsupported revision].",
  confirm: "iptables-save --version",
  whenFine: "The node itself is fine.",
  remedy:
    "Capture with the iptables that wrote the rules, for example kube-proxy's own: kubectl -n kube-system exec KUBE-PROXY-POD -- iptables-save > dump.txt",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/95409",
    "https://github.com/kubernetes/kubernetes/issues/94754",
    "https://github.com/robbertkl/docker-ipv6nat/issues/47",
  ],
  since: "0.1.0",
  subject: "capture",
  needs: [],
  run({ capture, endpoints, ruleset }, report) {
    const [rule] = capture.unprinted;
    if (rule === undefined || capture.isLossy) return;
    const chain = ruleset.chainName(ruleset.chainOf(rule));
    const address = endpoints.address(ruleset.chainOf(rule));
    report({
      at: { rule },
      message: `${counted(capture.unprinted.length, "DNAT rule")} ${capture.unprinted.length === 1 ? "has" : "have"} no destination in this text${address === null ? "" : `; ${chain} leads to ${address} by its name`}`,
      effect: "No effect on traffic: the kernel has the destinations.",
    });
  },
};
