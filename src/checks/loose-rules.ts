import { hostOf } from "../kubernetes/address-text.ts";
import { plainName } from "../kubernetes/read/names.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { slotOf, UNEXPECTED } from "../kubernetes/templates/slots.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { shareOf } from "./probe.ts";
import { frontendInWords } from "./service-words.ts";

/** Chains of table nat that all Services share. */
const SHARED = ["KUBE-SERVICES", "KUBE-NODEPORTS"];

/** Rules in chains that all Services share, of which no Service is known to be the owner; by their chain and comment. */
export class LooseRules {
  readonly #byComment = new Map<string, RuleId[]>();
  readonly #taken = new Set<RuleId>();
  /** Of the form of a Service's rule, for an address or NodePort of no Service: the rule that led its packets on is gone. */
  readonly aimless: readonly RuleId[];

  constructor({ source: { rules }, ruleset, servicePorts, detachedServicePorts }: ServiceMap) {
    const { store } = ruleset;
    let owned: Uint8Array | undefined;
    const isOwned = (rule: RuleId): boolean => {
      owned ??= ownedRules(store.ruleCount, [...servicePorts, ...detachedServicePorts]);
      return owned[rule] === 1;
    };
    const aimless: RuleId[] = [];
    for (const name of SHARED) {
      const chain = ruleset.chain("nat", name);
      if (chain === NONE) continue;
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
        const claim = rules.claim(rule);
        const target = store.targetChain(rule);
        const isAimless =
          // one that leads to the chain of a Service is that Service's
          (target === NONE || !rules.isServiceChain(target)) && slotOf(claim)?.of === "service" && !isOwned(rule);
        if (isAimless) aimless.push(rule);
        if (!isAimless && claim !== UNEXPECTED) continue;
        const key = `${name} ${rules.comment(rule) ?? ""}`;
        const list = this.#byComment.get(key);
        if (list === undefined) this.#byComment.set(key, [rule]);
        else list.push(rule);
      }
    }
    this.aimless = aimless;
  }

  /** A rule with the comment of a rule that seems to be missing: that one was changed, and this is what became of it. */
  take(chain: string, comment: string): RuleId | null {
    const rule = this.#byComment.get(`${chain} ${comment}`)?.shift();
    if (rule !== undefined) this.#taken.add(rule);
    return rule ?? null;
  }

  isTaken(rule: RuleId): boolean {
    return this.#taken.has(rule);
  }
}

function ownedRules(ruleCount: number, ports: readonly ServicePort[]): Uint8Array {
  const owned = new Uint8Array(ruleCount);
  for (const port of ports) for (const rule of port.sharedRules) owned[rule] = 1;
  return owned;
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
    servicePort: name === null ? null : plainName(name),
    effect: isLost
      ? `Traced: connections to ${where} keep their destination and get no endpoint.`
      : "No effect on the connections that were traced.",
    severity: isLost ? "error" : "warning",
    confirm: `iptables -t nat -S ${chain}`,
  };
}
