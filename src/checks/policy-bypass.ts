import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { listed } from "./words.ts";

/** Chains in which others decide about NetworkPolicy. */
const POLICY_CHAINS: readonly string[] = [
  "WEAVE-NPC",
  "KUBE-ROUTER-FORWARD",
  "cali-FORWARD",
  "AZURE-NPM",
  "ANTREA-FORWARD",
];

/** KUBE-FORWARD accepts what is marked for SNAT, and nobody behind it sees that packet. */
export const policyBypass: Check = {
  id: "policy-bypass",
  severity: "info",
  confidence: "likely",
  summary: "kube-proxy accepts forwarded packets before network policies see them",
  why: "KUBE-FORWARD accepts packets that are marked for SNAT: connections to NodePorts and load balancers, and to cluster IPs from outside. Where it stands before the chain that enforces NetworkPolicy, those reach pods that no policy lets them reach.",
  evidence:
    "The jump to KUBE-FORWARD stands before the jump to WEAVE-NPC, cali-FORWARD, KUBE-ROUTER-FORWARD or AZURE-NPM in FORWARD.",
  confirm: "iptables -S FORWARD",
  whenFine:
    "Where the policy engine puts its chain first again by itself (Calico, kube-router do so at intervals), or was told to append (ChainInsertMode).",
  remedy: "Restart the policy engine: it puts its jump first again.",
  references: ["https://github.com/weaveworks/weave/issues/3230", "https://github.com/weaveworks/weave/issues/3210"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["filter"],
  run(context, report) {
    const { ruleset, store } = context;
    const chain = ruleset.chain("filter", "FORWARD");
    if (chain === NONE) return;
    const names = context.rulesOf(chain).map((rule) => ({
      rule,
      name: store.targetChain(rule) === NONE ? "" : ruleset.chainName(store.targetChain(rule)),
    }));
    const forward = names.findIndex(({ name }) => name === "KUBE-FORWARD");
    const later = names.slice(forward + 1).filter(({ name }) => POLICY_CHAINS.includes(name));
    const earlier = new Set(names.slice(0, forward).map(({ name }) => name));
    const [first] = later.filter(({ name }) => !earlier.has(name));
    const own = names[forward];
    if (forward < 0 || first === undefined || own === undefined) return;
    report({
      at: { rule: own.rule },
      label: "accepts what is marked for SNAT",
      message: `KUBE-FORWARD stands before ${listed([...new Set(later.map(({ name }) => name))])} in FORWARD`,
      related: [{ at: { rule: first.rule }, label: "does not see those packets" }],
      effect:
        "Connections that come in by NodePorts and load balancers (externalTrafficPolicy Cluster) reach pods whatever their NetworkPolicy says.",
    });
  },
};
