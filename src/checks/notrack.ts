import type { RuleNode } from "../../grammar/ast.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { listed } from "./words.ts";

const shared = { since: "0.1.0", subject: "netfilter" } as const;

/** kubernetes/dns cmd/node-cache: NOTRACK for requests and replies, and ACCEPT for both, in raw and filter. */
export const incompleteNotrack: Check = {
  ...shared,
  id: "incomplete-notrack",
  severity: "warning",
  confidence: "likely",
  summary: "DNS requests to an address skip connection tracking, replies from it do not",
  why: "NodeLocal DNSCache takes requests and replies out of connection tracking, both or none. With one half alone replies meet rules that expect a known connection: they are dropped as INVALID or translated.",
  evidence:
    "raw PREROUTING has NOTRACK for port 53 of an address, and raw OUTPUT has none for what comes from that address and port.",
  confirm: "iptables -t raw -S | grep -w 53",
  whenFine: "Never; the cache writes both.",
  remedy: "Restart node-local-dns on this node; it adds what is missing.",
  references: ["https://github.com/kubernetes/dns/issues/319", "https://github.com/kubernetes/kubernetes/issues/98758"],
  needs: ["raw"],
  run(context, report) {
    const requests = notracked(context, "PREROUTING", "--destination", "--dport");
    const replies = notracked(context, "OUTPUT", "--source", "--sport");
    for (const [key, rule] of requests) {
      if (replies.has(key)) continue;
      const [ip, protocol] = key.split(" ");
      report({
        at: { rule },
        label: "no NOTRACK in OUTPUT for the replies",
        message: `requests to ${ip} port 53/${protocol} skip connection tracking, replies from it do not`,
        effect:
          "Replies belong to no connection that the kernel knows: rules for established connections do not let them pass.",
      });
    }
  },
};

/** Address and protocol of NOTRACK rules for port 53. */
function notracked({ ruleset }: Context, hook: string, address: string, port: string): Map<string, RuleId> {
  const chain = ruleset.chain("raw", hook);
  const found = new Map<string, RuleId>();
  if (chain === NONE) return found;
  let left = 2000;
  for (const rule of ruleset.rulesOf(chain)) {
    if (left-- <= 0) break;
    const name = ruleset.store.targetRecord(rule)?.name;
    if (name !== "NOTRACK" && name !== "CT") continue;
    const node = ruleset.rule(rule);
    const ip = valueAt(node, address);
    if (ip !== null && valueAt(node, port) === "53") found.set(`${ip} ${valueAt(node, "--protocol")}`, rule);
  }
  return found;
}

function valueAt({ options, matches }: RuleNode, flag: string): string | null {
  for (const option of [...options, ...matches.flatMap((match) => match.options)])
    if (option.record?.flag === flag && !option.negated) return option.values[0]?.text ?? null;
  return null;
}

/** Policy engines accept known connections; what is not tracked is none. */
export const notrackWithPolicies: Check = {
  ...shared,
  id: "notrack-with-policies",
  severity: "info",
  confidence: "hint",
  summary: "DNS skips connection tracking on a node with network policies",
  why: "Calico and others let replies pass because they belong to a known connection. Requests that were not tracked have none: with a policy for the pod, replies of NodeLocal DNSCache may be dropped.",
  evidence: "NOTRACK for port 53 in raw beside chains of a policy engine.",
  confirm: "kubectl run -it --rm --image=busybox dns -- nslookup kubernetes.default",
  whenFine: "Where DNS works; Calico has rules for it since 3.17.",
  remedy: "Allow replies from the cache's address in the policy (a GlobalNetworkSet, doNotTrack).",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/98758",
    "https://github.com/projectcalico/calico/issues/3795",
  ],
  needs: ["raw"],
  run(context, report) {
    const engines = context.services.owners.filter(({ owner }) => owner.purpose.includes("network policies"));
    const [rule] = [...notracked(context, "PREROUTING", "--destination", "--dport").values()];
    if (engines.length === 0 || rule === undefined) return;
    report({
      at: { rule },
      message: `DNS skips connection tracking, and ${listed(engines.map(({ owner }) => owner.name))} ${engines.length === 1 ? "has" : "have"} rules for policies`,
      effect: "Replies may be dropped where a policy lets only known connections in.",
    });
  },
};
