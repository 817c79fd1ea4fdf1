import type { Check } from "./check.ts";
import { frontendInWords, nameOf } from "./service-words.ts";
import { listed } from "./words.ts";

/** pkg/proxy/iptables/proxier.go: "... has no local endpoints", DROP; before 1.25 KUBE-MARK-DROP in KUBE-XLB or KUBE-EXT. */
export const noLocalEndpoints: Check = {
  id: "no-local-endpoints",
  severity: "info",
  confidence: "certain",
  summary: "A Service with traffic policy Local has no endpoint on this node",
  why: "With traffic policy Local a node forwards to its own pods alone. On a node without one connections are dropped, so that the client's address is never lost. Load balancers find out by healthCheckNodePort and leave the node out.",
  evidence: "A rule `has no local endpoints` in table filter, or in KUBE-XLB or KUBE-EXT.",
  confirm: "kubectl -n NAMESPACE get pods -o wide; curl http://NODE:HEALTHCHECKNODEPORT",
  whenFine: "By design, if the load balancer asks healthCheckNodePort or clients use nodes that have a pod.",
  remedy: "None needed. If clients use this node: run a pod on each (DaemonSet), or externalTrafficPolicy: Cluster.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/66354",
    "https://github.com/kubernetes/kubernetes/issues/92761",
    "https://github.com/kubernetes/website/issues/2499",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat", "filter"],
  run(context, report) {
    for (const port of context.suspects.all) {
      const dropped = port.frontends.filter(({ fate }) => fate === "dropped");
      const marked = context.ruleIn(port.chain("xlb"), "no-local-endpoints");
      const rule = dropped[0]?.rule ?? (marked < 0 ? context.ruleIn(port.chain("ext"), "no-local-endpoints") : marked);
      if (rule < 0) continue;
      const ways = dropped.length > 0 ? listed(dropped.map(frontendInWords), 4) : "what comes in from outside";
      const check = port.healthCheckNodePort;
      report({
        at: { rule },
        message: `${nameOf(port)} has no endpoint on this node: ${ways} ${dropped.length > 1 ? "are" : "is"} dropped here`,
        servicePort: port.id,
        effect: `Clients that use this node time out; those that use a node with an endpoint are served.${check === null || check === 0 ? "" : ` Load balancers are told by health check port ${check}.`}`,
      });
    }
  },
};
