import { bitsOfMatches } from "../../grammar/mentions.ts";
import { NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import { portNumber } from "./address-text.ts";
import type { Frontend } from "./service-map.ts";

/** What the members of one of kube-proxy's sets are (pkg/proxy/ipvs/ipset.go). */
interface SetMeaning {
  readonly kind: Frontend["kind"];
  /** Members of this set are Services whose traffic from outside stays on the node. */
  readonly local: boolean;
}

/** Sets of IPv6 are called `KUBE-6-…`. */
const plainName = (set: string): string => set.replace(/^KUBE-6-/, "KUBE-");

const meanings: ReadonlyMap<string, SetMeaning> = new Map<string, SetMeaning>([
  ["KUBE-CLUSTER-IP", { kind: "clusterIP", local: false }],
  ["KUBE-EXTERNAL-IP", { kind: "externalIP", local: false }],
  ["KUBE-EXTERNAL-IP-LOCAL", { kind: "externalIP", local: true }],
  ["KUBE-LOAD-BALANCER", { kind: "loadBalancerIP", local: false }],
  ["KUBE-LOAD-BALANCER-LOCAL", { kind: "loadBalancerIP", local: true }],
  ["KUBE-NODE-PORT-TCP", { kind: "nodePort", local: false }],
  ["KUBE-NODE-PORT-UDP", { kind: "nodePort", local: false }],
  ["KUBE-NODE-PORT-SCTP-HASH", { kind: "nodePort", local: false }],
  ["KUBE-NODE-PORT-LOCAL-TCP", { kind: "nodePort", local: true }],
  ["KUBE-NODE-PORT-LOCAL-UDP", { kind: "nodePort", local: true }],
  ["KUBE-NODE-PORT-LOCAL-SCTP-HASH", { kind: "nodePort", local: true }],
  ["KUBE-HEALTH-CHECK-NODE-PORT", { kind: "healthCheckNodePort", local: true }],
]);

/** A set of kube-proxy's that a rule looks into: in IPVS mode the rules name Services by sets alone. */
export interface UsedSet {
  readonly name: string;
  /** `null`: a set whose members are no ways to a Service (KUBE-LOOP-BACK, KUBE-LOAD-BALANCER-FW …). */
  readonly kind: Frontend["kind"] | null;
  readonly rule: RuleId;
}

/** A member of a set that is a way to a Service. */
export interface SetMember extends SetMeaning {
  readonly ip: string | null;
  readonly port: number;
  readonly protocol: string;
  readonly rule: RuleId;
}

/** Sets named KUBE-… that the rules look into, each once, in the order of the text. */
export function usedSets(ruleset: Ruleset): readonly UsedSet[] {
  const { store } = ruleset;
  const used = new Map<string, UsedSet>();
  const sets = bitsOfMatches("set");
  for (let chain = 0; chain < store.chainCount; chain++) {
    if (!ruleset.tables.includes(store.tableOf(chain))) continue;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      if ((store.mentions(rule) & sets) === 0) continue;
      for (const match of ruleset.rule(rule).matches)
        for (const { values } of match.name === "set" ? match.options : []) {
          const name = values[0]?.text ?? "";
          if (name.startsWith("KUBE-") && !used.has(name))
            used.set(name, { name, kind: meanings.get(plainName(name))?.kind ?? null, rule });
        }
    }
  }
  return [...used.values()];
}

/** Ways to Services that `ipset save` lists in sets that the rules use. `text` is a byte string; other lines are passed over. */
export function membersOf(text: string, used: readonly UsedSet[]): readonly SetMember[] {
  const rules = new Map(used.map(({ name, rule }) => [name, rule]));
  const members: SetMember[] = [];
  for (const line of text.split("\n")) {
    const [, set = "", entry = ""] = /^add (\S+) (\S+)/.exec(line) ?? [];
    const meaning = meanings.get(plainName(set));
    const rule = rules.get(set);
    if (meaning === undefined || rule === undefined) continue;
    const member = readEntry(entry, set);
    if (member === null) continue;
    const { kind, local } = meaning;
    members.push({
      kind,
      local,
      ip: kind === "nodePort" ? null : member.ip,
      port: member.port,
      protocol: member.protocol,
      rule,
    });
  }
  return members;
}

/** `10.96.0.1,tcp:443` of hash:ip,port; `30080` of bitmap:port. */
function readEntry(entry: string, set: string): Pick<SetMember, "ip" | "port" | "protocol"> | null {
  const comma = entry.indexOf(",");
  const [protocol = "", number = ""] =
    comma < 0 ? [set.endsWith("-UDP") ? "udp" : "tcp", entry] : entry.slice(comma + 1).split(":");
  const port = portNumber(number);
  return port === null || port === 0 ? null : { ip: comma < 0 ? null : entry.slice(0, comma), port, protocol };
}
