import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import { isHookRole, type Role } from "../kubernetes/templates/slot.ts";
import { FOREIGN, slotOf } from "../kubernetes/templates/slots.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import { BUILT_IN, TABLE_NAMES, type TableName } from "../netfilter/table.ts";

/** What a table has beside kube-proxy's own rules: lines as they stand in the text. */
export interface TableSurroundings {
  readonly table: TableName;
  /** Policies of the built-in chains by name. */
  readonly policies: ReadonlyMap<string, string>;
  readonly chains: readonly string[];
  /** Rules of the built-in chains by chain, kube-proxy's jumps among them. */
  readonly hooks: ReadonlyMap<string, readonly string[]>;
  readonly rules: readonly string[];
}

/** More rules of others than this are not copied. */
const MOST_RULES = 20_000;

const ACCEPT_ALL = (table: TableName): TableSurroundings => ({
  table,
  policies: new Map(BUILT_IN[table].map((name) => [name, "ACCEPT"])),
  chains: [],
  hooks: new Map(),
  rules: [],
});

/** Nothing but kube-proxy's own. */
export const NO_SURROUNDINGS: readonly TableSurroundings[] = [ACCEPT_ALL("nat"), ACCEPT_ALL("filter")];

/** All that is not kube-proxy's in a ruleset; without it where there is too much of it. */
export function surroundingsOf(services: ServiceMap): readonly TableSurroundings[] {
  let left = MOST_RULES;
  const found: TableSurroundings[] = [];
  for (const name of TABLE_NAMES) {
    const table = services.ruleset.table(name);
    if (table === undefined) continue;
    const made = {
      ...ACCEPT_ALL(name),
      policies: new Map<string, string>(),
      chains: [] as string[],
      hooks: new Map<string, string[]>(),
      rules: [] as string[],
    };
    for (const built of BUILT_IN[name]) {
      const chain = services.ruleset.chain(name, built);
      const policy = chain === NONE ? null : services.ruleset.store.policy(chain);
      made.policies.set(built, policy === "DROP" ? "DROP" : "ACCEPT");
    }
    for (const chain of table.chains) {
      const lines = linesOf(services, chain);
      left -= lines.length;
      if (left < 0) return NO_SURROUNDINGS;
      const chainName = services.ruleset.chainName(chain);
      if (BUILT_IN[name].includes(chainName)) made.hooks.set(chainName, lines);
      else {
        if (!isOwn(services, chain)) made.chains.push(chainName);
        made.rules.push(...lines);
      }
    }
    found.push(made);
  }
  for (const table of ["nat", "filter"] as const)
    if (!found.some((each) => each.table === table)) found.push(ACCEPT_ALL(table));
  return found;
}

/** All but one rule of a built-in chain. */
export function surroundingsWithout(
  all: readonly TableSurroundings[],
  ruleset: Ruleset,
  rule: RuleId,
): readonly TableSurroundings[] {
  const chain = ruleset.chainOf(rule);
  const { name } = ruleset.tableOf(chain);
  const hook = ruleset.chainName(chain);
  const line = lineOf(ruleset, rule);
  return all.map((around) => {
    const lines = around.hooks.get(hook) ?? [];
    const place = around.table === name ? lines.indexOf(line ?? "") : -1;
    return place < 0 ? around : { ...around, hooks: new Map(around.hooks).set(hook, lines.toSpliced(place, 1)) };
  });
}

/** kube-proxy's own chain, into which it writes all rules but the kubelet's. */
function isOwn({ source }: ServiceMap, chain: ChainId): boolean {
  const role = source.rules.role(chain);
  return role !== null && !isHookRole(role);
}

function linesOf(services: ServiceMap, chain: ChainId): string[] {
  const { ruleset } = services;
  const lines: string[] = [];
  for (let rule = ruleset.store.firstRule(chain); rule !== NONE; rule = ruleset.store.nextRule(rule)) {
    if (!isCopied(services, chain, rule)) continue;
    const line = lineOf(ruleset, rule);
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

/** The rule's line without counters; `undefined` for one that does not begin with `-A`. */
export const lineOf = ({ store }: Ruleset, rule: RuleId): string | undefined =>
  /^(?:\[[^\]]*\] *)?(-A .*)$/.exec(store.text(rule))?.[1];

function isCopied({ ruleset, source: { rules } }: ServiceMap, chain: ChainId, rule: RuleId): boolean {
  const role: Role | null = rules.role(chain);
  if (role === null) return true;
  const claim = rules.claim(rule);
  if (isHookRole(role)) {
    const target = ruleset.target(rule);
    const toOwn = target !== NONE && rules.role(target) !== null;
    return !toOwn || claim !== FOREIGN;
  }
  const slot = slotOf(claim);
  return slot !== null && slot.of === "others" && !slot.name.startsWith("lost ");
}
