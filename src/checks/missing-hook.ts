import { isHookRole, type Role } from "../kubernetes/templates/slot.ts";
import { type WrittenRule, writeNode } from "../kubernetes/write-rules.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check, Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { unreachedDraft, unreachedHooks } from "./unreached-hooks.ts";
import { counted, listed } from "./words.ts";
import { writableNode } from "./written.ts";

/** pkg/proxy/iptables/proxier.go, iptablesJumpChains; kube-proxy notices a flush of its canaries' tables only. */
export const missingHook: Check = {
  id: "missing-hook",
  severity: "error",
  confidence: "certain",
  summary: "Packets do not get to kube-proxy's chains",
  why: "kube-proxy's chains do nothing unless a built-in chain jumps to them. The jumps are lost when something else flushes or restores a table: a firewall that reloads, a script with iptables -F, an iptables-restore without --noflush. kube-proxy does not notice as long as its KUBE-PROXY-CANARY chains are there.",
  evidence:
    "No rule in PREROUTING, OUTPUT, POSTROUTING, INPUT or FORWARD, nor in a chain that they lead to, jumps to the kube-proxy chain that belongs there, or a rule without conditions before the jump takes every packet; or KUBE-SERVICES does not jump to KUBE-NODEPORTS.",
  confirm:
    "iptables -t nat -S PREROUTING; iptables -t nat -S OUTPUT; iptables -t nat -S POSTROUTING; iptables -S FORWARD",
  whenFine: "Never on a node where kube-proxy works in iptables mode.",
  remedy:
    "Restart kube-proxy: it puts its jumps back at once. Then find out what flushes them (firewalld or ufw reload, iptables-restore, a configuration tool), or it happens again.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/81517",
    "https://github.com/kubernetes/kubernetes/issues/75360",
    "https://github.com/rancher/rke2/issues/10469",
    "https://github.com/k3s-io/k3s/issues/7542",
    "https://github.com/rancher/rke2/issues/5657",
    "https://github.com/kubernetes/kubernetes/issues/61005",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    let missing = missingHooks(context);
    for (const unreached of unreachedHooks(context)) {
      if (context.isSpokenOf(unreached.by)) continue;
      const { name: table } = context.ruleset.tableOf(unreached.chain);
      const ofChain = (rule: WrittenRule): boolean =>
        rule.table === table && rule.chain === context.ruleset.chainName(unreached.chain);
      context.noteRule(unreached.by);
      report(
        unreachedDraft(
          context,
          unreached,
          missing.filter(ofChain).map(({ text }) => text),
        ),
      );
      missing = missing.filter((rule) => !ofChain(rule));
    }
    const byTarget = new Map<string, WrittenRule[]>();
    for (const rule of missing) {
      const key = `${rule.table} ${targetOf(rule)}`;
      const rules = byTarget.get(key);
      if (rules === undefined) byTarget.set(key, [rule]);
      else rules.push(rule);
    }
    const nat = missing.filter(({ table, slot }) => table === "nat" && isHookRole(slot.role));
    // who flushes a table takes all of them: one cause
    if (nat.length >= 3 && missing.length >= 4) report(draftOf(context, missing));
    else for (const rules of byTarget.values()) report(draftOf(context, rules));
  },
};

const targetOf = ({ text }: WrittenRule): string => / -j (\S+)$/.exec(text)?.[1] ?? "";

