import { parseServicePortName } from "../kubernetes/chain-name.ts";
import { plainName } from "../kubernetes/read/names.ts";
import { isHookRole } from "../kubernetes/templates/slot.ts";
import { UNEXPECTED } from "../kubernetes/templates/slots.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import type { Deviation } from "./deviation.ts";
import { draftOf, nodeDraftOf } from "./deviation-draft.ts";
import { aimlessDraft } from "./loose-rules.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";
import { counted } from "./words.ts";

/** The catch-all: a rule in a chain of kube-proxy's own that no template of its rules claims. */
export const unexpectedKubeProxyRule: Check = {
  id: "unexpected-kube-proxy-rule",
  severity: "error",
  confidence: "certain",
  summary: "A chain of kube-proxy's own has a rule that kube-proxy does not write",
  why: "These chains belong to kube-proxy alone, which rewrites them when it likes. A rule of somebody else changes where Services lead, and vanishes without notice.",
  evidence:
    "A rule in a KUBE- chain of kube-proxy that fits none of the forms it writes, or stands there once too often or in another place.",
  confirm: "iptables-save -t nat | grep CHAIN",
  whenFine:
    "Where a kube-proxy of another make writes another form; if most Services share it, it is reported once and as unknown-layout.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/blob/v1.30.5/pkg/proxy/iptables/proxier.go"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  followsOthers: true,
  run(context, report) {
    const reported = new Set<RuleId>();
    for (const [port, deviations] of context.deviations.take(() => true)) {
      const [first] = deviations;
      if (first === undefined) continue;
      for (const { rule } of deviations) reported.add(rule);
      const more = deviations.length > 1 ? ` (and ${counted(deviations.length - 1, "more rule")} like it)` : "";
      report({
        ...draftOf(context, first),
        message: `${first.chainName} has a rule for ${nameOf(port)} that kube-proxy ${VERBS[first.kind]}${more}`,
      });
    }
    for (const deviation of context.takeNodeDeviations(() => true)) {
      if (reported.has(deviation.rule)) continue;
      reported.add(deviation.rule);
      report({
        ...nodeDraftOf(context, deviation),
        message: `${deviation.chainName} has a rule that kube-proxy ${VERBS[deviation.kind]}`,
      });
    }
    for (const rule of context.loose.aimless) if (!context.loose.isTaken(rule)) report(aimlessDraft(context, rule));
    for (const draft of otherRefusals(context)) report(draft);
    for (const rule of strangers(context)) {
      if (reported.has(rule) || context.loose.isTaken(rule) || context.isSpokenOf(rule)) continue;
      const chain = context.store.chainOf(rule);
      report({
        at: { rule },
        message: `${context.ruleset.chainName(chain)} has a rule that kube-proxy does not write`,
        label: "kube-proxy writes no such rule here",
        severity: "warning",
        servicePort: serviceOf(context, rule),
        confirm: `iptables -t ${context.ruleset.tableOf(chain).name} -S ${context.ruleset.chainName(chain)}`,
      });
    }
  },
};

const VERBS: Readonly<Record<Deviation["kind"], string>> = {
  unexpected: "does not write",
  repeated: "writes once",
  misplaced: "writes in another place",
  missing: "writes",
  changed: "writes in another form",
};

/** Unclaimed rules of the chains that all Services share, and of those that belong to none; few, or they are a form nobody told us of. */
function strangers(context: Context): RuleId[] {
  const { claims, store } = context;
  const { soundChains } = context.suspects;
  const found: RuleId[] = [];
  for (let chain: ChainId = soundChains.indexOf(0); chain !== NONE; chain = soundChains.indexOf(0, chain + 1)) {
    const role = claims.role(chain);
    if (role === null || isHookRole(role)) continue;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule))
      if (claims.claim(rule) === UNEXPECTED && context.portOf(chain) === null) found.push(rule);
  }
  return found.sort((a, b) => a - b);
}

/** Whose rule it seems to be: that of the Service whose chain it leads to, or of the one in its comment. */
function serviceOf(context: Context, rule: RuleId): string | null {
  const port = context.portOf(context.store.targetChain(rule));
  const [, name] = /^([^\s/]+\/\S+)/.exec(context.claims.comment(rule) ?? "") ?? [];
  return port?.id ?? (name === undefined || parseServicePortName(name) === null ? null : plainName(name));
}

/** Refusals of table filter that do not do what their comments say: REJECT without any endpoint, DROP without one on this node. */
function* otherRefusals(context: Context): Generator<Draft> {
  const { claims, ruleset, store } = context;
  for (const name of ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES"]) {
    const chain = ruleset.chain("filter", name);
    if (chain === NONE) continue;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      const isDrop = context.slot(rule).startsWith("no-local-endpoints");
      if (!isDrop && !context.slot(rule).startsWith("no-endpoints")) continue;
      const [, service = "", local] = /^(\S+) has no (local )?endpoints$/.exec(claims.comment(rule) ?? "") ?? [];
      if (service === "" || isDrop === (local !== undefined)) continue;
      yield {
        at: { rule },
        label: isDrop ? "kube-proxy writes REJECT" : "kube-proxy writes DROP",
        message: `${name} ${isDrop ? "drops" : "rejects"} what goes to ${service}, which has no ${local ?? ""}endpoints; kube-proxy ${isDrop ? "rejects" : "drops"} it`,
        servicePort: service,
        effect: isDrop
          ? "Clients wait until they time out instead of being refused at once."
          : "Clients are refused though other nodes may have endpoints.",
        severity: "warning",
        confirm: `iptables -t filter -S ${name}`,
      };
    }
  }
}
