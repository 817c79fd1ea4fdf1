import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { listed } from "./words.ts";

const TABLES = ["mangle", "nat", "filter"] as const;

/** pkg/util/iptables, Monitor: kube-proxy looks for its canary chain in mangle, nat and filter every 30 seconds, all three or none. */
export const missingCanary: Check = {
  id: "missing-canary",
  severity: "warning",
  confidence: "likely",
  summary: "kube-proxy's canary chain is missing from a table",
  why: "kube-proxy makes an empty chain in three tables, and when all of them are gone it writes everything anew. Where one is gone and another is there, a table was flushed and kube-proxy does not know.",
  evidence: "KUBE-PROXY-CANARY in some of mangle, nat and filter, but not in all.",
  confirm: "for t in mangle nat filter; do iptables -t $t -S KUBE-PROXY-CANARY; done",
  whenFine: "For half a minute after kube-proxy started.",
  remedy: "Restart kube-proxy: it writes everything anew. Find out what flushes the table.",
  references: ["https://github.com/kubernetes/kubernetes/issues/81517"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat", "filter"],
  run(context, report) {
    const { ruleset, store } = context;
    const shown = TABLES.filter((table) => context.isWhole(table));
    const isThere = (table: (typeof TABLES)[number]): boolean => {
      const chain = ruleset.chain(table, "KUBE-PROXY-CANARY");
      return chain !== NONE && store.isDeclared(chain);
    };
    const missing = shown.filter((table) => !isThere(table));
    const there = shown.filter(isThere);
    const [first] = missing;
    const table = first === undefined ? undefined : ruleset.table(first);
    if (table === undefined || there.length === 0) return;
    report({
      at: { table },
      label: "has no KUBE-PROXY-CANARY",
      message: `KUBE-PROXY-CANARY is in table ${listed(there)} and not in ${listed(missing)}`,
      effect: `No effect by itself. Table ${listed(missing)} was flushed or restored; kube-proxy does not notice as long as the chain is in another one.`,
    });
  },
};
