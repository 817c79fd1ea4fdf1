import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";
import { counted, listed } from "./words.ts";

/** The rule's own comment: "NOTE: this must be the last rule in this chain". */
export const nodePortsNotLast: Check = {
  id: "node-ports-not-last",
  severity: "error",
  confidence: "certain",
  summary: "KUBE-SERVICES asks for NodePorts before it has asked for all addresses",
  why: "A NodePort takes every connection to its number on any address of the node. A load balancer IP or external IP that is an address of this node and stands behind the jump loses its connections to a NodePort of the same number.",
  evidence: "A rule for a Service's address behind the jump to KUBE-NODEPORTS.",
  confirm: "iptables -t nat -S KUBE-SERVICES | tail",
  whenFine: "With --nodeport-addresses kube-proxy writes one jump per address, all of them last.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/issues/47533"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const chain = context.ruleset.chain("nat", "KUBE-SERVICES");
    if (chain === NONE) return;
    const rules = context.rulesOf(chain);
    const jump = rules.find((rule) => context.slot(rule).startsWith("node-ports"));
    if (jump === undefined) return;
    const behind = rules
      .slice(rules.indexOf(jump))
      .filter((rule) => !context.slot(rule).startsWith("node-ports") && context.slot(rule) !== "");
    const [first] = behind;
    if (first === undefined) return;
    const isBehind = new Set(behind);
    const clashes = clashesOf(context, isBehind);
    context.deviations.take(({ kind, rule }) => (kind === "misplaced" || kind === "repeated") && isBehind.has(rule));
    report({
      at: { rule: jump },
      label: "kube-proxy writes this rule last",
      message: `the jump to KUBE-NODEPORTS stands before ${counted(behind.length, "rule")} of KUBE-SERVICES`,
      related: [{ at: { rule: first }, label: "is asked after it" }],
      effect:
        clashes.length === 0
          ? "No effect on traffic now: no address behind it is asked for with the number of a NodePort."
          : `Where the address is this node's own, connections to ${listed(clashes)} go to the NodePort of that number.`,
      severity: clashes.length === 0 ? "warning" : "error",
      confidence: clashes.length === 0 ? "certain" : "likely",
    });
  },
};

/** Addresses that the rules ask for with a port that is a NodePort too. */
function clashesOf({ services }: Context, behind: ReadonlySet<RuleId>): string[] {
  const nodePorts = new Set<string>();
  for (const port of services.servicePorts)
    for (const { kind, port: number, protocol } of port.frontends)
      if (kind === "nodePort") nodePorts.add(`${number}/${protocol}`);
  const found: string[] = [];
  for (const port of services.servicePorts)
    for (const { ip, port: number, protocol, rule } of port.frontends)
      if (ip !== null && behind.has(rule) && nodePorts.has(`${number}/${protocol}`))
        found.push(`${ip}:${number}/${protocol} of ${nameOf(port)}`);
  return found;
}
