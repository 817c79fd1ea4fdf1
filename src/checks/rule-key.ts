import type { OptionNode, RuleNode } from "../../grammar/ast.ts";

/** What a rule says without its comment: rules with equal keys do the same. The order of options does not matter. */
export function ruleKey({ options, matches, target }: RuleNode): string {
  const said: string[] = [];
  for (const option of options) said.push(optionKey("", option));
  for (const { name, options: own } of matches) {
    if (name === "comment") continue;
    // `-m tcp` says what `-p tcp` says already
    if (own.length === 0 && !PROTOCOLS.has(name)) said.push(name);
    for (const option of own) said.push(optionKey(name, option));
  }
  for (const option of target?.options ?? []) said.push(optionKey("target", option));
  return `${said.sort().join(" | ")} -> ${target?.goto === true ? "goto " : ""}${target?.name ?? ""}`;
}

const PROTOCOLS: ReadonlySet<string> = new Set(["tcp", "udp", "sctp"]);

const optionKey = (owner: string, { negated, record, flag, values }: OptionNode): string =>
  `${negated ? "! " : ""}${owner} ${record?.flag ?? flag.text} ${values.map(({ text }) => text).join(" ")}`;
