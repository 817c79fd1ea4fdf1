import type { Role } from "../kubernetes/templates/slot.ts";
import { slotOf } from "../kubernetes/templates/slots.ts";
import { writeNode } from "../kubernetes/write-rules.ts";
import { NONE } from "../netfilter/ruleset.ts";
import type { TableName } from "../netfilter/table.ts";
import { compareChain, type Expected, keysOf } from "./compare.ts";
import type { Context } from "./context.ts";
import type { NodeDeviation } from "./deviation.ts";
import { writableNode } from "./written.ts";

/** Chains that stand once on a node and whose rules depend on no Service. */
const CHAINS: readonly Role[] = ["nat KUBE-MARK-MASQ", "nat KUBE-POSTROUTING", "filter KUBE-FORWARD"];

/** Rules that say the same in different releases: where one of a row is there, the others need not be. */
const ALTERNATIVES: readonly (readonly string[])[] = [
  ["established", "pod-source", "pod-destination", "pod-source-cidr", "pod-destination-cidr"],
];

/** Where the rules that stand once on a node are not as kube-proxy writes them; those of older releases are let be. */
export function nodeDeviationsOf(context: Context): readonly NodeDeviation[] {
  const { ruleset, services, store, claims } = context;
  if (services.mode !== "iptables" || services.parameters.era === null) return [];
  const found: NodeDeviation[] = [];
  const written = writeNode(writableNode(services));
  for (const role of CHAINS) {
    const [table, chainName] = role.split(" ") as [TableName, string];
    const chain = ruleset.chain(table, chainName);
    if (chain === NONE || !store.isDeclared(chain) || !context.isWhole(table)) continue;
    const rules = context.rulesOf(chain);
    const slots = new Set(rules.map((rule) => context.slot(rule)));
    if (slots.has("masquerade-marked")) continue;
    const there = (name: string): boolean =>
      ALTERNATIVES.some((row) => row.includes(name) && row.some((other) => slots.has(other)));
    const own = written.filter(({ slot }) => slot.role === role);
    const expected: readonly Expected[] = keysOf(own.filter(({ slot }) => slots.has(slot.name) || !there(slot.name)));
    const names = new Set(own.map(({ slot }) => slot.name));
    const judged = rules.filter((rule) => {
      const slot = slotOf(claims.claims[rule] as number);
      return slot === null || names.has(slot.name) || slot.name.startsWith("lost ");
    });
    found.push(...compareChain(context, { role, chainName, chain }, expected, judged));
  }
  return found;
}
