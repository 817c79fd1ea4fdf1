import type { Check } from "./check.ts";
import { hookOf } from "./hooks.ts";
import { hex, markSetters } from "./mark-rules.ts";

/** A mark is 32 bits that all share; who writes all of them takes away what others have set. */
export const markOverwritten: Check = {
  id: "mark-overwritten",
  severity: "warning",
  confidence: "likely",
  summary: "A rule overwrites the whole mark of a packet",
  why: "kube-proxy marks packets for SNAT in nat PREROUTING and OUTPUT and reads the mark in nat POSTROUTING. A rule in between that sets all 32 bits takes kube-proxy's bit away: the source is not rewritten and replies go astray.",
  evidence:
    "`--set-xmark` or `--set-mark` with mask 0xffffffff (or without a mask) where packets of Services pass between their mark and KUBE-POSTROUTING.",
  confirm: "iptables-save -t mangle | grep -e MARK",
  whenFine:
    "Before kube-proxy's mark is set (raw, mangle PREROUTING), or for packets that are no Service's: not reported or information.",
  remedy: "Set single bits: --set-xmark VALUE/MASK.",
  references: ["https://github.com/projectcalico/felix/issues/964", "https://github.com/siderolabs/talos/issues/5945"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { ruleset, store, services } = context;
    const mark = services.parameters.masqueradeMark;
    const bit = Number(mark?.split("/")[0] ?? 0x4000);
    for (const { rule, bits, mask, owner } of markSetters(context)) {
      if (mask >>> 0 !== 0xffffffff || (bits & bit) !== 0) continue;
      const chain = store.chainOf(rule);
      const table = ruleset.tableOf(chain).name;
      const hooks = hookOf(context, chain);
      // between nat PREROUTING or OUTPUT and nat POSTROUTING
      const between =
        table === "mangle" ? ["FORWARD", "POSTROUTING"] : ["filter", "security"].includes(table) ? ["FORWARD"] : [];
      if (!between.some((hook) => hooks.has(hook))) continue;
      const always =
        store.shape(rule).options.every(({ owner: of }) => of < -1) && store.shape(rule).matches.length === 0;
      report({
        at: { rule },
        message: `a rule in ${table} ${ruleset.chainName(chain)} sets the whole mark to ${hex(bits)}, kube-proxy's ${hex(bit)} included`,
        severity: always ? "warning" : "info",
        effect: `Packets of Services that match it lose the mark for SNAT before KUBE-POSTROUTING asks for it.${owner === null ? "" : ` The rule is ${owner}'s.`}`,
        confirm: `iptables -t ${table} -S ${ruleset.chainName(chain)}`,
      });
    }
  },
};
