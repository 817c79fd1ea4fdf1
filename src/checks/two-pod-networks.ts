import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { listed } from "./words.ts";

/** Owners that give pods their network and rewrite their sources. Canal is Calico on flannel, which is meant. */
const NETWORKS: ReadonlySet<string> = new Set([
  "flannel",
  "Weave Net",
  "Cilium",
  "Antrea",
  "AWS VPC CNI",
  "Kube-OVN",
  "OpenShift SDN",
  "OVN-Kubernetes",
]);

export const twoPodNetworks: Check = {
  id: "two-pod-networks",
  severity: "info",
  confidence: "hint",
  summary: "Two pod networks have rules on this node",
  why: "Mostly one of them was taken away and left its rules: it rewrites or accepts packets of pods that are no longer its own. Policies by address then see the wrong one.",
  evidence: "Chains or comments of two CNI plugins that each rewrite the sources of pods.",
  confirm: "ls /etc/cni/net.d; ip -br link",
  whenFine: "Calico for policies on flannel (Canal), and chained plugins.",
  remedy: "Remove the rules of the one that is gone; a reboot does, once its configuration is gone.",
  references: ["https://github.com/weaveworks/weave/issues/3588"],
  since: "0.1.0",
  subject: "netfilter",
  needs: ["nat"],
  run({ services, ruleset }, report) {
    const found = services.owners.filter(({ owner }) => NETWORKS.has(owner.name));
    const [first, second] = found;
    if (first === undefined || second === undefined) return;
    const chain = ["nat", "filter", "mangle"]
      .map((table) => ruleset.chain(table as "nat", second.first))
      .find((each) => each !== NONE);
    report({
      at: chain === undefined ? { offset: 0, length: 0 } : { chain },
      message: `${listed(found.map(({ owner }) => owner.name))} have rules on this node`,
      effect: "If one of them is no longer used, its rules still rewrite or accept packets of pods.",
    });
  },
};
