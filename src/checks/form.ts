import { bitsOfMatches, CONDITIONS, type Mentions } from "../../grammar/mentions.ts";
import { CORE, type Shape, type ShapeOption } from "../../grammar/shape.ts";
import type { RuleId } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";

let comment: Mentions | undefined;

/** Whether the rule asks nothing of a packet. */
export function isUnconditional(store: RuleStore, rule: RuleId): boolean {
  comment ??= bitsOfMatches("comment");
  if ((store.mentions(rule) & CONDITIONS & ~comment) !== 0) return false;
  const { matches, options } = store.shape(rule);
  return matches.every(({ name }) => name === "comment") && options.every(({ owner }) => owner !== CORE);
}

/** The option of a match, of the core or of the target with that flag; `undefined` where the form has none. */
export const optionOf = ({ options }: Shape, flag: string): ShapeOption | undefined =>
  options.find(({ record }) => record?.flag === flag);

/** Matches that are looked for: their bits tell quickly of most rules that they have none of them. */
export interface Matches {
  readonly names: readonly string[];
  readonly bits: Mentions;
}

/** To be made when a check runs: the matches that the text mentions have the bits that there are before others. */
export const matchesNamed = (...names: readonly string[]): Matches => ({ names, bits: bitsOfMatches(...names) });

/** Whether the rule uses one of the matches. */
export function hasMatch(store: RuleStore, rule: RuleId, { names, bits }: Matches): boolean {
  if ((store.mentions(rule) & bits) === 0) return false;
  // the words of a line whose form is not kept are cheaper than that
  if (store.shapeId(rule) >= 0) return store.shape(rule).matches.some(({ name }) => names.includes(name ?? ""));
  const { words, count } = store.words(rule);
  for (let k = 0; k < count; k++) {
    const extension = words[k]?.extension;
    if (extension?.kind === "match" && names.includes(extension.name)) return true;
  }
  return false;
}
