import type { Check } from "./check.ts";
import { remarksIn } from "./remarks.ts";

/** iptables-save (nft) leaves out a table in which somebody else has rules that iptables cannot print (nft_is_table_compatible). */
export const hiddenTable: Check = {
  id: "hidden-table",
  severity: "warning",
  confidence: "certain",
  summary: "iptables-save could not print a table or some of its chains",
  why: "Rules that the kernel asks are not in this text. What iptlint says of them is missing, and what it says of the others may be wrong.",
  evidence: "A line ``# Table `filter' is incompatible, use 'nft' tool.``",
  confirm: "nft list ruleset",
  whenFine: "Where the rules that are not shown are those of a firewall that is known and right.",
  remedy: "Look at the table with `nft list ruleset`, and ask who writes native nftables rules into iptables' tables.",
  references: [
    "https://github.com/projectcalico/calico/issues/8025",
    "https://github.com/squat/kilo/issues/359",
    "https://github.com/cloudnativelabs/kube-router/issues/1588",
  ],
  since: "0.1.0",
  subject: "capture",
  needs: [],
  runOnNode({ store }, report) {
    for (const { offset, length, text } of remarksIn(store)) {
      const [, table, what] =
        /^# Table `(\S{1,20})' (is incompatible|contains incompatible base-chains)/.exec(text) ?? [];
      if (table === undefined) continue;
      const isWhole = what === "is incompatible";
      report({
        at: { offset, length },
        message: isWhole
          ? `table ${table} is not in this capture: iptables-save could not print it`
          : `table ${table} has chains that iptables-save could not print`,
        effect: "Not judged: what the rules that are not shown do to packets.",
        severity: isWhole ? "warning" : "info",
      });
    }
  },
};
