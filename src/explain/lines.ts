import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";

/** "line 7", "lines 7 and 9", "lines 7 to 12", "lines 7, 8 and 4 more": where rules stand; "" for none. */
export function linesOf({ store }: Ruleset, rules: Iterable<RuleId>): string {
  return linesInWords(Array.from(rules, (rule) => store.line(rule)));
}

export function linesInWords(all: readonly number[]): string {
  const lines = [...new Set(all)].sort((a, b) => a - b);
  const [first = 0] = lines;
  const last = lines.at(-1) ?? 0;
  if (lines.length === 0) return "";
  if (lines.length === 1) return `line ${first}`;
  if (lines.length === 2) return `lines ${first} and ${last}`;
  if (last - first === lines.length - 1) return `lines ${first} to ${last}`;
  return lines.length === 3
    ? `lines ${first}, ${lines[1]} and ${last}`
    : `lines ${first}, ${lines[1]} and ${lines.length - 2} more`;
}

/** The same of all rules of a chain. */
export function linesOfChain(ruleset: Ruleset, chain: ChainId): string {
  return chain === NONE ? "" : linesOf(ruleset, ruleset.rulesOf(chain));
}
