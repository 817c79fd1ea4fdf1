import { displayText } from "../../grammar/bytes.ts";
import { nameOf } from "../checks/service-words.ts";
import { hashedChainName } from "../kubernetes/chain-name.ts";
import { ownerOfChain } from "../kubernetes/owners.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import { conditionsInWords } from "../netfilter/rule-in-words.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import type { NodeModel } from "../read-node.ts";
import type { Explanation } from "../report/explanation.ts";
import type { WayRow, WaySection } from "../report/way.ts";
import { listedPort } from "../services.ts";

const mostRows = 12;

const roles: Readonly<Record<string, string>> = {
  svc: "all endpoints of",
  svl: "the endpoints on this node of",
  ext: "connections from outside to",
  fw: "the load balancer's source ranges of",
  xlb: "connections from outside, with policy Local, to",
  sep: "one endpoint of",
};

/** What a chain is for, in each table that has one of that name. */
export function chainAnswers(node: NodeModel, map: ServiceMap, name: string): Explanation[] {
  const { ruleset } = map;
  return ruleset.tables.flatMap((table) => {
    const chain = ruleset.chain(table.name, name);
    return chain === NONE ? [] : [answerForChain(node, map, chain)];
  });
}

function answerForChain(node: NodeModel, map: ServiceMap, chain: ChainId): Explanation {
  const { ruleset } = map;
  const name = ruleset.chainName(chain);
  const port = ruleset.tableOf(chain).name === "nat" ? map.byChain(chain) : null;
  const role = hashedChainName(name)?.role;
  const owner = ownerOfChain(name);
  const place = `${name} in table ${ruleset.tableOf(chain).name}`;
  const headline =
    port !== null && role !== undefined
      ? `${place} is for ${roles[role] ?? ""} Service ${nameOf(port)}`
      : owner !== null
        ? `${place} is a chain of ${owner.name}: ${owner.purpose}`
        : `${place} is a chain of nobody that iptlint knows`;
  const callers = [...ruleset.callers(chain)];
  const rules = [...ruleset.rulesOf(chain)];
  return {
    node: node.name,
    headline: displayText(headline),
    servicePort: port === null ? null : listedPort(node.name, map, port),
    shares: [],
    choice: null,
    wayOf: callers.length === 0 && !ruleset.store.isDeclared(chain) ? null : "Who jumps here, and its rules",
    way: [sectionOf(ruleset, "jumps here", callers), sectionOf(ruleset, name, rules)].filter(
      ({ rows }) => rows.length > 0,
    ),
    sources: [],
    remarks: remarksOn(ruleset, chain, callers, rules).map(displayText),
    notShown: [],
  };
}

function remarksOn(ruleset: Ruleset, chain: ChainId, callers: readonly RuleId[], rules: readonly RuleId[]): string[] {
  const remarks = [];
  const policy = ruleset.store.policy(chain);
  if (!ruleset.store.isDeclared(chain)) remarks.push("No line of this capture declares the chain.");
  if (rules.length === 0) remarks.push("It holds no rules here.");
  if (policy !== null && policy !== "-")
    remarks.push(
      `A built-in chain; what no rule of it decides is ${policy === "DROP" ? "dropped" : "accepted"} (policy ${policy}).`,
    );
  else if (callers.length === 0) remarks.push("No rule of this capture leads to it.");
  return remarks;
}

function sectionOf(ruleset: Ruleset, title: string, rules: readonly RuleId[]): WaySection {
  const shown = rules.length > mostRows ? [...rules.slice(0, mostRows - 2), ...rules.slice(-2)] : rules;
  return {
    title: displayText(title),
    rows: shown.map((rule) => rowOf(ruleset, rule)),
    omitted: rules.length - shown.length,
  };
}

/** A rule in words, on its own. */
function rowOf(ruleset: Ruleset, rule: RuleId): WayRow {
  const node = ruleset.rule(rule);
  const { target } = node;
  const effect =
    target === null
      ? "counted, nothing else"
      : ruleset.target(rule) !== NONE
        ? `-> ${target.name}`
        : [
            target.name,
            ...target.options.flatMap(({ flag, values }) => [flag.text, ...values.map(({ text }) => text)]),
          ].join(" ");
  return {
    line: ruleset.store.line(rule),
    condition: displayText(`${conditionsInWords(node)}${chanceOf(ruleset, rule)}`),
    effect: displayText(effect),
    depth: 0,
  };
}

/** `, with probability 0.5` */
function chanceOf(ruleset: Ruleset, rule: RuleId): string {
  const statistic = ruleset.rule(rule).matches.find(({ name }) => name === "statistic");
  const probability = statistic?.options.find(({ record }) => record?.flag === "--probability")?.values[0]?.text;
  return probability === undefined ? "" : `, with probability ${Number(probability)}`;
}
