import { ownerOfComment } from "../kubernetes/owners.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";

/** Rests on `cluster.owners` of the configuration. */
export const missingOwner: Check = {
  id: "missing-owner",
  severity: "warning",
  confidence: "likely",
  summary: "Somebody who is expected on the node has no rules there",
  why: "Without the rules of the network plugin pods may be cut off, or reachable for everybody; without those of the host's firewall the node may be open.",
  evidence:
    "Neither a chain nor a comment of somebody whom `cluster.owners` of the configuration names, in a whole capture.",
  confirm: "iptables-legacy-save | grep '^:'; iptables-nft-save | grep '^:'",
  whenFine:
    "Where its rules are in the other back end, in nftables or in eBPF, or only for another IP version. Silent where the configuration does not say who is expected.",
  remedy:
    "See whether its program runs on the node and what it logs; take it out of cluster.owners where it is not meant to be there.",
  references: [],
  since: "0.1.0",
  subject: "netfilter",
  needs: [],
  runOnNode({ contexts }, report) {
    const [first] = contexts;
    const at = first?.ruleset.tables[0];
    if (first === undefined || at === undefined) return;
    if (!contexts.every((context) => context.isWhole("nat") && context.isWhole("filter"))) return;
    const here = new Set(contexts.flatMap(({ services }) => services.owners.map(({ owner }) => owner.name)));
    const missing = new Set(first.facts.owners?.filter((owner) => !here.has(owner)));
    if (missing.size === 0) return;
    for (const owner of commentators(contexts)) missing.delete(owner);
    for (const owner of missing) {
      report({
        at: { table: at },
        message: `the configuration expects ${owner}, and nothing of it is in this capture`,
        effect: `What its rules would forward, rewrite or keep out is not forwarded, rewritten or kept out by iptables here.`,
      });
    }
  },
};

/** Those who have but single rules in chains of others show in their comments. */
function* commentators(contexts: readonly Context[]): Iterable<string> {
  for (const { ruleset, claims } of contexts) {
    const { store } = ruleset;
    const ours = new Set(ruleset.tables);
    for (let rule = 0; rule < store.ruleCount; rule++) {
      if (!ours.has(store.tableOf(store.chainOf(rule)))) continue;
      const comment = claims.comment(rule);
      const owner = comment === null ? null : ownerOfComment(comment);
      if (owner !== null) yield owner.name;
    }
  }
}
