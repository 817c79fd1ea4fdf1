import type { ServicePort } from "../kubernetes/service-port.ts";
import { NONE } from "../netfilter/ruleset.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { draftOf } from "./deviation-draft.ts";
import { shareOf } from "./probe.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { frontendInWords, nameOf } from "./service-words.ts";
import { listed } from "./words.ts";

/** pkg/proxy/iptables/proxier.go: KUBE-FW forwards the ranges; the rest is dropped in KUBE-PROXY-FIREWALL, before 1.25 by KUBE-MARK-DROP. */
export const openSourceRanges: Check = {
  id: "open-source-ranges",
  severity: "error",
  confidence: "certain",
  summary: "The source ranges of a load balancer are not enforced as kube-proxy writes them",
  why: "loadBalancerSourceRanges is a firewall: whoever relies on it believes that others cannot connect.",
  evidence:
    "KUBE-FW has a rule that kube-proxy does not write or lacks one that it does, or KUBE-PROXY-FIREWALL does not drop the rest.",
  confirm: "iptables -t nat -S KUBE-FW-...; iptables -S KUBE-PROXY-FIREWALL",
  whenFine: "Never.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/110289",
    "https://github.com/kubernetes/kubernetes/issues/85572",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat", "filter"],
  run(context, report) {
    const found = context.deviations.take(
      ({ role, slot }) => (role === "fw" && slot !== "masquerade") || slot === "outside-ranges",
    );
    for (const [port, deviations] of found) {
      const [first] = deviations;
      if (first === undefined) continue;
      if (isWithoutRange(context, port)) {
        context.deviations.take((each) => each.port === port && each.slot === "load-balancer-ip");
        report(closedDraft(context, port));
        continue;
      }
      const { harms } = context.effectOn(port);
      const isOpen = harms.some(({ kind }) => kind === "open");
      const ranges = port.loadBalancerSourceRanges ?? [];
      report({
        ...draftOf(context, first),
        missing: deviations.flatMap(({ expected }) => expected ?? []),
        message: isOpen
          ? `the load balancer of ${nameOf(port)} lets in clients outside of its source ranges${ranges.length === 0 ? "" : ` (${listed(ranges)})`}`
          : `${first.chainName} of ${nameOf(port)} does not filter sources as kube-proxy writes it`,
      });
    }
  },
};

/** A chain for source ranges, which kube-proxy from 1.24 on writes only where there are some, and none is shown. */
function isWithoutRange(context: Context, port: ServicePort): boolean {
  const { era } = context.services.parameters;
  const chain = port.chain("fw");
  if (chain === NONE || (era !== "1.24" && era !== "1.25") || (port.loadBalancerSourceRanges ?? []).length > 0)
    return false;
  return context
    .rulesOf(chain)
    .every((rule) => context.ruleset.rule(rule).options.every(({ record }) => record?.flag !== "--source"));
}

function closedDraft(context: Context, port: ServicePort): Draft {
  const chain = port.chain("fw");
  const frontend = port.frontends.find(({ kind }) => kind === "loadBalancerIP");
  const probe = frontend === undefined ? null : context.probe(context.client("outside"), frontend);
  const closed = probe === null ? 0 : 1 - shareOf(probe.outcomes, ({ kind }) => kind === "translated").most;
  const where = frontend === undefined ? "the load balancer" : frontendInWords(frontend);
  const last = context.rulesOf(chain).at(-1);
  return {
    at: last === undefined ? { chain } : { rule: last },
    label: "kube-proxy writes a rule before it for each source range",
    message: `${context.ruleset.chainName(chain)} of ${nameOf(port)} has no rule for a source range: it lets nobody in`,
    servicePort: port.id,
    effect:
      closed > 0.999
        ? `Traced: no connection to ${where} gets an endpoint, whichever its source.`
        : "No effect on the connections that were traced.",
    severity: closed > 0.999 ? "error" : "warning",
    confirm: `iptables -t nat -S ${context.ruleset.chainName(chain)}`,
  };
}
