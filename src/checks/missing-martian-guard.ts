import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";

/** CVE-2020-8558: with route_localnet set, hosts of the same network reach what listens on 127.0.0.1. */
export const missingMartianGuard: Check = {
  id: "missing-martian-guard",
  severity: "warning",
  confidence: "likely",
  summary: "KUBE-FIREWALL does not keep packets from outside away from 127.0.0.0/8",
  why: "For NodePorts on localhost kube-proxy sets route_localnet, and then a host of the same network can send packets to 127.0.0.1 of this node: to everything that listens there and thinks itself unreachable (CVE-2020-8558).",
  evidence:
    "KUBE-FIREWALL is hooked and lacks the rule that drops what comes from elsewhere to 127.0.0.0/8 outside of known connections.",
  confirm: "iptables -S KUBE-FIREWALL; sysctl net.ipv4.conf.all.route_localnet",
  whenFine:
    "With route_localnet 0 (--iptables-localhost-nodeports=false). Kubelets before 1.18.4 did not have the rule: information then.",
  remedy: `${RESTART_KUBE_PROXY} Before 1.27 the chain is the kubelet's: restart that.`,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/92315",
    "https://github.com/kubernetes/kubernetes/pull/91569",
    "https://github.com/containernetworking/plugins/issues/729",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["filter"],
  run(context, report) {
    const { ruleset, services, store } = context;
    const chain = ruleset.chain("filter", "KUBE-FIREWALL");
    if (chain === NONE || !store.isDeclared(chain) || ruleset.callers(chain).length === 0 || ruleset.family !== 4)
      return;
    const { martianGuard, localhostNodePorts } = services.parameters;
    if (martianGuard !== false || localhostNodePorts === false) return;
    const rules = context.rulesOf(chain);
    if (rules.some((rule) => context.slot(rule) === "martians" || mentionsLoopback(context, rule))) return;
    const isEmpty = rules.length === 0;
    report({
      at: rules[0] === undefined ? { chain } : { rule: rules[0] },
      label: isEmpty ? "is empty" : "a rule for 127.0.0.0/8 is missing",
      missing: [
        '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
      ],
      message: `KUBE-FIREWALL ${isEmpty ? "is empty" : "has no rule that"}${isEmpty ? ": nothing" : ""} keeps packets from outside away from 127.0.0.0/8`,
      effect: "Where route_localnet is set, hosts of the same network reach programs that listen on 127.0.0.1 alone.",
      severity: isEmpty ? "warning" : "info",
      confidence: isEmpty ? "likely" : "hint",
    });
  },
};

function mentionsLoopback({ ruleset }: Context, rule: RuleId): boolean {
  return ruleset.rule(rule).options.some(({ values }) => values[0]?.text.startsWith("127.") === true);
}
