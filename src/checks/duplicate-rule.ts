import { NONE } from "../netfilter/ruleset.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { Copies } from "./copies.ts";
import { counted } from "./words.ts";

/** So often a rule is doubled by somebody who appends it again and again. */
const MANY = 10;

/** Whoever adds a rule without looking whether it is there adds it at each start. */
export const duplicateRule: Check = {
  id: "duplicate-rule",
  severity: "error",
  confidence: "certain",
  summary: "A chain has the same rule several times",
  why: "Each packet is compared with all of them. A few do no harm; thousands, added at each restart or each minute, eat the CPU (ksoftirqd) and make every change of the rules slow.",
  evidence: "Two lines of one chain with the same words.",
  confirm: "iptables-save | sort | uniq -cd | sort -rn | head",
  whenFine:
    "Two or three identical rules are left over from restarts: information. kube-proxy before 1.24 doubles rules of KUBE-FW for each load balancer IP: not reported.",
  remedy:
    "Delete the copies (iptables -D with the rule's words, once for each), and update whoever adds them: iptables-nft 1.8.0 to 1.8.2 did not find its own rules again.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/82361",
    "https://github.com/kubernetes/kubernetes/issues/14870",
    "https://github.com/k3s-io/k3s/issues/3117",
    "https://github.com/cloudnativelabs/kube-router/issues/1676",
    "https://github.com/kubernetes/dns/issues/568",
  ],
  since: "0.1.0",
  subject: "netfilter",
  needs: [],
  run(context, report) {
    const { ruleset, store, claims } = context;
    const copies = new Copies(context);
    const draft = (group: number): Draft => draftOf(context, copies, group);
    // chains of single Services are compared with what kube-proxy writes
    for (const table of ruleset.tables)
      for (const chain of claims.chainRoles.others(table)) {
        if (store.hasSeveralRules(chain)) copies.look(chain);
      }
    for (let group = 0; group < copies.groups; group++) report(draft, group);
  },
};

function draftOf({ ruleset, store }: Context, copies: Copies, group: number): Draft {
  const first = copies.first(group);
  const chain = store.chainOf(first);
  const [table, name] = [ruleset.tableOf(chain).name, ruleset.chainName(chain)];
  const times = copies.count(group);
  const isHook = store.targetChain(first) !== NONE;
  return {
    at: { rule: copies.second(group) },
    label: "says what an earlier rule says",
    message: `${table} ${name} has the same rule ${times === 2 ? "twice" : `${times} times`}`,
    related: [{ at: { rule: first }, label: "the first time", before: true }],
    severity: times > MANY ? "error" : "info",
    effect:
      times > MANY
        ? `Each packet is compared with ${counted(times, "equal rule")}, and each change of the rules takes longer.`
        : `No effect on traffic${isHook ? ": packets pass the chain once more" : ""}.`,
    confirm: `iptables -t ${table} -S ${name} | sort | uniq -cd`,
  };
}
