import { listed } from "../checks/words.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";

/** "line 7", "lines 7 to 12 and 20": where rules stand; "" for none. */
export function linesOf({ store }: Ruleset, rules: Iterable<RuleId>): string {
  return linesInWords(Array.from(rules, (rule) => store.line(rule)));
}

/** Runs of lines and single ones; of many the rest is counted. */
export function linesInWords(all: readonly number[]): string {
  const lines = [...new Set(all)].sort((a, b) => a - b);
  const runs: number[][] = [];
  for (const line of lines) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === line - 1) run.push(line);
    else runs.push([line]);
  }
  const parts = runs.flatMap((run) => (run.length < 3 ? run.map(String) : [`${run[0]} to ${run.at(-1)}`]));
  if (parts.length === 0) return "";
  return `${lines.length === 1 ? "line" : "lines"} ${listed(parts)}`;
}

/** The same of all rules of a chain. */
export function linesOfChain(ruleset: Ruleset, chain: ChainId): string {
  return chain === NONE ? "" : linesOf(ruleset, ruleset.rulesOf(chain));
}
