import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { shareOf } from "./probe.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { frontendInWords, nameOf } from "./service-words.ts";
import { counted } from "./words.ts";

/** A chain that is called to set a mark, and sets none. */
export const marklessMarkChain: Check = {
  id: "markless-mark-chain",
  severity: "error",
  confidence: "certain",
  summary: "KUBE-MARK-MASQ or KUBE-MARK-DROP sets no mark",
  why: "The chains of all Services call it to have packets rewritten or dropped later. If it sets no mark, nothing is: with KUBE-MARK-MASQ replies to NodePorts, load balancers and hairpins go astray, with KUBE-MARK-DROP (before 1.25) source ranges of load balancers are open.",
  evidence: "The chain is called and has no `-j MARK` rule, or one that sets no bit.",
  confirm: "iptables -t nat -S KUBE-MARK-MASQ; iptables -t nat -S KUBE-MARK-DROP",
  whenFine:
    "kube-proxy makes KUBE-MARK-DROP empty; the kubelet (before 1.25) fills it. Where no chain drops the mark, it is not reported.",
  remedy: `${RESTART_KUBE_PROXY} KUBE-MARK-DROP is the kubelet's: restart that.`,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/112477",
    "https://github.com/antrea-io/antrea/issues/7602",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat", "filter"],
  run(context, report) {
    const { ruleset } = context;
    for (const name of ["KUBE-MARK-MASQ", "KUBE-MARK-DROP"]) {
      const chain = ruleset.chain("nat", name);
      if (chain === NONE || !context.store.isDeclared(chain) || setsMark(context, chain)) continue;
      const callers = ruleset.callers(chain).length;
      if (callers === 0) continue;
      const isMasq = name === "KUBE-MARK-MASQ";
      if (!isMasq && !isDropMarkAsked(context)) continue;
      context.takeNodeDeviations(({ chainName, slot }) => chainName === name && slot === "mark");
      const first = context.store.firstRule(chain);
      const effect = isMasq ? context.nodeEffect : dropEffect(context);
      report({
        at: first === NONE ? { chain } : { rule: first },
        label: first === NONE ? "is empty" : "sets no bit",
        missing: isMasq
          ? [`-A KUBE-MARK-MASQ -j MARK --set-xmark ${context.services.parameters.masqueradeMark ?? "0x4000/0x4000"}`]
          : [],
        message: `${name} sets no mark, and ${counted(callers, "rule")} ${callers === 1 ? "calls" : "call"} it`,
        effect: effect.text,
        severity: effect.severity,
        confirm: `iptables -t nat -S ${name}`,
      });
    }
  },
};

export function setsMark({ ruleset }: Context, chain: ChainId): boolean {
  for (const rule of ruleset.rulesOf(chain)) {
    const { target } = ruleset.rule(rule);
    if (target?.name !== "MARK") continue;
    const value = target.options[0]?.values[0]?.text ?? "";
    const [bits = "", mask] = value.split("/");
    if (Number(bits) !== 0 && (mask === undefined || Number(mask) !== 0)) return true;
  }
  return false;
}

/** Some chain drops what has the mark. */
export function isDropMarkAsked({ ruleset, claims }: Context): boolean {
  const chain = ruleset.chain("filter", "KUBE-FIREWALL");
  if (chain === NONE) return false;
  for (const rule of ruleset.rulesOf(chain)) if (claims.candidate(rule)?.slot.name === "marked") return true;
  return false;
}

export function dropEffect(context: Context): { text: string; severity: "error" | "warning" } {
  for (const port of context.services.servicePorts) {
    if ((port.loadBalancerSourceRanges ?? []).length === 0) continue;
    for (const frontend of port.frontends) {
      const probe = frontend.kind === "loadBalancerIP" ? context.probe(context.client("outside"), frontend) : null;
      if (probe === null) continue;
      const open = shareOf(probe.outcomes, ({ kind }) => kind === "translated").least;
      const way = `${frontendInWords(frontend)} of ${nameOf(port)}`;
      return open > 0
        ? { text: `Traced: a client outside its source ranges reaches ${way}.`, severity: "error" }
        : {
            text: `Traced: a client outside the source ranges of ${way} is not dropped here; it gets no endpoint either, unless the address is this node's own.`,
            severity: "warning",
          };
    }
  }
  return { text: "No effect now: no load balancer here has source ranges.", severity: "warning" };
}
