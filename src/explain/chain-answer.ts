import { displayText } from "../../grammar/bytes.ts";
import { nameOf } from "../checks/service-words.ts";
import { hashedChainName } from "../kubernetes/chain-name.ts";
import { ownerOfChain } from "../kubernetes/owners.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import { BUILT_IN } from "../netfilter/table.ts";
import type { NodeModel } from "../read-node.ts";
import type { Explanation } from "../report/explanation.ts";
import type { WayRow, WaySection } from "../report/way.ts";
import { listedPort } from "../services.ts";
import { conditionsWithAffinity } from "./affinity-in-words.ts";
import { lostMatches } from "./lost.ts";

const mostRows = 12;

const roles: Readonly<Record<string, string>> = {
  svc: "all endpoints of",
  svl: "the endpoints on this node of",
  ext: "connections from outside to",
  fw: "the load balancer's source ranges of",
  xlb: "connections from outside, with policy Local, to",
  sep: "one endpoint of",
};

/** What kube-proxy's own chains are for, by table and name. */
const purposes: Readonly<Record<string, string>> = {
  "nat KUBE-SERVICES": "leads connections to cluster IPs, external IPs and load balancer IPs to their Services",
  "nat KUBE-NODEPORTS": "leads connections to NodePorts to their Services",
  "nat KUBE-MARK-MASQ": "marks packets whose source is to be rewritten on the way out (SNAT)",
  "nat KUBE-MARK-DROP": "marks packets that the kubelet's rules drop",
  "nat KUBE-POSTROUTING": "rewrites the source of marked packets (SNAT)",
  "filter KUBE-SERVICES": "refuses or drops connections to cluster IPs of Services without endpoints here",
  "filter KUBE-EXTERNAL-SERVICES": "refuses or drops connections from outside to Services without endpoints here",
  "filter KUBE-NODEPORTS": "lets health checks of load balancers in; it forwards no NodePort",
  "filter KUBE-FORWARD": "lets marked packets and answers through, drops packets in state INVALID",
  "filter KUBE-PROXY-FIREWALL": "drops what load balancers' source ranges do not allow",
};
const canary = "is empty: where it is gone, kube-proxy knows that iptables was flushed, and writes its rules anew";

/** What a chain is for, in each table that has one of that name. */
export function chainAnswers(node: NodeModel, map: ServiceMap, name: string): Explanation[] {
  const { ruleset } = map;
  return ruleset.tables.flatMap((table) => {
    const chain = ruleset.chain(table.name, name);
    return chain === NONE ? [] : [answerForChain(node, map, chain)];
  });
}

export function answerForChain(node: NodeModel, map: ServiceMap, chain: ChainId): Explanation {
  const { ruleset } = map;
  const name = ruleset.chainName(chain);
  const port = ruleset.tableOf(chain).name === "nat" ? map.byChain(chain) : null;
  const over = ruleset.family === 6 && node.maps.length > 1 ? " of IPv6" : "";
  const headline = `${name} in table ${ruleset.tableOf(chain).name}${over} is ${purposeOf(ruleset, chain, port)}`;
  const callers = [...ruleset.callers(chain)];
  const rules = [...ruleset.rulesOf(chain)];
  return {
    node: node.name,
    headline: displayText(headline),
    servicePort: port === null ? null : listedPort(node.name, map, port),
    shares: [],
    choice: null,
    wayOf: callers.length > 0 ? "Who jumps here, and its rules" : rules.length > 0 ? "Its rules" : null,
    way: [sectionOf(ruleset, "jumps here", callers), sectionOf(ruleset, name, rules)].filter(
      ({ rows }) => rows.length > 0,
    ),
    sources: [],
    remarks: [...lostMatches(map), ...remarksOn(ruleset, chain, callers, rules)].map(displayText),
    notShown: [],
  };
}

/** What a chain is there for, as a predicate. */
function purposeOf(ruleset: Ruleset, chain: ChainId, port: ServicePort | null): string {
  const name = ruleset.chainName(chain);
  const table = ruleset.tableOf(chain).name;
  const role = hashedChainName(name)?.role;
  if (role !== undefined && table === "nat") {
    const whose = port === null ? "a Service that is not shown" : `Service ${nameOf(port)}`;
    return `for ${roles[role] ?? ""} ${whose}${port === null ? "" : endpointAt(ruleset, port, chain)}`;
  }
  if (BUILT_IN[table].includes(name)) return "the kernel's own chain for that hook";
  const purpose = name === "KUBE-PROXY-CANARY" ? canary : purposes[`${table} ${name}`];
  if (purpose !== undefined) return `a chain of kube-proxy: it ${purpose}`;
  const owner = ownerOfChain(name);
  return owner === null ? "a chain of nobody that iptlint knows" : `a chain of ${owner.name}: ${owner.purpose}`;
}

/** ": 10.244.1.5:80" */
function endpointAt(ruleset: Ruleset, port: ServicePort, chain: ChainId): string {
  const address = port.endpoints.find((endpoint) => endpoint.chain === ruleset.chainName(chain))?.address;
  return address == null ? "" : `: ${address}`;
}

function remarksOn(ruleset: Ruleset, chain: ChainId, callers: readonly RuleId[], rules: readonly RuleId[]): string[] {
  const remarks = [];
  const policy = ruleset.store.policy(chain);
  if (!ruleset.store.isDeclared(chain)) remarks.push("No line of this capture declares the chain.");
  if (rules.length === 0) remarks.push("It holds no rules here.");
  if (policy !== null && policy !== "-")
    remarks.push(`What no rule of it decides is ${policy === "DROP" ? "dropped" : "accepted"} (policy ${policy}).`);
  else if (callers.length === 0) remarks.push("No rule of this capture leads to it.");
  return remarks;
}

function sectionOf(ruleset: Ruleset, title: string, rules: readonly RuleId[]): WaySection {
  const shown = rules.length > mostRows ? [...rules.slice(0, mostRows - 2), ...rules.slice(-2)] : rules;
  return {
    title: displayText(title),
    rows: shown.map((rule) => ruleRow(ruleset, rule)),
    omitted: rules.length - shown.length,
  };
}

/** A rule in words, on its own. */
export function ruleRow(ruleset: Ruleset, rule: RuleId): WayRow {
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
    condition: displayText(`${conditionsWithAffinity(node)}${chanceOf(ruleset, rule)}`),
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
