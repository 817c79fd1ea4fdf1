import { NONE } from "../netfilter/ruleset.ts";
import { BUILT_IN } from "../netfilter/table.ts";
import type { Check } from "./check.ts";
import { counted } from "./words.ts";

/** iptables-restore(8); kernel: a jump to a chain that does not exist cannot be loaded. */
export const undeclaredChain: Check = {
  id: "undeclared-chain",
  severity: "error",
  confidence: "certain",
  summary: "A rule stands in or jumps to a chain that its table does not declare",
  why: "No kernel holds such a rule: the text was edited or cut, and iptables-restore refuses the whole table, so that none of its rules is loaded.",
  evidence: "A name after -A, -j or -g without a line `:NAME` in the same table; it is no target of iptables.",
  confirm: "iptables-restore --test < dump.txt",
  whenFine:
    "Never in what iptables-save printed. In a file for iptables-restore --noflush the chain may exist already.",
  remedy:
    "Capture again. If the text is meant to be loaded, declare the chain in the same table or take the rules out.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/121362",
    "https://github.com/kubernetes/kubernetes/issues/92275",
    "https://github.com/kubernetes/enhancements/pull/3454",
  ],
  since: "0.1.0",
  subject: "netfilter",
  needs: [],
  run({ store, ruleset, wholeTables }, report) {
    const whole = new Set(wholeTables);
    for (let chain = 0; chain < store.chainCount; chain++) {
      if (store.isDeclared(chain)) continue;
      const table = store.tableOf(chain);
      if (!whole.has(table)) continue;
      const name = store.chainName(chain);
      if (BUILT_IN[table.name].includes(name) || ADDONS.has(name) || PLACEHOLDER.test(name)) continue;
      const callers = ruleset.callers(chain);
      const own = store.firstRule(chain);
      const rule = callers[0] ?? own;
      if (rule === undefined || rule === NONE) continue;
      const jumps =
        callers.length === 0
          ? ""
          : `, and ${counted(callers.length, "rule")} ${callers.length === 1 ? "jumps" : "jump"} to it`;
      report({
        at: { rule },
        message: `chain "${name}" is not declared in table "${table.name}"${jumps}`,
        effect: "iptables-restore refuses the table: none of its rules is loaded.",
      });
    }
  },
};

/** Targets that iptables does not ship: xtables-addons, patch-o-matic and vendors' kernels. */
const ADDONS: ReadonlySet<string> = new Set([
  ...["ACCOUNT", "CHAOS", "DELUDE", "DHCPMAC", "DNETMAP", "ECHO", "IPMARK", "LOGMARK", "PROTO", "RAWDNAT", "RAWSNAT"],
  ...["STEAL", "SYSRQ", "TARPIT", "TRIGGER", "ROUTE", "IPV4OPTSSTRIP", "MIRROR", "BALANCE", "SAME", "XOR", "IMQ"],
  ...["FULLCONENAT", "FLOWOFFLOAD", "NATTYPE", "CONE", "ISTAT", "NDPI", "NETFLOW", "RTPENGINE", "ULOG", "FTOS"],
]);

/** A template, or a text in which names were taken out. */
const PLACEHOLDER = /[{}<>$%]/;
