import { type ChainId, NONE, type Ruleset } from "../netfilter/ruleset.ts";
import { TABLE_NAMES } from "../netfilter/table.ts";
import type { Check, ReportFinding, Spot } from "./check.ts";
import type { Context } from "./context.ts";
import { nameOf } from "./service-words.ts";
import { counted } from "./words.ts";

/** They are on every node and need no mention. */
const ALWAYS: ReadonlySet<string> = new Set([
  "kube-proxy",
  "kube-proxy in IPVS mode",
  "kube-proxy in userspace mode",
  "the kubelet",
]);

/** Rests on `cluster.owners` and `cluster.kubeProxy` of the configuration. */
export const unexpectedOwner: Check = {
  id: "unexpected-owner",
  severity: "warning",
  confidence: "certain",
  summary: "Somebody has rules on the node who is not expected there",
  why: "What nobody expects nobody maintains: rules that a removed network plugin or a replaced kube-proxy left behind go on accepting, dropping and rewriting packets by addresses that are long somebody else's.",
  evidence:
    "Chains of somebody whom `cluster.owners` of the configuration does not name, or Services of kube-proxy where `cluster.kubeProxy` is false.",
  confirm: "iptables-save | grep '^:'",
  whenFine: "Where the configuration is not up to date. Silent where it does not say who is expected.",
  remedy:
    "Name them in cluster.owners of the configuration; or remove what is no longer used, whose rules then go with a reboot of the node.",
  references: [],
  since: "0.1.0",
  subject: "netfilter",
  needs: [],
  runOnNode({ contexts }, report) {
    const [first] = contexts;
    if (first === undefined) return;
    const { owners, kubeProxy } = first.facts;
    if (kubeProxy === false) reportKubeProxy(contexts, report);
    const expected = new Set([...ALWAYS, ...(owners ?? [])]);
    for (const { ruleset, services } of owners === null ? [] : contexts) {
      for (const { owner, count, first: chain } of services.owners) {
        if (expected.has(owner.name)) continue;
        expected.add(owner.name);
        report({
          at: spotOf(ruleset, chain),
          message: `${owner.name} has ${counted(count, "chain")} here (${owner.purpose}), and the configuration does not expect it`,
          effect: "What these rules accept, drop or rewrite nobody keeps up to date.",
        });
      }
    }
  },
};

function reportKubeProxy(contexts: readonly Context[], report: ReportFinding): void {
  const ports = contexts.flatMap(({ services }) => services.servicePorts);
  const [first] = ports;
  const rule = first?.evidence[0];
  if (first === undefined || rule === undefined) return;
  report({
    at: { rule },
    message: `kube-proxy's rules for ${counted(ports.length, "Service port")} are here, ${nameOf(first)} among them, and the configuration expects none`,
    effect:
      "Connections to their addresses and ports are rewritten by these rules before whatever replaces kube-proxy sees them, to endpoints that nobody keeps up to date.",
    remedy:
      "Set cluster.kubeProxy to true where it runs; else let it take its rules away (kube-proxy --cleanup) or reboot the node.",
  });
}

function spotOf(ruleset: Ruleset, name: string): Spot {
  const found = TABLE_NAMES.map((table): ChainId => ruleset.chain(table, name)).find((chain) => chain !== NONE);
  return found === undefined ? { offset: 0, length: 0 } : { chain: found };
}
