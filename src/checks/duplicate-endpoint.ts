import type { Check } from "./check.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { endpointInWords, nameOf } from "./service-words.ts";
import { isShareFault, lostEndpoints } from "./share-fault.ts";
import { listed, percent } from "./words.ts";

/** kube-proxy jumps to each endpoint once. */
export const duplicateEndpoint: Check = {
  id: "duplicate-endpoint",
  severity: "warning",
  confidence: "certain",
  summary: "An endpoint stands twice in its Service's chain",
  why: "It gets two shares of the connections. Mostly it stands in the place of another endpoint, which then gets none.",
  evidence: "Two jumps of one KUBE-SVC, KUBE-SVL or KUBE-XLB chain, affinity aside, lead to the same KUBE-SEP chain.",
  confirm: "iptables -t nat -S KUBE-SVC-...",
  whenFine: "Never.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/projectcalico/calico/issues/3412",
    "https://github.com/containernetworking/plugins/issues/683",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    for (const [port, deviations] of context.deviations.take((each) => isShareFault(context, each, "duplicate")))
      for (const chain of new Set(deviations.map((each) => each.chain))) {
        const fault = context.shareFault(port, chain);
        const first = deviations.find((each) => each.chain === chain);
        const again = fault?.jumps[fault.at];
        if (fault === null || first === undefined || again === undefined) continue;
        const earlier = fault.jumps.find((jump) => jump.chain === again.chain);
        const share = fault.jumps.reduce(
          (sum, jump, i) => (jump.chain === again.chain ? sum + (fault.shares[i] ?? 0) : sum),
          0,
        );
        const even = 1 / fault.jumps.length;
        const lost = lostEndpoints(context, port);
        const lostNames = lost.map((each) =>
          endpointInWords(context.ruleset.chainName(each), context.endpoints.address(each)),
        );
        const cause = lost.length === 0 ? "" : `, and nothing leads to ${listed(lostNames)}`;
        report({
          ...draftOf(context, first),
          at: { rule: again.rule },
          label: "leads to the same endpoint again",
          missing: lost.slice(0, 1).map((each) => `-A ${first.chainName} -j ${context.ruleset.chainName(each)}`),
          message: `${endpointInWords(context.ruleset.chainName(again.chain), context.endpoints.address(again.chain))} stands twice in ${first.chainName} of ${nameOf(port)}: it gets ${percent(share)} of the connections instead of ${percent(even)}${cause}`,
          related: [
            ...(earlier === undefined ? [] : [{ at: { rule: earlier.rule }, label: "the first time", before: true }]),
            ...lost.map((each) => ({ at: { chain: each }, label: "no rule leads here" })),
          ],
        });
        context.noteUnreferenced(lost);
      }
  },
};
