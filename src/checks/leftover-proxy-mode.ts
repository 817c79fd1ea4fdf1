import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { counted } from "./words.ts";

const documentation = {
  confidence: "likely",
  confirm: "kubectl -n kube-system get configmap kube-proxy -o yaml | grep 'mode:'; ipvsadm -Ln",
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
} as const;

/** kube-proxy --cleanup takes away what another mode left; a restart alone does not. */
export const ipvsLeftover: Check = {
  ...documentation,
  id: "ipvs-leftover",
  severity: "warning",
  summary: "Rules of kube-proxy's IPVS mode stand beside those of its iptables mode",
  why: "They mark and accept packets for virtual servers that are gone, and IPVS itself may still have them: connections are sent to endpoints of yesterday.",
  evidence:
    "KUBE-NODE-PORT, KUBE-LOAD-BALANCER, KUBE-IPVS-FILTER or rules with --match-set KUBE-... beside KUBE-SVC chains.",
  whenFine: "Never.",
  remedy: "Drain the node, run kube-proxy --cleanup (or reboot), then start kube-proxy again.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/109286",
    "https://github.com/kubernetes/kubernetes/issues/102314",
  ],
  run(context, report) {
    const found = firstOf(context, "kube-proxy in IPVS mode");
    if (found === null) return;
    report({
      at: { chain: found.chain },
      message: `${counted(found.count, "chain")} of kube-proxy's IPVS mode beside its iptables mode`,
      effect:
        "They mark or accept packets by sets that nobody keeps. If IPVS still has virtual servers, it takes connections before any endpoint of these rules sees them.",
    });
  },
};

export const userspaceLeftover: Check = {
  ...documentation,
  id: "userspace-leftover",
  severity: "info",
  summary: "Chains of kube-proxy's userspace mode are left over",
  why: "That mode was taken out in 1.26. Its chains redirected connections to ports of kube-proxy on which nothing listens any more.",
  evidence: "KUBE-PORTALS-CONTAINER, KUBE-PORTALS-HOST and the like.",
  whenFine: "Empty or unhooked chains are harmless.",
  remedy: "kube-proxy --cleanup, or reboot.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/12596",
    "https://github.com/openshift/origin/issues/14713",
  ],
  run(context, report) {
    const found = firstOf(context, "kube-proxy in userspace mode");
    if (found === null) return;
    report({
      at: { chain: found.chain },
      message: `${counted(found.count, "chain")} of kube-proxy's userspace mode ${found.count === 1 ? "is" : "are"} left over`,
      effect: "None, unless a built-in chain leads to them.",
    });
  },
};

function firstOf({ services, ruleset }: Context, owner: string): { chain: number; count: number } | null {
  const found = services.owners.find((each) => each.owner.name === owner);
  if (found === undefined) return null;
  for (const table of ruleset.tables) {
    const chain = ruleset.chain(table.name, found.first);
    if (chain !== NONE) return { chain, count: found.count };
  }
  return null;
}
