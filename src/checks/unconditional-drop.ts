import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { isUnconditional } from "./form.ts";

/** kk#112477: iptables 1.8.8 in one image and 1.8.7 in another: the mark was lost, and KUBE-FIREWALL dropped everything. */
export const unconditionalDrop: Check = {
  id: "unconditional-drop",
  severity: "error",
  confidence: "likely",
  summary: "KUBE-FIREWALL drops every packet",
  why: "The kubelet's chain is asked for every packet to and from the node. A DROP without a condition cuts the node off: no kubelet, no DNS, no ssh.",
  evidence: "`-A KUBE-FIREWALL -j DROP` without a match.",
  confirm: "iptables -L KUBE-FIREWALL -nv (do not wait for ssh)",
  whenFine:
    "Where the iptables-save that captured is older than the iptables that wrote the rule: it prints the rule without its mark, and the node works.",
  remedy:
    "iptables -F KUBE-FIREWALL; the kubelet writes it anew. Use one version of iptables for kubelet, kube-proxy and CNI.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/112477",
    "https://github.com/kubernetes/kubernetes/issues/83063",
  ],
  since: "0.1.0",
  subject: "netfilter",
  needs: ["filter"],
  run(context, report) {
    const { ruleset, store } = context;
    const chain = ruleset.chain("filter", "KUBE-FIREWALL");
    if (chain === NONE) return;
    for (const rule of context.rulesOf(chain)) {
      if (store.targetRecord(rule)?.name !== "DROP" || !isUnconditional(store, rule)) continue;
      const hooked = ruleset.callers(chain).length > 0;
      const version = ruleset.version;
      report({
        at: { rule },
        message: "KUBE-FIREWALL drops every packet that comes to this rule",
        severity: hooked ? "error" : "warning",
        effect: hooked
          ? "Everything that the node itself sends or receives and that no rule before it accepts is dropped."
          : "No effect now: nothing leads to the chain.",
        ...(version !== null && {
          remedy: `If the node works, this text was captured with an iptables-save (${version}) that cannot print the rule. Otherwise: iptables -F KUBE-FIREWALL; the kubelet writes it anew.`,
        }),
      });
    }
  },
};
