import type { RuleId } from "../netfilter/ruleset.ts";
import { type Way, waysUnder } from "./affected-ways.ts";
import { isAnsweredHere } from "./answered-here.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { type ForeignRule, foreignRules } from "./foreign-rules.ts";
import { type Outcome, shareOf } from "./probe.ts";
import { frontendInWords, nameOf } from "./service-words.ts";
import { listed, percent } from "./words.ts";

/** nat asks a connection once: the first verdict wins, ACCEPT among them; without connection tracking nat is not asked at all. */
export const divertingRule: Check = {
  id: "diverting-rule",
  severity: "error",
  confidence: "likely",
  summary: "A rule of nobody known takes connections before kube-proxy's rules are asked",
  why: "A DNAT, REDIRECT or ACCEPT before the jump to KUBE-SERVICES decides where the connection goes, and a NOTRACK keeps it from nat altogether. The Service's endpoints never see it.",
  evidence: "The trace of a connection to the Service passes such a rule and reaches no endpoint of it.",
  confirm: "iptables -t nat -L PREROUTING -nv --line-numbers",
  whenFine: "Where the port or address is meant to lead elsewhere on this node.",
  remedy: "Find out who wrote the rule and take it out, narrow it, or put it behind the jump to KUBE-SERVICES.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/20391",
    "https://github.com/kubernetes/kubernetes/issues/66103",
    "https://github.com/containernetworking/cni/issues/577",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    for (const foreign of foreignRules(context)) {
      if (foreign.target === "DROP" || foreign.target === "REJECT") continue;
      const hit = waysUnder(context, foreign).filter((way) => share(context, way, foreign.rule) > 0.001);
      if (hit.length === 0) continue;
      context.noteRule(foreign.rule);
      report(draftOf(context, foreign, hit));
    }
  },
};

function share(context: Context, { client, frontend, port }: Way, rule: RuleId): number {
  if (isAnsweredHere(context, frontend)) return 0;
  const probe = context.probe(client, frontend);
  if (probe === null) return 0;
  const endpoints = new Set(port.endpoints.map(({ address }) => address));
  const isElsewhere = (address: string | null): boolean => address !== null && !endpoints.has(address);
  // what is dropped on its way on was taken away before
  const isDiverted = ({ kind, way, address }: Outcome): boolean =>
    way.includes(rule) &&
    (kind === "untranslated" ||
      kind === "rejected" ||
      ((kind === "translated" || kind === "dropped") && isElsewhere(address)));
  return shareOf(probe.outcomes, isDiverted).least;
}

const DOES: Readonly<Record<string, string>> = {
  DNAT: "sends it elsewhere (DNAT)",
  REDIRECT: "hands it to a port of this node (REDIRECT)",
  TPROXY: "hands it to a socket of this node (TPROXY)",
  NETMAP: "sends it to another network (NETMAP)",
  CT: "keeps it from connection tracking, hence from nat",
  NOTRACK: "keeps it from connection tracking, hence from nat",
  ACCEPT: "accepts it, which ends nat at this hook",
  RETURN: "returns it, which ends nat at this hook",
};

function draftOf(context: Context, { rule, target }: ForeignRule, ways: readonly Way[]): Draft {
  const [first] = ways as [Way];
  const chain = context.ruleset.chainOf(rule);
  const { name: table } = context.ruleset.tableOf(chain);
  const services = [...new Set(ways.map(({ port }) => nameOf(port)))];
  const where = frontendInWords(first.frontend);
  return {
    at: { rule },
    label: DOES[target] ?? "takes the connection",
    message: `a rule in ${table} ${context.ruleset.chainName(chain)} takes connections from ${first.client.label} to ${where} of ${services.length > 1 ? listed(services) : nameOf(first.port)} before kube-proxy's rules do`,
    related: [{ at: { rule: first.frontend.rule }, label: `${where} is never asked for here` }],
    servicePort: first.port.id,
    effect: `Traced: ${percent(share(context, first, rule))} of the connections from ${first.client.label} to ${where} ${fateOf(context, first, rule)}.${ways.length > 1 ? ` The same on ${ways.length - 1} more of the ways that were traced.` : ""}`,
    confirm: `iptables -t ${table} -L ${context.ruleset.chainName(chain)} -nv --line-numbers`,
  };
}

function fateOf(context: Context, { client, frontend }: Way, rule: RuleId): string {
  const outcome = context.probe(client, frontend)?.outcomes.find(({ way }) => way.includes(rule));
  if (outcome?.kind === "translated")
    return `go to ${outcome.address ?? "another address"}, which is no endpoint of the Service`;
  if (outcome?.kind === "dropped")
    return `get the destination ${outcome.address ?? "of another host"}, which is no endpoint of the Service, and are dropped later on`;
  if (outcome?.kind === "rejected") return "are rejected";
  return outcome?.delivered === "local"
    ? "are handed to the node itself without a new destination, where nothing listens on that port"
    : "leave the node without a new destination";
}
