import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import { BUILT_IN } from "../netfilter/table.ts";
import type { Context } from "./context.ts";

const known = new WeakMap<Context, Map<ChainId, Set<string>>>();

/** Built-in chains of its table from which packets get to a chain; a built-in chain is its own. */
export function hookOf(context: Context, chain: ChainId): ReadonlySet<string> {
  let hooks = known.get(context);
  if (hooks === undefined) {
    hooks = hooksOfAll(context);
    known.set(context, hooks);
  }
  return hooks.get(chain) ?? NOWHERE;
}

const NOWHERE: ReadonlySet<string> = new Set();

/** Breadth first from each built-in chain: each chain and each jump is seen once per hook. */
function hooksOfAll({ ruleset, store }: Context): Map<ChainId, Set<string>> {
  const found = new Map<ChainId, Set<string>>();
  for (const table of ruleset.tables)
    for (const hook of BUILT_IN[table.name]) {
      const start = ruleset.chain(table.name, hook);
      if (start === NONE) continue;
      const seen = new Set([start]);
      for (const chain of seen) {
        const hooks = found.get(chain);
        if (hooks === undefined) found.set(chain, new Set([hook]));
        else hooks.add(hook);
        for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
          const next = store.targetChain(rule);
          if (next !== NONE) seen.add(next);
        }
      }
    }
  return found;
}
