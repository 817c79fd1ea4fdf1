import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";

/** pkg/proxy/iptables/proxier.go: KUBE-POSTROUTING returns what has no mark, takes the mark away and masquerades the rest. */
export const missingMasquerade: Check = {
  id: "missing-masquerade",
  severity: "error",
  confidence: "certain",
  summary: "KUBE-POSTROUTING rewrites no source",
  why: "Packets that were marked for SNAT leave with the client's own address. Replies of endpoints on other nodes bypass this node, and the client does not know their sender: NodePorts, load balancers and hairpins time out.",
  evidence: "KUBE-POSTROUTING is there and has neither MASQUERADE nor SNAT.",
  confirm: "iptables -t nat -S KUBE-POSTROUTING",
  whenFine: "Never.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/flannel-io/flannel/issues/799",
    "https://github.com/kubernetes/kubernetes/issues/61005",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { ruleset, store, services } = context;
    const chain = ruleset.chain("nat", "KUBE-POSTROUTING");
    if (chain === NONE || !store.isDeclared(chain) || services.servicePorts.length === 0) return;
    for (const rule of ruleset.rulesOf(chain)) {
      const target = store.targetRecord(rule)?.name;
      if (target === "MASQUERADE" || target === "SNAT") return;
    }
    const own = context.takeNodeDeviations(
      ({ chainName, kind }) => chainName === "KUBE-POSTROUTING" && kind === "missing",
    );
    const rules = context.rulesOf(chain);
    const last = rules[rules.length - 1];
    const effect = context.nodeEffect;
    report({
      at: last === undefined ? { chain } : { rule: last },
      label: last === undefined ? "is empty" : "kube-proxy writes MASQUERADE behind it:",
      missing: own.flatMap(({ expected }) => expected ?? []),
      message: `KUBE-POSTROUTING ${last === undefined ? "is empty" : "has no MASQUERADE"}: packets marked for SNAT keep their source`,
      effect: effect.text,
      severity: effect.severity,
    });
  },
};
