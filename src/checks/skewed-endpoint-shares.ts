import type { Check } from "./check.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";
import { isShareFault, type ShareFault } from "./share-fault.ts";
import { listed, percent } from "./words.ts";

/**
 * The i-th of n endpoints is drawn with probability 1/(n-i), in ten decimals (five before 1.17), on the kernel's grid of 2^-31
 * (libxt_statistic.c): 0.2, 0.25, 0.33333333349, 0.5 and the rest are even.
 */
export const skewedEndpointShares: Check = {
  id: "skewed-endpoint-shares",
  severity: "warning",
  confidence: "certain",
  summary: "Connections are not shared evenly among the endpoints of a Service",
  why: "Some endpoints get more load than others, and nothing in Kubernetes shows it.",
  evidence:
    "The shares that follow from the --probability of all jumps of a chain, one after the other, differ from 1/n. Rising probabilities as such are right: 0.2, 0.25, 0.333, 0.5 and then the rest are a fifth each.",
  confirm: "iptables -t nat -S KUBE-SVC-...",
  whenFine: "Never in kube-proxy's own rules; tiny differences (five decimals before 1.17) are not reported.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/34321",
    "https://github.com/kubernetes/kubernetes/issues/37932",
    "https://github.com/kubernetes/kubernetes/issues/78685",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    for (const [port, deviations] of context.deviations.take((each) => isShareFault(context, each, "skewed")))
      for (const chain of new Set(deviations.map((each) => each.chain))) {
        const fault = context.shareFault(port, chain);
        const first = deviations.find((each) => each.chain === chain);
        const jump = fault?.jumps[fault.at];
        if (fault === null || first === undefined || jump === undefined) continue;
        const wanted = deviations.find((each) => each.rule === jump.rule)?.expected ?? null;
        const addresses = fault.jumps.map(
          (each) => context.endpoints.address(each.chain) ?? context.ruleset.chainName(each.chain),
        );
        const missed = deviations.filter((each) => each.chain === chain && each.kind === "missing");
        const lost = missed.map(({ expected }) => / -j (\S+)/.exec(expected ?? "")?.[1] ?? "?");
        const count = fault.jumps.length + lost.length;
        report({
          ...draftOf(context, first),
          at: { rule: jump.rule },
          label: wanted === null ? "does not fit its place" : "kube-proxy writes this in its place:",
          missing: [...(wanted === null ? [] : [wanted]), ...missed.flatMap(({ expected }) => expected ?? [])],
          message: `connections to ${nameOf(port)} are shared ${sharesInWords(fault, addresses)} instead of ${percent(1 / count)} each${lost.length === 0 ? "" : `; ${listed(lost)} ${lost.length === 1 ? "gets" : "get"} none`}`,
        });
      }
  },
};

function sharesInWords({ shares }: ShareFault, addresses: readonly string[]): string {
  if (shares.length <= 4)
    return listed(
      shares.map((share, i) => `${percent(share)} to ${addresses[i] ?? "?"}`),
      4,
    );
  const sorted = [...shares].sort((a, b) => a - b);
  const most = shares.indexOf(sorted[sorted.length - 1] as number);
  const least = shares.indexOf(sorted[0] as number);
  return `unevenly, from ${percent(sorted[0] as number)} to ${addresses[least]} up to ${percent(sorted[sorted.length - 1] as number)} to ${addresses[most]},`;
}
