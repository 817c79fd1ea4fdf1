import type { Role } from "../kubernetes/templates/slot.ts";
import { slotOf } from "../kubernetes/templates/slots.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { TableName } from "../netfilter/table.ts";
import { compareChain, type Expected, keysOf } from "./compare.ts";
import type { Context } from "./context.ts";
import type { NodeDeviation } from "./deviation.ts";
import { ruleKey } from "./rule-key.ts";
import { lineOf } from "./surroundings.ts";

/** Chains that stand once on a node and whose rules depend on no Service. */
const CHAINS: readonly Role[] = ["nat KUBE-MARK-MASQ", "nat KUBE-POSTROUTING", "filter KUBE-FORWARD"];

/** Rules that say the same in different releases: where one of a row is there, the others need not be. */
const ALTERNATIVES: readonly (readonly string[])[] = [
  ["established", "pod-source", "pod-destination", "pod-source-cidr", "pod-destination-cidr"],
];

/** The wanted ones, and others of which the chain has another copy: without comments, two rules of 1.20 are one and the same. */
function asManyAsThere(
  all: readonly Expected[],
  isWanted: (expected: Expected) => boolean,
  there: readonly string[],
): Expected[] {
  const left = new Map<string, number>();
  for (const key of there) left.set(key, (left.get(key) ?? 0) + 1);
  for (const expected of all.filter(isWanted)) left.set(expected.key, (left.get(expected.key) ?? 0) - 1);
  return all.filter((expected) => {
    if (isWanted(expected)) return true;
    const more = left.get(expected.key) ?? 0;
    left.set(expected.key, more - 1);
    return more > 0;
  });
}

/** Where the rules that stand once on a node are not as kube-proxy writes them; those of older releases are let be. */
export function nodeDeviationsOf(context: Context): readonly NodeDeviation[] {
  const { ruleset, services, store, claims } = context;
  if (services.mode !== "iptables" || services.parameters.era === null) return [];
  const found: NodeDeviation[] = [];
  for (const role of CHAINS) {
    const [table, chainName] = role.split(" ") as [TableName, string];
    const chain = ruleset.chain(table, chainName);
    if (chain === NONE || !store.isDeclared(chain) || !context.isWhole(table)) continue;
    const rules = context.rulesOf(chain);
    const slots = new Set(rules.map((rule) => context.slot(rule)));
    if (slots.has("masquerade-marked")) continue;
    const there = (name: string): boolean =>
      ALTERNATIVES.some((row) => row.includes(name) && row.some((other) => slots.has(other)));
    const own = context.nodeRules.filter(({ slot }) => slot.role === role);
    const names = new Set(own.map(({ slot }) => slot.name));
    const judged = rules.filter((rule) => {
      const slot = slotOf(claims.claim(rule));
      return slot === null || names.has(slot.name) || slot.name.startsWith("lost ");
    });
    // what is there word for word needs no comparing
    if (own.length === judged.length && own.every(({ text }, i) => text === lineOf(ruleset, judged[i] as RuleId)))
      continue;
    const expected = asManyAsThere(
      keysOf(own),
      ({ written }) => slots.has(written.slot.name) || !there(written.slot.name),
      judged.map((rule) => ruleKey(ruleset.rule(rule))),
    );
    for (const { kind, slot, expected: text, rule } of compareChain(context, role, expected, judged))
      found.push({ kind, role, chainName, chain, slot, expected: text, rule });
  }
  return found;
}
