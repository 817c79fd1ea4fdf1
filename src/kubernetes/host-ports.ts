import type { OptionNode, RuleNode } from "../../grammar/ast.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import { hostOf } from "./address-text.ts";
import { type Owner, ownerOfChain } from "./owners.ts";
import type { ClaimedRules } from "./read/claimed-rules.ts";

/** A port of the node that somebody else than kube-proxy forwards: host ports of pods, published ports of containers. */
export interface HostPort {
  /** Who wrote the chain of the rule; `null`: a built-in chain, or one that nobody known writes. */
  readonly owner: Owner | null;
  readonly protocol: string | null;
  /** As the rule has them: `8080`, `80,443`, `30000:30100`; "" is every port. */
  readonly ports: string;
  /** Address of the node that is asked for; `null`: any. */
  readonly ip: string | null;
  /** `172.17.0.2:80`; of a REDIRECT the port of the node, `:8080`. */
  readonly destination: string;
  readonly rule: RuleId;
  /** Rule that leads to the rule's chain and asks for the ports; `NONE` where it does so itself. */
  readonly jump: RuleId;
}

/** How many rules that lead to a chain are looked at for the ports that they ask for. */
const MOST_CALLERS = 64;

/** Ports of the node that DNAT and REDIRECT rules outside kube-proxy's chains take, in the order of the text. */
export function hostPortsOf(ruleset: Ruleset, rules: ClaimedRules): readonly HostPort[] {
  const nat = ruleset.table("nat");
  if (nat === undefined) return [];
  const { store } = ruleset;
  const found: HostPort[] = [];
  for (let chain = 0; chain < store.chainCount; chain++) {
    if (rules.isServiceChain(chain) || store.tableOf(chain) !== nat || rules.role(chain)?.includes(" KUBE-") === true)
      continue;
    readChain(ruleset, chain, found);
  }
  return found;
}

/** `true` where a packet to this port of the node may take the host port. */
export function isForPort(hostPort: HostPort, port: number, protocol: string | undefined): boolean {
  if (protocol !== undefined && hostPort.protocol !== null && hostPort.protocol !== protocol) return false;
  return hostPort.ports.split(",").some((range) => {
    const [from = "", to = from] = range.split(":");
    return from !== "" && Number(from) <= port && port <= Number(to);
  });
}

function readChain(ruleset: Ruleset, chain: ChainId, found: HostPort[]): void {
  const { store } = ruleset;
  const owner = ownerOfChain(ruleset.chainName(chain));
  let callers: readonly HostPort[] | undefined;
  for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
    const target = store.targetRecord(rule)?.name;
    if (target !== "DNAT" && target !== "REDIRECT") continue;
    const node = ruleset.rule(rule);
    const { protocol, ports, ip } = askedOf(node);
    const destination = destinationOf(node);
    if (ports !== "") {
      found.push({ protocol, ports, ip, owner, destination, rule, jump: NONE });
      continue;
    }
    callers ??= askedByCallers(ruleset, chain);
    for (const caller of callers)
      found.push({
        protocol: protocol ?? caller.protocol,
        ports: caller.ports,
        ip: ip ?? caller.ip,
        owner,
        destination,
        rule,
        jump: caller.rule,
      });
  }
}

/** The rules that lead to a chain, as far as they ask for ports. */
function askedByCallers(ruleset: Ruleset, chain: ChainId): readonly HostPort[] {
  const asked: HostPort[] = [];
  for (const rule of ruleset.callers(chain).subarray(0, MOST_CALLERS)) {
    const { protocol, ports, ip } = askedOf(ruleset.rule(rule));
    if (ports !== "") asked.push({ protocol, ports, ip, owner: null, destination: "", rule, jump: NONE });
  }
  return asked;
}

const DESTINATION = ["--destination"];
const PROTOCOL = ["--protocol", "--proto"];
const PORTS = ["--destination-port", "--dport", "--destination-ports", "--dports"];

/** First value of the first option that has one of the flags and is not negated. */
function firstValue({ options, matches }: RuleNode, flags: readonly string[]): string | null {
  const isAsked = ({ record, negated }: OptionNode): boolean =>
    record !== null && flags.includes(record.flag) && !negated;
  let found = options.find(isAsked);
  for (let k = 0; found === undefined && k < matches.length; k++) found = matches[k]?.options.find(isAsked);
  return found?.values[0]?.text ?? null;
}

/** The destination that a rule asks for, as far as it names one without a negation. */
export function askedOf(node: RuleNode): Pick<HostPort, "protocol" | "ports" | "ip"> {
  const ip = firstValue(node, DESTINATION);
  return {
    protocol: firstValue(node, PROTOCOL),
    ports: firstValue(node, PORTS) ?? "",
    ip: ip === null ? null : (hostOf(ip) ?? ip),
  };
}

function destinationOf({ target }: RuleNode): string {
  for (const { record, values } of target?.options ?? []) {
    if (record?.flag === "--to-destination") return values[0]?.text ?? "";
    if (record?.flag === "--to-ports") return `:${values[0]?.text ?? ""}`;
  }
  return "";
}
