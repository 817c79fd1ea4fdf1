import type { Check } from "./check.ts";
import { shareOf } from "./probe.ts";
import { nameOf } from "./service-words.ts";

/** Load balancers ask healthCheckNodePort on each node; kube-proxy since 1.21 lets it through INPUT. */
export const blockedHealthCheckPort: Check = {
  id: "blocked-health-check-port",
  severity: "warning",
  confidence: "certain",
  summary: "The health check port of a Service is not reached",
  why: "The load balancer takes the node for dead and sends it no connections, though it has endpoints.",
  evidence:
    "The trace of a connection from outside to the health check port ends at a DROP or REJECT, or at the policy of INPUT.",
  confirm: "curl -m 2 http://NODE:PORT/healthz (from outside)",
  whenFine:
    "Where the load balancer's own addresses are let in by a rule that asks for them; a stranger is then rightly dropped.",
  remedy: "Let the port in before the rule that drops it; kube-proxy since 1.21 does (KUBE-NODEPORTS in table filter).",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/97225",
    "https://github.com/kubernetes/kubernetes/pull/97824",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["filter"],
  run(context, report) {
    for (const port of context.suspects.all)
      for (const frontend of port.frontends) {
        if (frontend.kind !== "healthCheckNodePort") continue;
        const probe = context.probe(context.client("outside"), frontend);
        const dropped =
          probe === null ? 0 : shareOf(probe.outcomes, ({ kind }) => kind === "dropped" || kind === "rejected").least;
        if (dropped < 0.999) continue;
        const by = probe?.outcomes.find(({ kind }) => kind === "dropped" || kind === "rejected")?.rule ?? -1;
        // the jump that would let it in is missing, and missing-hook says so
        if (by < 0 && context.ruleset.callers(context.ruleset.chain("filter", "KUBE-NODEPORTS")).length === 0) continue;
        report({
          at: { rule: by < 0 ? frontend.rule : by },
          message: `health check port ${frontend.port}/tcp of ${nameOf(port)} is not reached from outside`,
          related: by < 0 ? [] : [{ at: { rule: frontend.rule }, label: "would let it in" }],
          servicePort: port.id,
          effect: `Traced: connections to port ${frontend.port} are ${by < 0 ? "dropped by the policy of a built-in chain" : "stopped by this rule"}. A load balancer that asks it takes the node for dead.`,
        });
      }
  },
};
