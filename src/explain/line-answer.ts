import type { Node } from "../../grammar/ast.ts";
import { displayText } from "../../grammar/bytes.ts";
import type { SourceFile } from "../../grammar/source.ts";
import { sentence } from "../../grammar/vocabulary/words.ts";
import { nameOf } from "../checks/service-words.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { RuleId } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import type { NodeModel } from "../read-node.ts";
import type { Explanation } from "../report/explanation.ts";
import { listedPort } from "../services.ts";
import { answerForChain } from "./chain-answer.ts";
import { linesOf } from "./lines.ts";
import { lostMatches } from "./lost.ts";

/** What stands on a line of each of the node's texts: a rule in words, a chain, or what else there is. */
export function lineAnswers(node: NodeModel, line: number): Explanation[] {
  const { source } = node.store.ast;
  return source.files.flatMap((file) => {
    const found = nodeOn(node.store, file, line);
    if (found === null) return [];
    const place = source.files.length > 1 ? `${file.name}, line ${line}` : `line ${line}`;
    return [answerForNode(node, found, place)];
  });
}

/** How many lines the node's texts have, for a message. */
export function lineCount({ ast }: RuleStore): number {
  return ast.source.files.reduce((sum, { start, end }) => sum + lastLine(ast, start, end), 0);
}

function lastLine(ast: RuleStore["ast"], start: number, end: number): number {
  return end > start ? ast.place(end - 1).line : 0;
}

/** The node that the line belongs to: one whose quotes hold newlines has several. */
function nodeOn({ ast }: RuleStore, { start, end }: SourceFile, line: number): Node | null {
  if (line < 1 || line > lastLine(ast, start, end)) return null;
  const first = ast.nodeAt(start);
  let index = Math.min(first + line - 1, ast.nodeAt(end - 1));
  while (index > first && ast.line(index) > line) index--;
  return ast.node(index);
}

function answerForNode(node: NodeModel, found: Node, place: string): Explanation {
  switch (found.kind) {
    case "rule": {
      const answer = answerForRule(node, found.index, place);
      if (answer !== null) return answer;
      return plain(node, `${place} is a rule: ${sentence(found)}`);
    }
    case "chain":
      return answerForDeclaration(node, found.index, place) ?? plain(node, `${place} declares chain ${found.name}`);
    case "table":
      return plain(node, `${place} begins table ${found.name}`);
    case "commit":
      return plain(node, `${place} ends a table (COMMIT)`);
    case "comment":
      return plain(node, `${place} is a comment, which iptables-restore passes over`);
    case "command":
      return plain(node, `${place} is a command without a rule: ${found.command}`);
    case "blank":
      return plain(node, `${place} is empty`);
    default:
      return plain(node, `${place} is no line of iptables-save: iptlint passes it over`);
  }
}

function answerForDeclaration(node: NodeModel, index: number, place: string): Explanation | null {
  for (const map of node.maps)
    for (const table of map.ruleset.tables)
      for (const chain of table.chains)
        if (node.store.declaration(chain) === index) {
          const answer = answerForChain(node, map, chain);
          return { ...answer, headline: `${displayText(place)}: ${answer.headline}` };
        }
  return null;
}

function answerForRule(node: NodeModel, index: number, place: string): Explanation | null {
  const { store } = node;
  let rule = 0;
  while (rule < store.ruleCount && store.node(rule) !== index) rule++;
  if (rule === store.ruleCount) return null;
  const table = store.tableOf(store.chainOf(rule));
  const map = node.maps.find(({ ruleset }) => ruleset.tables.includes(table));
  if (map !== undefined) return ruleInMap(node, map, rule, place);
  const words = sentence(store.rule(rule), table.family);
  const why = `Table ${table.name} stands again later in the text, and iptables-restore takes the later one.`;
  return plain(node, `${place}, ${table.name} ${store.chainName(store.chainOf(rule))}: ${words}`, why);
}

function ruleInMap(node: NodeModel, map: ServiceMap, rule: RuleId, place: string): Explanation {
  const { ruleset } = map;
  const chain = ruleset.chainOf(rule);
  const port = map.byChain(chain) ?? map.servicePorts.find(({ sharedRules }) => sharedRules.includes(rule)) ?? null;
  const callers = ruleset.callers(chain);
  const said = sentence(ruleset.rule(rule), ruleset.family);
  return {
    ...plain(node, `${place}, ${ruleset.tableOf(chain).name} ${ruleset.chainName(chain)}: ${said}`),
    servicePort: port === null ? null : listedPort(node.name, map, port),
    remarks: [
      ...lostMatches(map),
      ...(port === null ? [] : [displayText(`It is a rule for Service ${nameOf(port)}.`)]),
      ...(callers.length === 0 ? [] : [`Its chain is jumped to from ${linesOf(ruleset, callers)}.`]),
    ],
  };
}

function plain(node: NodeModel, headline: string, ...remarks: readonly string[]): Explanation {
  return {
    node: node.name,
    headline: displayText(headline),
    servicePort: null,
    shares: [],
    choice: null,
    wayOf: null,
    way: [],
    sources: [],
    remarks,
    notShown: [],
  };
}
