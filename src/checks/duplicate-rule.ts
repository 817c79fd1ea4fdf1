import { Growing } from "../../grammar/growing.ts";
import { UNEXPECTED } from "../kubernetes/templates/slots.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check, Draft } from "./check.ts";
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
    const copies = new Copies(context);
    const draft = ([first, others]: readonly [RuleId, readonly RuleId[]]): Draft => draftOf(context, first, others);
    // chains of single Services are compared with what kube-proxy writes
    for (const table of ruleset.tables)
      for (const chain of claims.chainRoles.others(table)) {
        if (!store.hasSeveralRules(chain)) continue;
        for (const each of copies.in(chain) ?? []) report(draft, each);
      }
  },
};

function draftOf({ ruleset, store }: Context, first: RuleId, others: readonly RuleId[]): Draft {
  const chain = store.chainOf(first);
  const [table, name] = [ruleset.tableOf(chain).name, ruleset.chainName(chain)];
  const times = others.length + 1;
  const isHook = store.targetChain(first) !== NONE;
  return {
    at: { rule: others[0] as RuleId },
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

/** Finds rules with equal words; equal hashes of their bytes tell. Asked of one chain after the other. */
class Copies {
  readonly #context: Context;
  readonly #stateful = matchesNamed(...STATEFUL);
  readonly #rules = new Growing();
  /** By hashes: the places among the rules of those that differ from all before, from 1; 0: none. */
  #places = new Int32Array(LEAST_PLACES);
  #hashes = new Int32Array(LEAST_PLACES);

  constructor(context: Context) {
    this.#context = context;
  }

  /** By rule of the chain its copies; `null`: none has any. */
  in(chain: ChainId): ReadonlyMap<RuleId, readonly RuleId[]> | null {
    const { store } = this.#context;
    this.#take(chain);
    const { values: rules, length: count } = this.#rules;
    if (count < 2) return null;
    let found: Map<RuleId, RuleId[]> | null = null;
    const size = this.#makeRoom();
    const [places, hashes] = [this.#places, this.#hashes];
    for (let k = 0; k < count; k++) {
      const rule = rules[k] as RuleId;
      const hash = store.hashOf(rule);
      hashes[k] = hash;
      let slot = hash & (size - 1);
      let first = NONE;
      for (; places[slot] !== 0 && first === NONE; slot = (slot + 1) & (size - 1)) {
        const place = (places[slot] as number) - 1;
        if (hashes[place] === hash && store.isCopy(rules[place] as RuleId, rule)) first = rules[place] as RuleId;
      }
      if (first === NONE) places[slot] = k + 1;
      // asked last: only few rules have an equal one
      else if (!hasMatch(store, rule, this.#stateful)) {
        found ??= new Map();
        const others = found.get(first);
        if (others === undefined) found.set(first, [rule]);
        else others.push(rule);
      }
    }
    return found;
  }

  /** Takes the rules of the chain that may be copies. */
  #take(chain: ChainId): void {
    const { store, claims, suspects } = this.#context;
    const { soundChains } = suspects;
    this.#rules.length = 0;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      if (store.isRefused(rule)) continue;
      const target = store.targetChain(rule);
      // a Service that is sound has one rule for its cluster IP and one for a NodePort: neither is a copy
      if (target === NONE || soundChains[target] === 0 || claims.claim(rule) <= UNEXPECTED) this.#rules.push(rule);
    }
  }

  /** Empties as many places as the rules need; how many. */
  #makeRoom(): number {
    let size = LEAST_PLACES;
    while (size < 2 * this.#rules.length) size *= 2;
    if (size > this.#places.length) {
      this.#places = new Int32Array(size);
      this.#hashes = new Int32Array(size);
    } else this.#places.fill(0, 0, size);
    return size;
  }
}

const LEAST_PLACES = 8;
