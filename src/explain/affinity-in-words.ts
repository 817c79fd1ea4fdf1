import type { MatchNode, RuleNode } from "../../grammar/ast.ts";
import { conditionsInWords } from "../netfilter/rule-in-words.ts";

/** Conditions of a rule, those of kube-proxy's session affinity in fewer words than the match `recent` has. Byte string. */
export function conditionsWithAffinity(rule: RuleNode): string {
  const affinity = rule.matches.find(isAffinity);
  if (affinity === undefined) return conditionsInWords(rule);
  const said = conditionsInWords({ ...rule, matches: rule.matches.filter((match) => match !== affinity) });
  if (isSet(affinity)) return said;
  const seconds = optionValue(affinity, "--seconds");
  const within = seconds === undefined ? "" : ` in the last ${seconds} seconds`;
  const remembered = `those that it got${within}`;
  return said === "every packet" ? remembered : `${said}, ${remembered}`;
}

/** Whether the rule makes a list of kube-proxy's remember the client. */
export const remembersClient = ({ matches }: RuleNode): boolean =>
  matches.some((match) => isAffinity(match) && isSet(match));

/** Lists of clients are called as the chains of their endpoints. */
function isAffinity(match: MatchNode): boolean {
  return (
    match.name === "recent" &&
    match.options.every(({ negated }) => !negated) &&
    optionValue(match, "--name")?.startsWith("KUBE-SEP-") === true
  );
}

const isSet = ({ options }: MatchNode): boolean => options.some(({ record }) => record?.flag === "--set");

function optionValue({ options }: MatchNode, flag: string): string | undefined {
  return options.find(({ record }) => record?.flag === flag)?.values[0]?.text;
}
