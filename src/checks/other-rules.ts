import type { FormTest } from "../../grammar/syntax-tree.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";

const known = new WeakMap<Context, Int32Array>();

/** Rules of a ruleset outside kube-proxy's chains. */
function allOthers(context: Context): Int32Array {
  const found = known.get(context);
  if (found !== undefined) return found;
  const { ruleset, store, claims } = context;
  const rules = new Int32Array(store.ruleCount);
  let count = 0;
  for (const table of ruleset.tables)
    for (const chain of claims.chainRoles.others(table)) {
      if (claims.role(chain)?.includes(" KUBE-") === true) continue;
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) rules[count++] = rule;
    }
  const others = rules.subarray(0, count);
  known.set(context, others);
  return others;
}

const NO_RULES = new Int32Array(0);

/** Those of them whose form passes the test. */
export function otherRules(context: Context, test: FormTest): Int32Array {
  const { ast, columns } = context.store;
  const passes = ast.passing(test);
  if (passes === null) return NO_RULES;
  const all = allOthers(context);
  const found = new Int32Array(all.length);
  let count = 0;
  for (let k = 0; k < all.length; k++) {
    const rule = all[k] as RuleId;
    if (passes(columns.ruleNode[rule] as number)) found[count++] = rule;
  }
  return found.subarray(0, count);
}

/** Passes rules with one of the targets. */
export const hasTarget =
  (...names: readonly string[]): FormTest =>
  (_, target) =>
    target !== null && names.includes(target.name);
