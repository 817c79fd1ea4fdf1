import { byteString } from "../../grammar/bytes.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { hasMatch, matchesNamed } from "./form.ts";
import { counted } from "./words.ts";

/** So often a rule is doubled by somebody who appends it again and again. */
const MANY = 10;

/** Matches that keep a state of their own in each rule: two such rules are not one. */
const STATEFUL = ["statistic", "limit", "hashlimit", "quota", "recent", "connlimit", "rateest", "time"] as const;

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
    // chains of single Services are compared with what kube-proxy writes
    for (const table of ruleset.tables)
      for (const chain of claims.otherChains(table)) {
        for (const [first, others] of copies(context, chain)) {
          const again = others[0] as RuleId;
          const times = others.length + 1;
          const isHook = store.targetChain(first) !== NONE;
          report({
            at: { rule: again },
            label: "says what an earlier rule says",
            message: `${table.name} ${ruleset.chainName(chain)} has the same rule ${times === 2 ? "twice" : `${times} times`}`,
            related: [{ at: { rule: first }, label: "the first time", before: true }],
            severity: times > MANY ? "error" : "info",
            effect:
              times > MANY
                ? `Each packet is compared with ${counted(times, "equal rule")}, and each change of the rules takes longer.`
                : `No effect on traffic${isHook ? ": packets pass the chain once more" : ""}.`,
            confirm: `iptables -t ${table.name} -S ${ruleset.chainName(chain)} | sort | uniq -cd`,
          });
        }
      }
  },
};

/** Rules with equal words, each with its copies; equal hashes of their bytes find them. */
function copies({ store }: Context, chain: ChainId): Map<RuleId, RuleId[]> {
  const stateful = matchesNamed(...STATEFUL);
  const byHash = new Map<number, RuleId[]>();
  const found = new Map<RuleId, RuleId[]>();
  for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
    const [start, end] = spanOf(store, rule);
    const hash = hashOf(store.bytes, start, end);
    const same = byHash.get(hash);
    if (same === undefined) {
      byHash.set(hash, [rule]);
      continue;
    }
    const first = same.find((each) => textOf(store, each) === textOf(store, rule));
    if (first === undefined) {
      same.push(rule);
      continue;
    }
    // asked last: only few rules have an equal one
    if (hasMatch(store, rule, stateful)) continue;
    const others = found.get(first);
    if (others === undefined) found.set(first, [rule]);
    else others.push(rule);
  }
  return found;
}

/** The rule without counters before it. */
function spanOf(store: Context["store"], rule: RuleId): [number, number] {
  const node = store.node(rule);
  const { bytes } = store.ast.source;
  let start = store.ast.offset(node);
  let end = store.ast.offset(node + 1);
  while (end > start && (bytes[end - 1] as number) <= 32) end--;
  if (bytes[start] === 91) while (start < end && bytes[start] !== 45) start++;
  return [start, end];
}

const textOf = (store: Context["store"], rule: RuleId): string =>
  byteString(store.ast.source.bytes, ...spanOf(store, rule));

/** FNV-1a */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash;
}
