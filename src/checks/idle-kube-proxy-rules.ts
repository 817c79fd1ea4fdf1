import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";

/** Packets that the policies count when nobody answers connections by kube-proxy's rules. */
const BUSY = 10_000n;

/** Counters, where the capture has them; they are reset when kube-proxy rewrites a chain, so they are a hint and no more. */
export const idleKubeProxyRules: Check = {
  id: "idle-kube-proxy-rules",
  severity: "info",
  confidence: "hint",
  summary: "kube-proxy's rules are there, and no packet comes to them",
  why: "After a move to a replacement (Cilium, kube-router, Antrea, kube-proxy in nftables mode) the old rules stay, and send connections that still get to them to pods that are gone.",
  evidence:
    "The jumps from PREROUTING and OUTPUT to KUBE-SERVICES count no packet, while chains count many, and somebody is there who can replace kube-proxy.",
  confirm: "iptables -t nat -L PREROUTING -nv; kubectl -n kube-system get pods -o wide | grep -e kube-proxy -e cilium",
  whenFine: "Right after kube-proxy started, since it resets counters.",
  remedy: "If kube-proxy no longer runs here: take its rules away with kube-proxy --cleanup, or reboot.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/119265",
    "https://github.com/kube-hetzner/terraform-hcloud-kube-hetzner/issues/1210",
    "https://github.com/cloudnativelabs/kube-router/issues/425",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { ruleset, services, store } = context;
    const other = services.owners.find(({ owner }) => owner.replacesKubeProxy === true);
    if (other === undefined) return;
    let hook = NONE;
    let seen = 0n;
    for (const name of ["PREROUTING", "OUTPUT"]) {
      const chain = ruleset.chain("nat", name);
      if (chain === NONE) return;
      const declared = store.ast.node(store.declaration(chain));
      if (declared.kind === "chain") seen += declared.counters?.packets ?? 0n;
      for (const rule of context.rulesOf(chain)) {
        const packets = ruleset.rule(rule).counters?.packets;
        if (context.slot(rule) !== "services") {
          seen += packets ?? 0n;
          continue;
        }
        hook = rule;
        if (packets === undefined || packets > 0n) return;
      }
    }
    if (hook === NONE || seen < BUSY) return;
    report({
      at: { rule: hook },
      message: `no packet came to KUBE-SERVICES since its counters began, though ${other.owner.name} and others saw ${seen}`,
      effect: `If ${other.owner.name} forwards Services here, kube-proxy's rules are left over.`,
    });
  },
};
