import { displayText } from "../../../grammar/bytes.ts";
import type { Ruleset } from "../../../src/netfilter/ruleset.ts";

/** A rule as the set of what it says: options in one order, values as texts without quotes. */
export function typedRule(ruleset: Ruleset, rule: number): string {
  const node = ruleset.rule(rule);
  const options = [
    ...node.options.map((option) => ({ of: "", option })),
    ...node.matches.flatMap((match) => match.options.map((option) => ({ of: `${match.name} `, option }))),
    ...(node.target?.options ?? []).map((option) => ({ of: `${node.target?.name} `, option })),
  ];
  const said = options.map(
    ({ of, option }) =>
      `${option.negated ? "! " : ""}${of}${option.record?.flag ?? option.flag.text} ${option.values.map(({ text }) => text).join(" ")}`,
  );
  return displayText(
    `${said.sort().join(" | ")} -> ${node.target?.goto === true ? "goto " : ""}${node.target?.name ?? ""}`,
  );
}

/** All rules by table and chain. */
export function typedRules(ruleset: Ruleset): Map<string, string[]> {
  const chains = new Map<string, string[]>();
  for (const table of ruleset.tables)
    for (const chain of table.chains) {
      const rules = [...ruleset.rulesOf(chain)].map((rule) => typedRule(ruleset, rule));
      if (rules.length > 0) chains.set(`${table.name} ${ruleset.chainName(chain)}`, rules);
    }
  return chains;
}
