import { NONE } from "../netfilter/ruleset.ts";
import { BUILT_IN } from "../netfilter/table.ts";
import type { Check } from "./check.ts";
import { isUnconditional } from "./form.ts";

const FINAL: ReadonlySet<string> = new Set(["DROP", "REJECT"]);

/** iptables-save (nft) leaves set look-ups of native nftables rules out of what it prints, all versions alike. */
export const hiddenCondition: Check = {
  id: "hidden-condition",
  severity: "info",
  confidence: "hint",
  summary: "A rule that stops everything may have a condition that iptables-save cannot print",
  why: "Native nftables rules in iptables' tables that look up a set are printed without the look-up: `ip saddr @bad drop` becomes `-A INPUT -j DROP`. Such a line reads as if the node were cut off.",
  evidence:
    "An unconditional DROP or REJECT in a built-in chain with rules behind it, in a capture of the nft back end.",
  confirm: "nft list ruleset | grep -B2 -A2 @",
  whenFine: "Where the chain is meant to stop everything from there on.",
  remedy: "Look at the chain with `nft list chain ip filter INPUT`.",
  references: ["https://wiki.nftables.org/wiki-nftables/index.php/Moving_from_iptables_to_nftables"],
  since: "0.1.0",
  subject: "netfilter",
  needs: [],
  run(context, report) {
    const { ruleset, store } = context;
    if (ruleset.backend === "legacy") return;
    for (const { name } of ruleset.tables)
      for (const hook of BUILT_IN[name]) {
        const chain = ruleset.chain(name, hook);
        if (chain === NONE) continue;
        for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
          if (!FINAL.has(store.targetRecord(rule)?.name ?? "") || store.nextRule(rule) === NONE) continue;
          if (!isUnconditional(store, rule)) continue;
          if (context.isSpokenOf(rule)) break;
          context.noteRule(rule);
          report({
            at: { rule },
            message: `${name} ${hook} stops everything here, and rules stand behind it`,
            effect:
              "If that is so, nothing behind it is ever asked. It may be a native nftables rule whose set iptables-save left out.",
          });
          break;
        }
      }
  },
};
