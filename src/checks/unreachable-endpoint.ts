import type { Check } from "./check.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";
import { isShareFault } from "./share-fault.ts";
import { counted, listed } from "./words.ts";

/** A jump without conditions takes every packet: what stands behind it is never asked. */
export const unreachableEndpoint: Check = {
  id: "unreachable-endpoint",
  severity: "error",
  confidence: "certain",
  summary: "An endpoint stands behind a rule that takes all connections",
  why: "The endpoints behind it get no connections at all, and the one before them gets theirs.",
  evidence: "A jump to KUBE-SEP without a statistic match that is not the last jump of its chain.",
  confirm: "iptables -t nat -S KUBE-SVC-...",
  whenFine: "Never.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/blob/v1.30.5/pkg/proxy/iptables/proxier.go"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    for (const [port, deviations] of context.deviations.take((each) => isShareFault(context, each, "unreachable")))
      for (const chain of new Set(deviations.map((each) => each.chain))) {
        const fault = context.shareFault(port, chain);
        const first = deviations.find((each) => each.chain === chain);
        const stop = fault?.jumps[fault.at];
        if (fault === null || first === undefined || stop === undefined) continue;
        const behind = fault.jumps.slice(fault.at + 1);
        const addresses = behind.map(
          (jump) => context.endpoints.address(jump.chain) ?? context.ruleset.chainName(jump.chain),
        );
        report({
          ...draftOf(context, first),
          at: { rule: stop.rule },
          label: "takes every connection that comes to it",
          missing: first.expected === null || first.rule !== stop.rule ? [] : [first.expected],
          message: `${counted(behind.length, "endpoint")} of ${nameOf(port)} ${behind.length === 1 ? "gets" : "get"} no connections: ${listed(addresses)} ${behind.length === 1 ? "stands" : "stand"} behind a rule that takes all of them`,
          related: behind.slice(0, 3).map(({ rule }) => ({ at: { rule }, label: "is never reached" })),
          severity: "error",
        });
      }
  },
};
