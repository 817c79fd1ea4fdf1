import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
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
    for (const port of context.suspects.all)
      for (const chain of port.endpointChains())
        if (context.endpoints.dnatOf(chain) === NONE && context.store.isDeclared(chain) && !translates(context, chain))
          report(draftFor(context, port, chain));
  },
};

/** A DNAT under conditions of its own is a rule with other values, not a missing one. */
const translates = (context: Context, chain: ChainId): boolean =>
  context.rulesOf(chain).some((rule) => context.store.shape(rule).targetRecord?.name === "DNAT");

function draftFor(context: Context, port: ServicePort, chain: ChainId): Draft {
  const { ruleset, store } = context;
  const chainName = ruleset.chainName(chain);
  const found = context.deviations.take((each) => each.chain === chain).get(port) ?? [];
  const missing = found.flatMap(({ expected }) => expected ?? []);
  const meant = missing.map((text) => / --to-destination (\S+)/.exec(text)?.[1]).find((each) => each !== undefined);
  const isEmpty = store.firstRule(chain) === NONE;
  const others = port.endpoints.filter((each) => each.chain !== chainName && (each.share ?? 0) > 0);
  const effect = context.effectOn(port);
  const instead =
    others.length === 0
      ? ""
      : ` Connections dealt to it go to ${listed(others.map(({ address }) => address ?? "?"))} instead.`;
  const marksOn =
    isEmpty || others.length === 0
      ? ""
      : " If it is the client itself that is dealt to itself, its source is rewritten all the same.";
  const rules = context.rulesOf(chain);
  const last = rules[rules.length - 1];
  const [caller] = ruleset.callers(chain);
  return {
    at: last === undefined ? { chain } : { rule: last },
    label: last === undefined ? "is empty" : "a DNAT rule is missing behind it",
    missing,
    message: `${chainName}${meant === undefined ? "" : ` (${meant})`} of ${nameOf(port)} ${isEmpty ? "is empty" : "has no DNAT rule"}: the endpoint gets no connections`,
    related: caller === undefined ? [] : [{ at: { rule: caller }, label: "leads here", before: true }],
    servicePort: port.id,
    effect: `${effect.harms.length === 0 ? "" : effect.text}${instead}${marksOn}`.trim(),
    severity: effect.severity,
    confirm: `iptables -t nat -S ${chainName}`,
  };
}
