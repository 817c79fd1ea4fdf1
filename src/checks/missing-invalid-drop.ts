import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";

/** pkg/proxy/iptables/proxier.go: not written where net.netfilter.nf_conntrack_tcp_be_liberal is set. */
export const missingInvalidDrop: Check = {
  id: "missing-invalid-drop",
  severity: "info",
  confidence: "hint",
  summary: "KUBE-FORWARD does not drop packets in state INVALID",
  why: "A packet that connection tracking does not understand is not translated: it reaches the client with the pod's own address as its source, the client answers with a reset, and long transfers end with `connection reset by peer`.",
  evidence: "KUBE-FORWARD without `--ctstate INVALID -j DROP`.",
  confirm: "sysctl net.netfilter.nf_conntrack_tcp_be_liberal",
  whenFine:
    "With nf_conntrack_tcp_be_liberal=1 nothing is INVALID for being out of window, and kube-proxy leaves the rule out on purpose. kube-proxy before 1.15 did not have it.",
  remedy: "Update kube-proxy, or set net.netfilter.nf_conntrack_tcp_be_liberal=1.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/74839",
    "https://github.com/kubernetes/kubernetes/pull/74840",
    "https://github.com/kubernetes/kubernetes/issues/117924",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["filter"],
  run(context, report) {
    const chain = context.ruleset.chain("filter", "KUBE-FORWARD");
    if (
      chain === NONE ||
      context.services.parameters.dropInvalid !== false ||
      context.services.servicePorts.length === 0
    )
      return;
    report({
      at: { chain },
      missing: ["-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"],
      label: "kube-proxy writes this rule first, unless nf_conntrack_tcp_be_liberal is set:",
      message: "KUBE-FORWARD lets packets pass that connection tracking does not understand",
      effect: "Unless nf_conntrack_tcp_be_liberal is set, long transfers through Services may end with a reset.",
    });
  },
};
