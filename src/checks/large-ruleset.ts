import type { Check } from "./check.ts";

/** KEP-3453 measured seconds per sync from here on. */
const LARGE = 50_000;

export const largeRuleset: Check = {
  id: "large-ruleset",
  severity: "info",
  confidence: "certain",
  summary: "The node has very many rules",
  why: "The first packet of each connection to a Service passes KUBE-SERVICES rule by rule, and each sync reads and writes whole tables: connections start later, and changes take seconds to arrive.",
  evidence: "More than 50,000 rules in table nat.",
  confirm: "iptables-save -t nat | wc -l; kubectl -n kube-system logs KUBE-PROXY-POD | grep 'SyncProxyRules complete'",
  whenFine: "Where neither start of connections nor changes are too slow.",
  remedy:
    "kube-proxy 1.28 and later writes only what changed; its nftables mode (1.33) and IPVS look Services up in one step.",
  references: [
    "https://github.com/kubernetes/enhancements/issues/3453",
    "https://github.com/kubernetes/kubernetes/issues/14870",
    "https://github.com/projectcalico/calico/issues/7085",
  ],
  since: "0.1.0",
  subject: "netfilter",
  needs: ["nat"],
  run({ ruleset, store, services }, report) {
    const table = ruleset.table("nat");
    if (table === undefined || store.ruleCount < LARGE) return;
    const rules = store.rulesIn(table);
    if (rules < LARGE) return;
    report({
      at: { table },
      message: `table nat has ${rules} rules for ${services.servicePorts.length} Service ports`,
      effect:
        "The first packet of a connection is compared with up to as many rules as KUBE-SERVICES has; each full sync writes all of them.",
    });
  },
};