/** The jumps that kube-proxy would make to chains that are there and have something to do, and that nobody makes. */
function missingHooks(context: Context): WrittenRule[] {
  const { ruleset, services, store } = context;
  const { era } = services.parameters;
  if (era === null || services.servicePorts.length === 0) return [];
  const own = context.nodeRules;
  const latest = era === "1.25" ? own : writeNode({ ...writableNode(services), era: "1.25" });
  const isFirewall = ({ slot }: WrittenRule): boolean => slot.name === "firewall";
  return [...own.filter((rule) => !isFirewall(rule)), ...latest.filter(isFirewall)].filter((rule) => {
    if (!isJump(rule) || !context.isWhole(rule.table)) return false;
    const target = ruleset.chain(rule.table, targetOf(rule));
    if (target === NONE || !store.isDeclared(target) || store.firstRule(target) === NONE) return false;
    const from = ruleset.chain(rule.table, rule.chain);
    if (from === NONE) return false;
    // the kubelet hooks its chain twice or, where it does not run, not at all
    if (rule.slot.name === "firewall" && ruleset.callers(target).length === 0) return false;
    // before 1.20 fewer chains of table filter were hooked, and nothing else shows the release
    const isLater =
      era === "1.20" &&
      rule.slot.name === "external-services" &&
      rule.chain === "FORWARD" &&
      oddHook(context, from, target) === NONE;
    return !isLater && !leadsTo(context, from, target);
  });
}

const isJump = ({ slot }: WrittenRule): boolean => isHookRole(slot.role) || (slot.role as Role) === "nat KUBE-SERVICES";

/** Chains looked through at most on the way from a built-in chain. */
const MOST_CHAINS = 2000;

/** Whether a rule of the chain jumps to the target as kube-proxy writes it, or a chain of somebody else's does that it leads to. */
function leadsTo(context: Context, from: ChainId, target: ChainId): boolean {
  const { store, ruleset } = context;
  const callers = [...ruleset.callers(target)];
  if (callers.some((rule) => store.chainOf(rule) === from && context.slot(rule) !== "")) return true;
  const sources = new Set(callers.map((rule) => store.chainOf(rule)));
  const seen = new Set([from]);
  for (const chain of seen) {
    if (seen.size > MOST_CHAINS) return false;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      const next = store.targetChain(rule);
      // a way by kube-proxy's own chains would be one that it does not write
      if (next === NONE || context.role(next) !== null) continue;
      if (sources.has(next)) return true;
      seen.add(next);
    }
  }
  return false;
}

/** A rule that jumps to the target under other conditions than kube-proxy's. */
function oddHook(context: Context, from: ChainId, target: ChainId): RuleId {
  for (const rule of context.ruleset.callers(target)) if (context.store.chainOf(rule) === from) return rule;
  return NONE;
}

function draftOf(context: Context, rules: readonly WrittenRule[]): Draft {
  const [first] = rules as [WrittenRule];
  const chain = context.ruleset.chain(first.table, first.chain);
  const effect = context.nodeEffect;
  const names = [...new Set(rules.map(targetOf))];
  const from = [...new Set(rules.map((rule) => `${rule.table} ${rule.chain}`))];
  const isNodePorts = names.length === 1 && names[0] === "KUBE-NODEPORTS" && first.table === "nat";
  const odd = rules.length === 1 ? oddHook(context, chain, context.ruleset.chain(first.table, names[0] ?? "")) : NONE;
  if (odd !== NONE) {
    context.noteRule(odd);
    return {
      at: { rule: odd },
      label: "kube-proxy writes this in its place:",
      missing: [first.text],
      message: `the jump from ${first.table} ${first.chain} to ${names[0]} is not as kube-proxy writes it`,
      effect: effect.text,
      severity: effect.severity,
      confirm: `iptables -t ${first.table} -S ${first.chain}`,
    };
  }
  return {
    at: { chain },
    label: rules.length === 1 ? "this rule of kube-proxy's is missing:" : "these rules of kube-proxy's are missing:",
    missing: rules.map(({ text }) => text),
    message: isNodePorts
      ? "nothing leads to nat KUBE-NODEPORTS: no NodePort can be reached"
      : names.length > 2
        ? `${counted(rules.length, "jump")} to kube-proxy's chains are missing: the tables were flushed or restored without them`
        : `no jump from ${listed(from)} to ${listed(names)}`,
    effect: effect.harms.length === 0 ? "No effect on the connections that were traced." : effect.text,
    severity: effect.harms.length === 0 ? "warning" : effect.severity,
    confirm: `iptables -t ${first.table} -S ${first.chain}`,
    ...(isNodePorts && { remedy: RESTART_KUBE_PROXY }),
  };
}
