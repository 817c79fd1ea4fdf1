import { hostOf } from "../kubernetes/address-text.ts";
import { plainName } from "../kubernetes/read/names.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import { slotOf } from "../kubernetes/templates/slots.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { shareOf } from "./probe.ts";
import { frontendInWords } from "./service-words.ts";

/**
 * Rules for a Service's address or NodePort that belong to no Service here, by the name in their comments: the rule that led its packets
 * on is gone.
 */
export function aimlessIn(services: ServiceMap): Map<string, RuleId[]> {
  const { source, ruleset, servicePorts, detachedServicePorts } = services;
  const { store } = ruleset;
  const owned = new Uint8Array(store.ruleCount);
  for (const ports of [servicePorts, detachedServicePorts])
    for (const port of ports) for (const rule of port.sharedRules) owned[rule] = 1;
  const found = new Map<string, RuleId[]>();
  for (const name of ["KUBE-SERVICES", "KUBE-NODEPORTS"]) {
    const chain = ruleset.chain("nat", name);
    if (chain === NONE) continue;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      if (slotOf(source.rules.claims[rule] as number)?.of !== "service" || owned[rule] !== 0) continue;
      const service = plainName(source.rules.name(rule) ?? "");
      const list = found.get(service);
      if (list === undefined) found.set(service, [rule]);
      else list.push(rule);
    }
  }
  return found;
}

export function aimlessDraft(context: Context, rule: RuleId): Draft {
  const { claims, ruleset, store } = context;
  const chain = ruleset.chainName(store.chainOf(rule));
  const name = claims.name(rule);
  const text = claims.value(rule, "clusterIP") ?? claims.value(rule, "address");
  const ip = text === null ? null : hostOf(text);
  const number = Number(claims.value(rule, "port") ?? claims.value(rule, "nodePort"));
  const frontend: Frontend = {
    kind: ip === null ? "nodePort" : "clusterIP",
    ip,
    port: number,
    protocol: claims.value(rule, "protocol"),
    fate: "forwarded",
    rule,
    chain: null,
  };
  const probe = context.probe(context.client("outside"), frontend);
  const isLost = probe !== null && shareOf(probe.outcomes, ({ kind }) => kind === "untranslated").least > 0.999;
  const where = frontendInWords(frontend);
  return {
    at: { rule },
    label: "kube-proxy writes a rule behind it that leads these packets on",
    message: `${chain} marks ${where}${name === null ? "" : ` of ${name}`} for SNAT, and no rule leads it to an endpoint`,
    servicePort: name,
    effect: isLost
      ? `Traced: connections to ${where} keep their destination and get no endpoint.`
      : "No effect on the connections that were traced.",
    severity: isLost ? "error" : "warning",
    confirm: `iptables -t nat -S ${chain}`,
  };
}
