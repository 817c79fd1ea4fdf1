import type { Check } from "./check.ts";
import { nameOf } from "./service-words.ts";

const DEFAULT = 10_800;

/** kube-proxy before 1.8 wrote 180 seconds whatever the API said; the API's default is 10800. */
export const shortAffinityTimeout: Check = {
  id: "short-affinity-timeout",
  severity: "info",
  confidence: "hint",
  summary: "Session affinity lasts 180 seconds",
  why: "Old releases of kube-proxy wrote 180 seconds instead of the three hours that the API promises.",
  evidence: "`--seconds 180` in KUBE-SVC.",
  confirm: "kubectl -n NAMESPACE get service NAME -o jsonpath='{.spec.sessionAffinityConfig}'",
  whenFine: "Where sessionAffinityConfig.clientIP.timeoutSeconds is 180.",
  remedy: "Compare with the Service; update kube-proxy.",
  references: ["https://github.com/kubernetes/kubernetes/issues/35677"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    for (const port of context.suspects.all) {
      const rule = context.ruleIn(port.chain("svc"), "affinity");
      if (rule < 0 || port.sessionAffinityTimeoutSeconds !== 180) continue;
      report({
        at: { rule },
        message: `session affinity of ${nameOf(port)} lasts 180 seconds, not ${DEFAULT}`,
        servicePort: port.id,
        effect: "A client that is silent for three minutes may get another endpoint.",
      });
    }
  },
};
