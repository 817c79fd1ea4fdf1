import type { Check } from "./check.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";

/** pkg/proxy/iptables/proxier.go: with externalTrafficPolicy Local nothing from outside is marked. */
export const unwantedMasqueradeMark: Check = {
  id: "unwanted-masquerade-mark",
  severity: "warning",
  confidence: "certain",
  summary: "Traffic to a Service is marked for SNAT where kube-proxy does not mark it",
  why: "The endpoint sees an address of this node instead of the client's: logs, limits by address and NetworkPolicy are wrong. externalTrafficPolicy Local is chosen to avoid just that.",
  evidence: "A jump to KUBE-MARK-MASQ in a chain of the Service, or for its address, that kube-proxy does not write.",
  confirm: "iptables-save -t nat | grep KUBE-MARK-MASQ",
  whenFine: "Never; with externalTrafficPolicy Cluster the mark is kube-proxy's own and not reported.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/issues/10921"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  followsOthers: true,
  run(context, report) {
    const { store, ruleset } = context;
    const found = context.deviations.take(({ kind, rule }) => {
      if (kind !== "unexpected" && kind !== "changed" && kind !== "misplaced") return false;
      const target = store.targetChain(rule);
      return target >= 0 && ruleset.chainName(target) === "KUBE-MARK-MASQ";
    });
    for (const [port, deviations] of found)
      for (const deviation of deviations.slice(0, 3)) {
        const effect = context.effectOn(port);
        const isLocal = port.externalTrafficPolicy === "Local" && deviation.role === "ext";
        report({
          ...draftOf(context, deviation),
          message:
            deviation.kind === "unexpected"
              ? `a rule of ${deviation.chainName} marks traffic to ${nameOf(port)} for SNAT${isLocal ? ", though its externalTrafficPolicy is Local" : ""}`
              : `a rule of ${deviation.chainName} marks other traffic to ${nameOf(port)} for SNAT than kube-proxy does`,
          severity: effect.severity,
        });
      }
  },
};
