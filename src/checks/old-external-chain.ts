import type { Check } from "./check.ts";
import { counted, listed } from "./words.ts";

/** kk#132516: KUBE-XLB became KUBE-EXT in 1.24; from 1.28 on nobody deletes the old chains. */
export const oldExternalChain: Check = {
  id: "old-external-chain",
  severity: "warning",
  confidence: "likely",
  summary: "Chains of a kube-proxy before 1.24 are left over",
  why: "KUBE-XLB chains jump to chains of endpoints. When kube-proxy deletes such an endpoint's chain, the kernel refuses, because the old chain still refers to it: iptables-restore fails, and with it every sync, weeks after the upgrade.",
  evidence: "KUBE-XLB chains beside KUBE-EXT chains.",
  confirm: "iptables-save -t nat | grep KUBE-XLB; kubectl -n kube-system logs KUBE-PROXY-POD | grep iptables-restore",
  whenFine: "Never with kube-proxy 1.24 and later.",
  remedy: "Drain the node and run kube-proxy --cleanup, or reboot. By hand: iptables -t nat -F KUBE-XLB-... and -X.",
  references: ["https://github.com/kubernetes/kubernetes/issues/132516"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { claims, ruleset, store } = context;
    const chainsOf = (role: string): number[] =>
      Array.from(
        claims.chainRoles.ofServicePorts.filter((chain) => claims.role(chain) === role && store.isDeclared(chain)),
      );
    const old = chainsOf("xlb");
    const [first] = old;
    if (first === undefined || chainsOf("ext").length === 0) return;
    context.noteUnreferenced(old);
    report({
      at: { chain: first },
      message: `${counted(old.length, "KUBE-XLB chain")} beside KUBE-EXT chains: ${listed(
        old.map((chain) => ruleset.chainName(chain)),
        3,
      )}`,
      effect:
        "No effect on traffic now. When an endpoint that they refer to goes away, kube-proxy can no longer load its rules.",
    });
  },
};
