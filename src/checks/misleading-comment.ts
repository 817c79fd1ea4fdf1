import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { nameOf } from "./service-words.ts";

/** Since 1.25 the jumps to endpoints say in their comments where they lead. */
export const misleadingComment: Check = {
  id: "misleading-comment",
  severity: "warning",
  confidence: "certain",
  summary: "The comment of a jump names another endpoint than the one it leads to",
  why: "People read the comments. Either the jump was bent to another endpoint, or only the comment was changed.",
  evidence:
    "`NAME -> ADDRESS` in the comment of a jump, and DNAT to another address in the chain it leads to, whose name's hash agrees with that address.",
  confirm: "iptables -t nat -S KUBE-SVC-...",
  whenFine: "Never.",
  remedy: "Find out who edited the rule; kube-proxy writes it anew when the Service changes.",
  references: ["https://github.com/kubernetes/kubernetes/issues/114537"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { claims, endpoints, services } = context;
    if (!services.parameters.endpointComments.includes("arrow")) return;
    for (const port of services.servicePorts)
      for (const role of ["svc", "svl"] as const)
        for (const { rule, chain } of context.shareFault(port, port.chain(role)) === null
          ? port.jumps(port.chain(role))
          : []) {
          const said = / -> (\S+)$/.exec(claims.comment(rule) ?? "")?.[1];
          const address = endpoints.address(chain);
          if (chain === NONE || said === undefined || address === null || said === address) continue;
          // where the chain itself was bent, another finding says so
          if (port.spread.isProven(chain, address) !== true) continue;
          report({
            at: { rule },
            message: `the comment of a jump of ${nameOf(port)} says ${said}, and it leads to ${address}`,
            servicePort: port.id,
            effect: `Connections go to ${address}, whatever the comment says.`,
          });
        }
  },
};
