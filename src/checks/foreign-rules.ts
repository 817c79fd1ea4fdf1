import { ownerOfComment } from "../kubernetes/owners.ts";
import { isHookRole } from "../kubernetes/templates/slot.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import { BUILT_IN, type TableName } from "../netfilter/table.ts";
import type { Hook } from "../netfilter/target/outcome.ts";
import type { Context } from "./context.ts";

/** A rule of nobody known that decides over packets. */
export interface ForeignRule {
  readonly rule: RuleId;
  readonly table: TableName;
  /** Hooks from which packets get to it. */
  readonly hooks: ReadonlySet<Hook>;
  readonly target: string;
}

/** Targets that end the way of a packet, or lead it elsewhere. */
const DECIDING: ReadonlySet<string> = new Set([
  "DROP",
  "REJECT",
  "DNAT",
  "REDIRECT",
  "TPROXY",
  "NETMAP",
  "CT",
  "NOTRACK",
  "TARPIT",
]);
const IN_NAT: ReadonlySet<string> = new Set(["ACCEPT", "RETURN"]);

/** More than this are not looked at one by one. */
const MOST = 300;

const known = new WeakMap<Context, readonly ForeignRule[]>();

/** Rules outside kube-proxy's chains, and outside those of anybody known, that may keep packets from Services. */
export function foreignRules(context: Context): readonly ForeignRule[] {
  const found = known.get(context) ?? findForeign(context);
  known.set(context, found);
  return found;
}

function findForeign(context: Context): readonly ForeignRule[] {
  const { ruleset, store, claims, services } = context;
  const found: ForeignRule[] = [];
  for (const [chain, hooks] of hooksOfChains(context)) {
    const role = claims.role(chain);
    if (role !== null && !isHookRole(role)) continue;
    const { name: table } = ruleset.tableOf(chain);
    if (services.ownerOf(chain) !== null) continue;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      const target = store.targetRecord(rule)?.name;
      if (target === undefined || !(DECIDING.has(target) || (table === "nat" && IN_NAT.has(target)))) continue;
      const comment = claims.comment(rule);
      if (comment !== null && ownerOfComment(comment) !== null) continue;
      found.push({ rule, table, hooks, target });
      if (found.length >= MOST) return found;
    }
  }
  return found;
}

/** Chains that packets get to from built-in chains without passing kube-proxy's own, and the hooks from which. */
function hooksOfChains(context: Context): ReadonlyMap<ChainId, ReadonlySet<Hook>> {
  const { ruleset, store, claims } = context;
  const found = new Map<ChainId, Set<Hook>>();
  for (const table of ruleset.tables)
    for (const hook of BUILT_IN[table.name] as readonly Hook[]) {
      const start = ruleset.chain(table.name, hook);
      if (start === NONE) continue;
      const seen = new Set([start]);
      for (const chain of seen) {
        const hooks = found.get(chain) ?? new Set<Hook>();
        found.set(chain, hooks.add(hook));
        for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
          const next = store.targetChain(rule);
          const role = next === NONE ? null : claims.role(next);
          if (next !== NONE && (role === null || isHookRole(role))) seen.add(next);
        }
      }
    }
  return found;
}
