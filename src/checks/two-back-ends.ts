import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { remarksIn } from "./remarks.ts";

/** The kernel asks both: ip_tables and nf_tables register at the same hooks, in nat at the same priority. */
export const twoBackEnds: Check = {
  id: "two-back-ends",
  severity: "error",
  confidence: "certain",
  summary: "kube-proxy's rules stand in iptables-legacy and in iptables-nft at once",
  why: "The kernel asks both sets of rules. One of them is stale: nobody keeps it, it sends connections to pods that are gone, and in nat the first answer wins.",
  evidence:
    "PREROUTING or OUTPUT jumps to KUBE-SERVICES in both texts of one node. The line `# Warning: iptables-legacy tables present` alone proves nothing but that the tables exist: information.",
  confirm: "iptables-legacy-save -t nat | grep -c KUBE-; iptables-nft-save -t nat | grep -c KUBE-",
  whenFine: "Never with kube-proxy's chains in both. Empty legacy tables are harmless.",
  remedy:
    "Find out which back end kube-proxy uses now, and take its chains out of the other one: `kube-proxy --cleanup` with that iptables, or reboot.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/71305",
    "https://github.com/kubernetes/kubernetes/issues/109811",
    "https://github.com/cloudnativelabs/kube-router/issues/1069",
    "https://github.com/cilium/cilium/issues/20123",
  ],
  since: "0.1.0",
  subject: "capture",
  needs: [],
  runOnNode({ store, contexts }, report) {
    let both = false;
    for (const family of [4, 6, null]) {
      const hooked = contexts
        .filter(({ ruleset }) => ruleset.family === family)
        .filter((context) => hookRule(context) !== NONE);
      const [first, second] = [
        hooked.find(({ ruleset }) => ruleset.backend === "legacy"),
        hooked.find(({ ruleset }) => ruleset.backend !== "legacy"),
      ];
      if (first === undefined || second === undefined) continue;
      both = true;
      report({
        at: { rule: hookRule(first) },
        label: "in iptables-legacy",
        message: `kube-proxy's chains are hooked in iptables-legacy and in iptables-nft of one node${family === 6 ? " (IPv6)" : ""}`,
        related: [{ at: { rule: hookRule(second) }, label: "and in the other back end" }],
        effect: `Each packet passes both. Legacy has ${first.services.servicePorts.length} Service ports, the other ${second.services.servicePorts.length}; whichever is no longer kept still sends connections where it used to.`,
      });
    }
    const isLegacyShown = contexts.some(({ ruleset }) => ruleset.backend === "legacy");
    const warning = remarksIn(store).find(
      ({ text }) => text.startsWith("# Warning: ") && text.includes("tables present"),
    );
    if (warning === undefined || both || isLegacyShown) return;
    report({
      at: warning,
      message: "iptables-legacy has tables on this node that this capture does not show; perhaps they are empty",
      effect: "Not judged: rules in them are asked as well.",
      severity: "info",
      confidence: "hint",
      confirm: "iptables-legacy-save",
      remedy: "Give iptlint both texts of the node: iptables-save > nft.txt; iptables-legacy-save > legacy.txt",
    });
  },
};

function hookRule({ ruleset, store }: Context): number {
  for (const hook of ["PREROUTING", "OUTPUT"]) {
    const chain = ruleset.chain("nat", hook);
    if (chain === NONE) continue;
    for (const rule of ruleset.rulesOf(chain)) {
      const target = store.targetChain(rule);
      if (target !== NONE && ruleset.chainName(target) === "KUBE-SERVICES") return rule;
    }
  }
  return NONE;
}
