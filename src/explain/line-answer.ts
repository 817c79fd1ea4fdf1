import { displayText } from "../../grammar/bytes.ts";
import { sentence } from "../../grammar/vocabulary/words.ts";
import { nameOf } from "../checks/service-words.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ChainId, RuleId, Ruleset } from "../netfilter/ruleset.ts";
import type { NodeModel } from "../read-node.ts";
import type { Explanation } from "../report/explanation.ts";
import { listedPort } from "../services.ts";
import { chainAnswers } from "./chain-answer.ts";

/** What stands on a line: a rule in words, or a chain. */
export function lineAnswers(node: NodeModel, map: ServiceMap, line: number): Explanation[] {
  const { ruleset } = map;
  const rules = rulesOn(ruleset, line).map((rule) => answerForRule(node, map, rule));
  const chains = chainsOn(ruleset, line).flatMap((chain) => chainAnswers(node, map, ruleset.chainName(chain)));
  return [...rules, ...chains];
}

function rulesOn(ruleset: Ruleset, line: number): RuleId[] {
  const { store } = ruleset;
  const found: RuleId[] = [];
  for (let rule = 0; rule < store.ruleCount; rule++) {
    if (store.ast.isOnLine(store.node(rule), line) && ruleset.tables.includes(store.tableOf(store.chainOf(rule))))
      found.push(rule);
  }
  return found;
}

function chainsOn(ruleset: Ruleset, line: number): ChainId[] {
  const { store } = ruleset;
  return ruleset.tables.flatMap((table) =>
    table.chains.filter((chain) => store.ast.isOnLine(store.declaration(chain), line)),
  );
}

function answerForRule(node: NodeModel, map: ServiceMap, rule: RuleId): Explanation {
  const { ruleset } = map;
  const chain = ruleset.chainOf(rule);
  const port = map.byChain(chain);
  const table = ruleset.tableOf(chain).name;
  const callers = [...ruleset.callers(chain)].slice(0, 5).map((caller) => ruleset.store.line(caller));
  return {
    node: node.name,
    headline: displayText(
      `line ${ruleset.store.line(rule)}, ${table} ${ruleset.chainName(chain)}: ${sentence(ruleset.rule(rule), ruleset.family)}`,
    ),
    servicePort: port === null ? null : listedPort(node.name, map, port),
    shares: [],
    choice: null,
    wayOf: null,
    way: [],
    sources: [],
    remarks: [
      ...(port === null ? [] : [displayText(`The chain belongs to Service ${nameOf(port)}.`)]),
      ...(callers.length === 0 ? [] : [`Its chain is jumped to from line ${callers.join(", ")}.`]),
    ],
    notShown: [],
  };
}
