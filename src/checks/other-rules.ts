import type { Mentions } from "../../grammar/mentions.ts";
import { mentionsInColumn, targetIn } from "../../grammar/unkept.ts";
import type { ExtensionRecord } from "../../grammar/vocabulary/record.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";

/** What a rule may name, and its target where that is an extension: all that a form alone tells at once. */
export type FormTest = (mentions: Mentions, target: ExtensionRecord | null) => boolean;

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

/** Those of them whose form passes the test. A text has a few dozen forms, and mostly none that a check looks for. */
export function otherRules(context: Context, test: FormTest): readonly RuleId[] {
  const { ast } = context.store;
  const passes = ast.formsWhere(test);
  if (ast.shapes !== null && !passes.includes(1)) return [];
  const { ruleNode } = context.store.columns;
  const { shapeIds } = ast;
  const all = allOthers(context);
  const found: RuleId[] = [];
  for (let k = 0; k < all.length; k++) {
    const rule = all[k] as RuleId;
    const form = shapeIds[ruleNode[rule] as number] as number;
    if (form >= 0 ? passes[form] === 1 : test(mentionsInColumn(form), targetIn(form))) found.push(rule);
  }
  return found;
}

/** Passes rules with one of the targets. */
export const hasTarget =
  (...names: readonly string[]): FormTest =>
  (_, target) =>
    target !== null && names.includes(target.name);
