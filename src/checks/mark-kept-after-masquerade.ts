import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";

/** kk#92035: with VXLAN the outer packet inherited the mark and was masqueraded again, with a wrong checksum. */
export const markKeptAfterMasquerade: Check = {
  id: "mark-kept-after-masquerade",
  severity: "info",
  confidence: "likely",
  summary: "KUBE-POSTROUTING leaves the mark on packets that it rewrote",
  why: "With VXLAN (flannel, Calico, Canal) the packet around it inherits the mark, is rewritten once more, and some network cards compute its checksum wrongly: connections from the node to a cluster IP start after 1, 3 or 63 seconds.",
  evidence: "KUBE-POSTROUTING has one rule, `-m mark --mark ... -j MASQUERADE`, and no rule that takes the mark away.",
  confirm: "time curl -k https://10.96.0.1/ (on the node); ethtool -k flannel.1 | grep tx-checksum-ip-generic",
  whenFine:
    "Without an overlay network, and where checksum offloading is off for it. kube-proxy before 1.18 wrote it so.",
  remedy: "Update kube-proxy to 1.18 or later, or: ethtool -K flannel.1 tx-checksum-ip-generic off",
  references: [
    "https://github.com/kubernetes/kubernetes/pull/92035",
    "https://github.com/kubernetes/kubernetes/issues/88986",
    "https://github.com/projectcalico/calico/issues/3145",
    "https://github.com/flannel-io/flannel/issues/1282",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const chain = context.ruleset.chain("nat", "KUBE-POSTROUTING");
    const rule = context.ruleIn(chain, "masquerade-marked");
    if (rule === NONE || context.ruleIn(chain, "unmark") !== NONE) return;
    report({
      at: { rule },
      label: "rewrites the source, and the mark stays",
      message: "KUBE-POSTROUTING rewrites marked packets and leaves the mark on them",
      effect: "With VXLAN: connections from this node to cluster IPs may start seconds late. Otherwise none.",
    });
  },
};
