import type { FormTest } from "../../grammar/syntax-tree.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";

const known = new WeakMap<Context, readonly RuleId[]>();

/** Rules of a ruleset outside kube-proxy's chains. */
function allOthers(context: Context): readonly RuleId[] {
  const found = known.get(context);
  if (found !== undefined) return found;
  const { ruleset, store, claims } = context;
  const rules: RuleId[] = [];
  for (const table of ruleset.tables)
    for (const chain of claims.otherChains(table)) {
      if (claims.role(chain)?.includes(" KUBE-") === true) continue;
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) rules.push(rule);
    }
  known.set(context, rules);
  return rules;
}

/** Those of them whose form passes the test. */
export function otherRules(context: Context, test: FormTest): readonly RuleId[] {
  const { ast, columns } = context.store;
  const passes = ast.passing(test);
  if (passes === null) return [];
  const all = allOthers(context);
  const found: RuleId[] = [];
  for (let k = 0; k < all.length; k++) {
    const rule = all[k] as RuleId;
    if (passes(columns.ruleNode[rule] as number)) found.push(rule);
  }
  return found;
}

/** Passes rules with one of the targets. */
export const hasTarget =
  (...names: readonly string[]): FormTest =>
  (_, target) =>
    target !== null && names.includes(target.name);
