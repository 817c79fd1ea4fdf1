import type { Check } from "./check.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";
import { listed } from "./words.ts";

/** pkg/proxy/iptables/proxier.go: KUBE-FW forwards the ranges; the rest is dropped in KUBE-PROXY-FIREWALL, before 1.25 by KUBE-MARK-DROP. */
export const openSourceRanges: Check = {
  id: "open-source-ranges",
  severity: "error",
  confidence: "certain",
  summary: "The source ranges of a load balancer are not enforced as kube-proxy writes them",
  why: "loadBalancerSourceRanges is a firewall: whoever relies on it believes that others cannot connect.",
  evidence:
    "KUBE-FW has a rule that kube-proxy does not write or lacks one that it does, or KUBE-PROXY-FIREWALL does not drop the rest.",
  confirm: "iptables -t nat -S KUBE-FW-...; iptables -S KUBE-PROXY-FIREWALL",
  whenFine: "Never.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/110289",
    "https://github.com/kubernetes/kubernetes/issues/85572",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat", "filter"],
  run(context, report) {
    const found = context.deviations.take(
      ({ role, slot }) => (role === "fw" && slot !== "masquerade") || slot === "outside-ranges",
    );
    for (const [port, deviations] of found) {
      const [first] = deviations;
      if (first === undefined) continue;
      const { harms } = context.effectOn(port);
      const isOpen = harms.some(({ kind }) => kind === "open");
      const ranges = port.loadBalancerSourceRanges ?? [];
      report({
        ...draftOf(context, first),
        missing: deviations.flatMap(({ expected }) => expected ?? []),
        message: isOpen
          ? `the load balancer of ${nameOf(port)} lets in clients outside of its source ranges${ranges.length === 0 ? "" : ` (${listed(ranges)})`}`
          : `${first.chainName} of ${nameOf(port)} does not filter sources as kube-proxy writes it`,
      });
    }
  },
};
