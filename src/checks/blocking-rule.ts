import type { RuleId } from "../netfilter/ruleset.ts";
import { type Way, waysUnder } from "./affected-ways.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { foreignRules } from "./foreign-rules.ts";
import { type Outcome, shareOf } from "./probe.ts";
import { frontendInWords, nameOf } from "./service-words.ts";
import { listed, percent } from "./words.ts";

const FATE: Readonly<Record<string, string>> = { DROP: "dropped", REJECT: "rejected" };

/** kube-proxy's rules translate; whether the packet then passes, others decide: raw, mangle and filter, at every hook. */
export const blockingRule: Check = {
  id: "blocking-rule",
  severity: "error",
  confidence: "likely",
  summary: "A rule of nobody known keeps connections from a Service",
  why: "Services are translated in nat alone. A DROP or REJECT in raw or mangle comes before it, one in filter FORWARD behind it, where the packet has the endpoint's address and port already.",
  evidence:
    "The trace of a connection to the Service ends at a DROP or REJECT outside the chains of kube-proxy, the CNI and the like, whatever the conditions that the rules leave open.",
  confirm: "iptables -t TABLE -L CHAIN -nv --line-numbers (its counters rise with each try)",
  whenFine:
    "Where the Service is to be kept from these clients; then say so in the configuration or in the rule's comment.",
  remedy: "Find out who wrote the rule and take it out or narrow it. kube-proxy neither sees nor mends it.",
  references: [
    "https://github.com/k3s-io/k3s/issues/977",
    "https://github.com/openshift/origin/issues/1607",
    "https://github.com/kubernetes/kubernetes/issues/18802",
    "https://github.com/cloudnativelabs/kube-router/issues/425",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    for (const foreign of foreignRules(context)) {
      if (FATE[foreign.target] === undefined) continue;
      const hit = waysUnder(context, foreign).filter((way) => share(context, way, foreign.rule) > 0.001);
      if (hit.length === 0) continue;
      context.noteRule(foreign.rule);
      report(draftOf(context, foreign.rule, foreign.target, hit));
    }
  },
};

function share(context: Context, { client, frontend }: Way, rule: RuleId): number {
  const probe = context.probe(client, frontend);
  return probe === null ? 0 : shareOf(probe.outcomes, (outcome) => isEndedBy(outcome, rule)).least;
}

const isEndedBy = ({ kind, rule }: Outcome, by: RuleId): boolean =>
  (kind === "dropped" || kind === "rejected") && rule === by;

function draftOf(context: Context, rule: RuleId, target: string, ways: readonly Way[]): Draft {
  const [first] = ways as [Way];
  const chain = context.ruleset.chainOf(rule);
  const { name: table } = context.ruleset.tableOf(chain);
  const fate = FATE[target] ?? "dropped";
  const services = [...new Set(ways.map(({ port }) => nameOf(port)))];
  const part = share(context, first, rule);
  return {
    at: { rule },
    label: `connections are ${fate} here`,
    message: `a rule in ${table} ${context.ruleset.chainName(chain)} keeps ${first.client.label} from ${frontendInWords(first.frontend)} of ${services.length > 1 ? listed(services) : nameOf(first.port)}`,
    related: [{ at: { rule: first.frontend.rule }, label: `${frontendInWords(first.frontend)} would go on here` }],
    servicePort: first.port.id,
    effect: `Traced: ${percent(part)} of the connections from ${first.client.label} to ${frontendInWords(first.frontend)} are ${fate} by this rule.${ways.length > 1 ? ` The same on ${ways.length - 1} more of the ways that were traced.` : ""}`,
    confirm: `iptables -t ${table} -L ${context.ruleset.chainName(chain)} -nv --line-numbers`,
  };
}
