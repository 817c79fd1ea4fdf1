import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { frontendInWords, nameOf } from "./service-words.ts";
import { listed } from "./words.ts";

/** kube-proxy writes one or the other in one transaction: forwarding in nat, or REJECT in filter. */
export const refusedButForwarded: Check = {
  id: "refused-but-forwarded",
  severity: "error",
  confidence: "likely",
  summary: "A Service is forwarded to endpoints and refused as having none",
  why: "Tables nat and filter are of two minds: one of them is stale, because a restore went half through or somebody restored an old table. Which one wins depends on the way in.",
  evidence:
    "Table nat leads an address or NodePort to endpoints, and table filter rejects the same as `has no endpoints`.",
  confirm: "iptables-save | grep NAMESPACE/NAME",
  whenFine: "Never.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/projectcalico/calico/issues/2024",
    "https://github.com/kubernetes/kubernetes/issues/112604",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat", "filter"],
  run(context, report) {
    for (const port of context.suspects.all) {
      if (port.frontends.every(({ fate }) => fate !== "rejected")) continue;
      const svc = port.chain("svc");
      if (svc === NONE || port.jumps(svc).length === 0) continue;
      const refused = port.frontends.filter(
        ({ fate, chain }) =>
          fate === "rejected" && (chain !== null || context.slot(port.sharedRules[0] ?? NONE) !== ""),
      );
      const [first] = refused;
      if (first === undefined) continue;
      const rule = port.sharedRules.find((each) => context.slot(each).startsWith("no-endpoints"));
      context.deviations.take((each) => each.port === port && each.slot.startsWith("no-endpoints"));
      report({
        at: { rule: rule ?? first.rule },
        label: "refuses it as having no endpoints",
        message: `${listed(refused.map(frontendInWords), 3)} of ${nameOf(port)} ${refused.length === 1 ? "is" : "are"} forwarded to endpoints in table nat and refused in table filter`,
        related:
          rule === undefined || rule === first.rule
            ? []
            : [{ at: { rule: first.rule }, label: "leads to endpoints", before: true }],
        servicePort: port.id,
        effect:
          "Packets get their new destination before table filter sees them, so most get through; what is not translated, or comes by another way, is refused.",
        severity: "warning",
      });
    }
  },
};
