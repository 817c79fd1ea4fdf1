import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";
import { listed } from "./words.ts";

/** What the kernel does: a chain that decides nothing gives the packet back, and the next rule of KUBE-SVC gets it. */
export const endpointWithoutDnat: Check = {
  id: "endpoint-without-dnat",
  severity: "error",
  confidence: "certain",
  summary: "The chain of an endpoint translates nothing",
  why: "Connections that are dealt to this endpoint come back untranslated. The next endpoint of the Service takes them too, so it gets more than its share; behind the last endpoint there is none, and they are lost.",
  evidence: "A KUBE-SEP chain, referenced, without a DNAT rule.",
  confirm: "iptables -t nat -S KUBE-SEP-...",
  whenFine: "Never.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/issues/114537"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { endpoints, ruleset } = context;
    const isWithout = (chain: number): boolean => chain === NONE || endpoints.dnat[chain] === NONE;
    const found = context.deviations.take(({ role, chain }) => role === "sep" && isWithout(chain));
    for (const [port, deviations] of found)
      for (const chainName of new Set(deviations.map((each) => each.chainName))) {
        const ofChain = deviations.filter((each) => each.chainName === chainName);
        const deviation = ofChain.find(({ slot }) => slot === "dnat") ?? ofChain[0];
        if (deviation === undefined) continue;
        const isEmpty = context.store.firstRule(deviation.chain) === NONE;
        const others = port.endpoints.filter(({ chain, share }) => chain !== chainName && (share ?? 0) > 0);
        const meant = ofChain
          .map(({ expected }) => / --to-destination (\S+)/.exec(expected ?? "")?.[1])
          .find((each) => each !== undefined);
        const draft = draftOf(context, deviation);
        const instead =
          others.length === 0
            ? ""
            : ` Connections meant for it go to ${listed(others.map(({ address }) => address ?? "?"))} instead.`;
        report({
          ...draft,
          message: `${chainName}${meant === undefined ? "" : ` (${meant})`} of ${nameOf(port)} ${isEmpty ? "is empty" : "has no DNAT rule"}: the endpoint gets no connections`,
          missing: ofChain.flatMap(({ expected }) => expected ?? []),
          effect: `${draft.effect ?? ""}${instead}`,
          related:
            ruleset.callers(deviation.chain).length === 0
              ? []
              : [{ at: { rule: ruleset.callers(deviation.chain)[0] as number }, label: "leads here", before: true }],
        });
      }
  },
};
