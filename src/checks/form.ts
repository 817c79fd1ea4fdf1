import { bitsOfMatches, CONDITIONS } from "../../grammar/mentions.ts";
import { CORE, type Shape, type ShapeOption } from "../../grammar/shape.ts";
import type { RuleId } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";

/** Whether the rule asks nothing of a packet. */
export function isUnconditional(store: RuleStore, rule: RuleId): boolean {
  if ((store.mentions(rule) & CONDITIONS & ~bitsOfMatches("comment")) !== 0) return false;
  const { matches, options } = store.shape(rule);
  return matches.every(({ name }) => name === "comment") && options.every(({ owner }) => owner !== CORE);
}

/** The option of a match, of the core or of the target with that flag; `undefined` where the form has none. */
export const optionOf = ({ options }: Shape, flag: string): ShapeOption | undefined =>
  options.find(({ record }) => record?.flag === flag);

/** Whether the rule uses one of the matches. */
export const hasMatch = (store: RuleStore, rule: RuleId, ...names: readonly string[]): boolean =>
  (store.mentions(rule) & bitsOfMatches(...names)) !== 0 &&
  store.shape(rule).matches.some(({ name }) => name !== null && names.includes(name));
