import type { Check } from "./check.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { endpointInWords, nameOf } from "./service-words.ts";
import { isShareFault, lostEndpoints } from "./share-fault.ts";
import { listed, percent } from "./words.ts";

/** pkg/proxy/iptables/proxier.go, writeServiceToEndpointRules: "the final (or only if n == 1) rule is a guaranteed match". */
export const missingFinalEndpoint: Check = {
  id: "missing-final-endpoint",
  severity: "error",
  confidence: "certain",
  summary: "A part of a Service's connections is dealt to no endpoint",
  why: "Endpoints are drawn one after the other, each with the chance that makes the shares even, and the last one takes the rest. Where no rule takes the rest, those connections keep the Service's address: they hang, or end at the node itself.",
  evidence: "The last jump of KUBE-SVC, KUBE-SVL or KUBE-XLB to an endpoint has a --probability below 1.",
  confirm: "iptables -t nat -S KUBE-SVC-...",
  whenFine: "Never.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/blob/v1.30.5/pkg/proxy/iptables/proxier.go"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    for (const [port, deviations] of context.deviations.take((each) => isShareFault(context, each, "final")))
      for (const chain of new Set(deviations.map((each) => each.chain))) {
        const fault = context.shareFault(port, chain);
        const first = deviations.find((each) => each.chain === chain);
        const last = fault?.jumps[fault.at];
        if (fault === null || first === undefined || last === undefined) continue;
        const lost = lostEndpoints(context, port);
        const lostNames = lost.map((each) =>
          endpointInWords(context.ruleset.chainName(each), context.endpoints.address(each)),
        );
        const cause =
          lost.length === 0
            ? ""
            : `; nothing leads to ${listed(lostNames)}, which ${lost.length === 1 ? "is its endpoint" : "are its endpoints"} too`;
        report({
          ...draftOf(context, first),
          at: { rule: last.rule },
          label: "takes only a part of what comes to it; a rule for the rest is missing behind it",
          missing: lost.slice(0, 1).map((each) => `-A ${first.chainName} -j ${context.ruleset.chainName(each)}`),
          message: `${percent(fault.rest)} of the connections to ${nameOf(port)} get no endpoint: the last rule of ${first.chainName} takes ${percent(last.threshold / 2 ** 31)} of what comes to it${cause}`,
          related: lost.map((each) => ({ at: { chain: each }, label: "no rule leads here" })),
        });
        context.noteUnreferenced(lost);
      }
  },
};
