import { displayText } from "../../grammar/bytes.ts";
import { nameOf } from "../checks/service-words.ts";
import { listed } from "../checks/words.ts";
import { hashedChainName } from "../kubernetes/chain-name.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { conditionsInWords } from "../netfilter/rule-in-words.ts";
import { NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import type { Trace } from "../netfilter/trace/trace.ts";
import { arrivals } from "./fates.ts";
import { linesOf } from "./lines.ts";
import { lostMatches } from "./lost.ts";
import { policyRemarks, type Traced } from "./policies.ts";

export interface Remarks {
  readonly remarks: readonly string[];
  readonly notShown: readonly string[];
  /** The rules are an excerpt: packets cannot be followed from the network to the endpoint. */
  readonly excerpt: boolean;
}

/** What is to be known besides the answer: how sure the name is, what is unusual, what the capture lacks. */
export function remarksOf(
  map: ServiceMap,
  port: ServicePort,
  asked: Frontend | null,
  traced: Traced,
  trace: Trace | null,
): Remarks {
  const { ruleset } = map;
  const nat = ruleset.table("nat");
  const isLost = trace === null || arrivals(trace).length < trace.ends.length;
  const excerpt =
    nat === undefined ||
    nat.implied ||
    ruleset.chain("nat", "PREROUTING") === NONE ||
    // what is cut off may be what leads to an endpoint
    (!nat.block.committed && isLost);
  const remarks = [
    ...lostMatches(map),
    ...markDropRemarks(map, trace),
    ...(map.isDetached(port) ? [left] : []),
    ...(asked?.kind === "nodePort" ? nodePortRemarks(map, port, asked, excerpt) : []),
    ...(excerpt ? [] : policyRemarks(map, port, asked, traced)),
    ...nameRemarks(port),
    // how an endpoint is chosen says so already
    ...(trace?.assumed ?? [])
      .filter((sentence) => port.sessionAffinity !== "ClientIP" || !sentence.includes("lists of recent addresses"))
      .map((sentence) => `Assumed: ${sentence}.`),
  ];
  return { remarks, notShown: excerpt ? notShown(map, port) : filterNotShown(map), excerpt };
}

const left =
  "No rule leads to its chains: kube-proxy leaves those of a Service that is gone for a while (from 1.27 on until the next full sync), or somebody cut them off.";

/** Before 1.25 connections are dropped by a mark that the kubelet's rules act on. */
function* markDropRemarks({ ruleset }: ServiceMap, trace: Trace | null): Iterable<string> {
  const chain = ruleset.chain("nat", "KUBE-MARK-DROP");
  if (chain === NONE || ruleset.store.firstRule(chain) !== NONE) return;
  const jump = trace?.steps.find(({ rule }) => rule !== NONE && ruleset.target(rule) === chain);
  if (jump !== undefined)
    yield `Line ${jump.line} leads to KUBE-MARK-DROP, which the kubelet fills to have connections dropped: here it holds no rule, so they go on.`;
}

/** Which packets get to the rule of a node port at all, where that is not what kube-proxy writes. */
function* nodePortRemarks(map: ServiceMap, port: ServicePort, frontend: Frontend, excerpt: boolean): Iterable<string> {
  const { ruleset } = map;
  const chain = ruleset.chainOf(frontend.rule);
  const callers = [...ruleset.callers(chain)];
  const gates = map.nodePortGates;
  const byAddress = callers.filter((rule) => destinationOf(ruleset, rule) !== null);
  if (gates.length > 0 && gates.every(({ isKubeProxys, ip }) => isKubeProxys && ip !== null)) {
    yield `NodePorts answer on ${listed(gates.map(({ ip }) => ip ?? ""))} alone (${linesOf(ruleset, callers)}), not on other addresses of this node: kube-proxy runs with --nodeport-addresses.`;
  } else if (!gates.some(({ isKubeProxys }) => isKubeProxys) && byAddress.length > 0) {
    const places = byAddress
      .slice(0, 3)
      .map((rule) => `${destinationOf(ruleset, rule)} (line ${ruleset.store.line(rule)})`);
    yield `But here only packets to ${places.join(" or ")} reach ${displayText(ruleset.chainName(chain))}. kube-proxy's own jump asks for --dst-type LOCAL, so that connections to this node's address take it. Edited or illustrative rules?`;
    yield `A node port is matched on a cluster address here: with kube-proxy's own rules the cluster IP is matched with the Service's port, the node port with no address.`;
  } else if (callers.length === 0) {
    yield `No rule of this capture leads to ${displayText(ruleset.chainName(chain))}.`;
  }
  if (excerpt && !marksOnTheWay(map, port, frontend)) {
    yield "No rule on the node port's own path marks the connection for SNAT (KUBE-MARK-MASQ): with these rules alone an endpoint on another node sees the client's address, and its replies bypass this node.";
  }
}

/** `10.96.0.10:30080` where a rule asks for one address. */
function destinationOf(ruleset: Ruleset, rule: RuleId): string | null {
  const said = conditionsInWords(ruleset.rule(rule));
  const address = /destination is ([\d.]+|[0-9a-f:]+)(?:,|$)/.exec(said)?.[1];
  if (address === undefined) return null;
  const port = /destination port (\d+)/.exec(said)?.[1];
  return port === undefined ? address : `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** Whether a rule for the node port, or of the chain it leads to, jumps to KUBE-MARK-MASQ. */
function marksOnTheWay({ ruleset }: ServiceMap, port: ServicePort, frontend: Frontend): boolean {
  const mark = ruleset.chain("nat", "KUBE-MARK-MASQ");
  if (mark === NONE) return false;
  const own = new Set([...Object.values(port.chains), "KUBE-NODEPORTS"]);
  for (const rule of ruleset.callers(mark)) {
    const chain = ruleset.chainOf(rule);
    if (!own.has(ruleset.chainName(chain))) continue;
    const said = conditionsInWords(ruleset.rule(rule));
    if (chain !== ruleset.chainOf(frontend.rule) || said.includes(`port ${frontend.port}`)) return true;
  }
  return false;
}

export function* nameRemarks(port: ServicePort): Iterable<string> {
  const chains = Object.values(port.chains).filter((name) => name !== null);
  const [chain] = chains;
  switch (port.nameEvidence) {
    case "hash":
      if (chain !== undefined) {
        yield `Name checked: ${chain} ends in the hash of ${port.name ?? nameOf(port)} + ${port.protocol}.`;
      }
      return;
    case "comment":
      yield `The name is that of the rules' comments; nothing else here proves it.`;
      return;
    case "refuted":
      yield `The name is that of the rules' comments, but the hash in ${chain} is another's: edited rules, or comments of another Service.`;
      return;
    case "list":
      yield chain === undefined
        ? "The name comes from the list that was given, by address and port."
        : `The name comes from the list that was given; the hash in ${chain} proves it.`;
      return;
    default:
      if (chain === undefined) return;
      yield hashedChainName(chain)?.wellFormed === false
        ? `${chain} is no name that kube-proxy gives: those end in 16 letters and digits of a hash.`
        : "No comment names the Service; --names with what kubectl get services -A prints can: the hash in the chain's name tells.";
  }
}

/** Table filter decides what becomes of connections that nat has sent on. */
function filterNotShown({ missing }: ServiceMap): string[] {
  return missing.map(({ what }) => what).filter((what) => /\btable filter$/.test(what));
}

function notShown({ ruleset }: ServiceMap, port: ServicePort): string[] {
  const lacking = [];
  const nat = ruleset.table("nat");
  if (nat === undefined || nat.implied) lacking.push("table names (taken as nat)");
  else if (!nat.block.committed) lacking.push("the end of table nat");
  for (const name of ["KUBE-MARK-MASQ", "KUBE-POSTROUTING"]) {
    const chain = ruleset.chain("nat", name);
    if (chain === NONE || ruleset.store.firstRule(chain) === NONE) lacking.push(name);
  }
  const endpoints = port.endpoints.filter(({ address }) => address === null).length;
  if (endpoints > 0) lacking.push(endpoints === 1 ? "one endpoint chain" : `${endpoints} endpoint chains`);
  return lacking;
}
