import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { listed } from "./words.ts";

const shared = { since: "0.1.0", subject: "netfilter", needs: ["nat", "mangle"] } as const;

/** amazon-vpc-cni-k8s pkg/networkutils: connections that came in by the primary interface are marked 0x80, and the mark is restored for replies. */
export const incompleteAwsConnmark: Check = {
  ...shared,
  id: "incomplete-aws-connmark",
  severity: "error",
  confidence: "likely",
  summary: "Connections are marked for the primary interface, and nothing restores the mark",
  why: "A connection to a NodePort that came in by the node's primary interface must be answered by it. AWS VPC CNI notes that in the connection's mark and restores it for replies of pods. Without the second half replies of pods on secondary interfaces leave by those, and are lost.",
  evidence:
    "AWS-CONNMARK-CHAIN or mangle PREROUTING sets connection mark 0x80, and no rule of mangle or nat has CONNMARK --restore-mark.",
  confirm: "iptables-save | grep CONNMARK; ip rule",
  whenFine: "Never with AWS_VPC_K8S_CNI_EXTERNALSNAT=false.",
  remedy: "Restart the aws-node pod of this node: it writes the rules anew.",
  references: [
    "https://github.com/aws/amazon-vpc-cni-k8s/issues/2025",
    "https://github.com/aws/amazon-vpc-cni-k8s/issues/2026",
  ],
  run(context, report) {
    const rules = connmarkRules(context);
    const set = rules.find(({ isRestore, isAws }) => !isRestore && isAws);
    if (set === undefined || rules.some(({ isRestore }) => isRestore)) return;
    report({
      at: { rule: set.rule },
      label: "marks the connection",
      message: "AWS VPC CNI marks connections that come in by the primary interface, and no rule restores the mark",
      effect: "Replies of pods on secondary interfaces take another way back: NodePorts that lead to them time out.",
    });
  },
};

function connmarkRules({ ruleset, store, claims }: Context): { rule: RuleId; isRestore: boolean; isAws: boolean }[] {
  const found: { rule: RuleId; isRestore: boolean; isAws: boolean }[] = [];
  for (const name of ["mangle", "nat"] as const)
    for (const chain of ruleset.table(name)?.chains ?? []) {
      if (claims.role(chain)?.includes(" ") === false) continue;
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
        if (store.targetRecord(rule)?.name !== "CONNMARK") continue;
        const isRestore = store.shape(rule).options.some(({ record }) => record?.flag === "--restore-mark");
        const isAws = ruleset.chainName(chain).startsWith("AWS-") || (claims.comment(rule) ?? "").startsWith("AWS");
        found.push({ rule, isRestore, isAws });
      }
    }
  return found;
}

/** The two chains must leave out the same networks. */
export const awsExcludedCidrMismatch: Check = {
  ...shared,
  id: "aws-excluded-cidr-mismatch",
  severity: "warning",
  confidence: "likely",
  summary: "Networks that AWS VPC CNI leaves out of SNAT are not left out of marking",
  why: "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS holds for both chains. Where one of them lacks a network (a known fault, on every other restart), packets to it are rewritten or routed otherwise.",
  evidence:
    "A rule `EXCLUDED CIDR` for a network in AWS-SNAT-CHAIN-0 and none in AWS-CONNMARK-CHAIN-0, or the other way round.",
  confirm: "iptables-save -t nat | grep EXCLUDED",
  whenFine: "Never.",
  remedy: "Restart the aws-node pod of this node; update AWS VPC CNI.",
  references: ["https://github.com/aws/amazon-vpc-cni-k8s/issues/3658"],
  run(context, report) {
    const snat = excluded(context, "AWS-SNAT-CHAIN-0");
    const connmark = excluded(context, "AWS-CONNMARK-CHAIN-0");
    if (snat === null || connmark === null) return;
    for (const [have, lack, name] of [
      [snat, connmark, "AWS-CONNMARK-CHAIN-0"],
      [connmark, snat, "AWS-SNAT-CHAIN-0"],
    ] as const) {
      const missing = [...have.keys()].filter((network) => !lack.has(network));
      const rule = have.get(missing[0] ?? "");
      if (rule === undefined) continue;
      report({
        at: { rule },
        message: `${name} does not leave out ${listed(missing)}`,
        effect: `Packets to ${listed(missing)} are treated by one of the chains as if they left the VPC.`,
      });
    }
  },
};

function excluded({ ruleset, claims }: Context, name: string): Map<string, RuleId> | null {
  const chain = ruleset.chain("nat", name);
  if (chain === NONE) return null;
  const found = new Map<string, RuleId>();
  for (const rule of ruleset.rulesOf(chain)) {
    if (!(claims.comment(rule) ?? "").includes("EXCLUDED CIDR")) continue;
    const network = ruleset.rule(rule).options.find(({ record }) => record?.flag === "--destination")?.values[0]?.text;
    if (network !== undefined) found.set(network, rule);
  }
  return found;
}
