import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { chainPrefixes, type ServiceChainRole, servicePortHash } from "../chain-name.ts";
import type { SetMember } from "../ipvs.ts";
import type { NameList } from "../names/name-list.ts";
import type { Frontend } from "../service-map.ts";
import { type Role, roles } from "../templates/slot.ts";
import { claimOf, UNEXPECTED } from "../templates/slots.ts";
import { roleNumber } from "./chain-roles.ts";
import type { ClaimedRules } from "./claimed-rules.ts";
import { areDistinct, type DestinationSet, Destinations } from "./destinations.ts";
import { areAlike, ipOf, portOf, slotName } from "./frontends.ts";
import { destinationKey, type Namer, ServiceGroup } from "./service-group.ts";
import { SuffixIndex } from "./suffix-index.ts";

const serviceRoles: readonly ServiceChainRole[] = ["svc", "svl", "ext", "fw", "xlb"];

/** By number of the role. */
const prefixLengths: readonly number[] = roles.map((role) => chainPrefixes[role as ServiceChainRole]?.length ?? 0);
const WAYS = [roleNumber("nat KUBE-SERVICES"), roleNumber("nat KUBE-NODEPORTS")];
const MASQUERADE_CLUSTER_IP = claimOf("nat KUBE-SERVICES", "masquerade-cluster-ip");
const CLUSTER_IP = claimOf("nat KUBE-SERVICES", "cluster-ip");
const MASQUERADE_NODE_PORT = claimOf("nat KUBE-NODEPORTS", "masquerade");
const NODE_PORT = claimOf("nat KUBE-NODEPORTS", "to-policy");
const MASQUERADE_EXTERNAL_IP = claimOf("nat KUBE-SERVICES", "masquerade-external-ip");

/**
 * Ties chains and rules together by what they jump to and match. Names are asked only where nothing else says what belongs
 * together: rules of table filter that refuse packets, and health check ports.
 */
export class ServiceGroups {
  readonly groups: ServiceGroup[] = [];
  /** Group by chain, `NONE` for all chains but those of a Service port. */
  readonly ofChain: Int32Array;
  readonly #rules: ClaimedRules;
  readonly #namer: Namer;
  /** Numbers of suffixes are those of their groups. */
  readonly #suffixes: SuffixIndex;
  #byName: Map<string, ServiceGroup> | undefined;
  #byDestination: Destinations | undefined;
  #mayBeContested: boolean | undefined;
  /** Frontends that other rules than those that lead to a Service port have shown. */
  readonly #added: { readonly group: ServiceGroup; readonly frontend: Frontend }[] = [];
  readonly #marks: RuleId[] = [];
  #list: NameList | null = null;
  /** Some group has no name; `undefined`: nobody has looked. */
  #hasNameless: boolean | undefined;

  constructor(rules: ClaimedRules, namer: Namer) {
    this.#rules = rules;
    this.#namer = namer;
    const { store } = rules.ruleset;
    this.ofChain = new Int32Array(store.chainCount).fill(NONE);
    this.#suffixes = new SuffixIndex(store.bytes, rules.chainRoles.ofServicePorts.length);
    this.#groupChains();
    this.#joinByJumps();
    this.#readNat();
  }

  group(chain: ChainId): ServiceGroup | null {
    return chain === NONE ? null : (this.groups[this.ofChain[chain] as number] ?? null);
  }

  /** IPVS mode: one Service port for each address and port, joined by the name where a list has it. */
  addMembers(members: readonly SetMember[], list: NameList | null): void {
    for (const { kind, local, ip, port, protocol, rule } of members) {
      const name = list?.byPlace(ip, port, protocol)?.name ?? null;
      const owner = this.#ownerOf(destinationKey({ ip, port, protocol }), name, protocol);
      if (name !== null) owner.setName(owner.name, "list", owner.protocol);
      if (local) owner.isLocal = true;
      owner.addRule(rule);
      this.#addFrontend(owner, { kind, ip, port, protocol, fate: "ipvs", rule, chain: null });
    }
  }

  /** Another Service port claims the same destination. */
  isContested(frontend: Frontend): boolean {
    return !this.areDistinct && this.#destinations.at(destinationKey(frontend)).length > 1;
  }

  /** Whether no two Service ports can claim the same destination. False: perhaps two do. */
  get areDistinct(): boolean {
    this.#mayBeContested ??= !areDistinct(this.groups, this.#rules);
    return !this.#mayBeContested;
  }

  /** Finds that out with the help of who knows the destinations of some groups. */
  addDestinations(set: DestinationSet, isIn: (group: ServiceGroup) => boolean): void {
    for (const group of this.groups) {
      if (isIn(group)) continue;
      for (const frontend of group.frontends) set.add(frontend);
    }
    this.#mayBeContested = !set.areDistinct;
  }

  /** Second half, once names are known: marks for a destination, and what table filter refuses or accepts. */
  readRest(list: NameList | null): void {
    this.#list = list;
    for (const rule of this.#marks) this.#mark(rule);
    for (const role of ["filter KUBE-SERVICES", "filter KUBE-EXTERNAL-SERVICES", "filter KUBE-PROXY-FIREWALL"] as const)
      this.#each(role, (rule) => {
        const slot = slotName(this.#rules, rule);
        if (slot !== "") this.#refusal(rule, slot);
      });
    this.#each("filter KUBE-NODEPORTS", (rule) => {
      if (this.#rules.claim(rule) > UNEXPECTED) this.#healthCheck(rule);
    });
  }

  /**
   * Names of groups that no hash proves, with the protocol: the first group of each. Those that one proves are found by the hash.
   */
  get #unproven(): Map<string, ServiceGroup> {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const group of this.groups) {
        if (group.nameEvidence === "hash" || group.name === null) continue;
        const key = `${group.name} ${group.protocol}`;
        if (!this.#byName.has(key)) this.#byName.set(key, group);
      }
    }
    return this.#byName;
  }

  #groupChains(): void {
    const { store } = this.#rules.ruleset;
    const { ofServicePorts } = this.#rules.chainRoles;
    for (let i = 0; i < ofServicePorts.length; i++) {
      const chain = ofServicePorts[i] as ChainId;
      const number = this.#rules.roles[chain] as number;
      const role = roles[number] as ServiceChainRole;
      const start = store.nameStart(chain) + (prefixLengths[number] as number);
      const end = store.nameEnd(chain);
      const index = this.#suffixes.intern(start, end);
      const group = this.groups[index] ?? this.#add(start, end);
      group.chains[role] = chain;
      this.ofChain[chain] = index;
    }
  }

  /** In articles the chains of one Service may carry different names: a chain without endpoints belongs to where it leads. */
  #joinByJumps(): void {
    const { store } = this.#rules.ruleset;
    for (const group of [...this.groups]) {
      const { svc, svl, xlb, ext, fw } = group.chains;
      if (svc !== NONE || svl !== NONE || xlb !== NONE || group.hashed) continue;
      const entry = ext !== NONE ? ext : fw;
      for (let rule = store.firstRule(entry); rule !== NONE; rule = store.nextRule(rule)) {
        const next = this.group(store.targetChain(rule));
        if (next === null || next === group) continue;
        for (const role of serviceRoles) {
          const chain = group.chains[role];
          if (chain === NONE || next.chains[role] !== NONE) continue;
          next.chains[role] = chain;
          this.ofChain[chain] = next.index;
          group.chains[role] = NONE;
        }
        break;
      }
    }
  }

  /** What leads to a group is its own, whatever else it asks for; which slot it fills is found out when the group is asked. */
  #readNat(): void {
    const { store } = this.#rules.ruleset;
    for (const chain of this.#wayChains())
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
        const group = this.group(store.targetChain(rule));
        if (group !== null) group.addWay(rule);
        else if (slotName(this.#rules, rule).includes("masquerade")) this.#marks.push(rule);
      }
  }

  /** The chains by which packets get to Services in table nat. */
  #wayChains(): readonly ChainId[] {
    const { shared } = this.#rules.chainRoles;
    return WAYS.flatMap((role) => shared.filter((chain) => this.#rules.roles[chain] === role));
  }

  /** The rules of those chains, each with the group that it leads to. */
  #eachWay(visit: (rule: RuleId, group: ServiceGroup | null) => void): void {
    const { store } = this.#rules.ruleset;
    for (const chain of this.#wayChains())
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule))
        visit(rule, this.group(store.targetChain(rule)));
  }

  #each(role: Role, visit: (rule: RuleId) => void): void {
    const { store } = this.#rules.ruleset;
    const number = roleNumber(role);
    for (const chain of this.#rules.chainRoles.shared) {
      if (this.#rules.roles[chain] !== number) continue;
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) visit(rule);
    }
  }

  /** A mark for a destination belongs to whose destination it is; nearly always the next rule tells, which leads there. */
  #mark(rule: RuleId): void {
    const next = this.#rules.ruleset.store.nextRule(rule);
    const follower = next === NONE ? null : this.group(this.#rules.ruleset.store.targetChain(next));
    if (follower !== null && this.#isMarkOf(rule, next)) {
      follower.addMark(rule);
      return;
    }
    const port = portOf(this.#rules, rule);
    const protocol = this.#rules.value(rule, "protocol");
    const isNodePort = this.#rules.role(this.#rules.ruleset.chainOf(rule)) === "nat KUBE-NODEPORTS";
    const destination = { ip: isNodePort ? null : ipOf(this.#rules, rule), port, protocol };
    const owners = this.#destinations.at(destinationKey(destination));
    const name = this.#rules.name(rule);
    const owner = owners.find((group) => group.name !== null && group.name === name) ?? owners[0];
    if (owner === undefined) return;
    owner.addRule(rule);
    const place = owner.placeOf(destination);
    const isExternal = owner.frontends[place]?.kind === "externalIP";
    // The two look alike where every packet to a cluster IP is marked, and only comments tell them apart on the line itself.
    if (isExternal && this.#rules.claim(rule) === MASQUERADE_CLUSTER_IP)
      this.#rules.reclaim(rule, MASQUERADE_EXTERNAL_IP);
  }

  #isMarkOf(rule: RuleId, way: RuleId): boolean {
    const claim = this.#rules.claim(rule);
    const expected = claim === MASQUERADE_CLUSTER_IP ? CLUSTER_IP : claim === MASQUERADE_NODE_PORT ? NODE_PORT : NONE;
    return this.#rules.claim(way) === expected && areAlike(this.#rules, rule, way);
  }

  #refusal(rule: RuleId, slot: string): void {
    const isNodePort = slot.includes("node-port");
    const ip = isNodePort ? null : ipOf(this.#rules, rule);
    const port = portOf(this.#rules, rule);
    const protocol = this.#rules.value(rule, "protocol");
    const listed = port === null || protocol === null ? null : (this.#list?.byPlace(ip, port, protocol) ?? null);
    const name = this.#rules.name(rule) ?? listed?.name ?? null;
    const group = this.#ownerOf(destinationKey({ ip, port, protocol }), name, protocol);
    if (
      listed !== null &&
      group.name === listed.name &&
      group.nameEvidence === "comment" &&
      this.#rules.name(rule) === null
    )
      group.setName(group.name, "list", group.protocol);
    group.addRule(rule);
    if (slot === "outside-ranges") return;
    const role = this.#rules.role(this.#rules.ruleset.chainOf(rule));
    const kind = isNodePort ? "nodePort" : role === "filter KUBE-SERVICES" ? "clusterIP" : "external";
    const fate = slot.startsWith("no-local") ? "dropped" : "rejected";
    const known = group.placeOf({ ip, port, protocol });
    if (known < 0) {
      this.#addFrontend(group, { kind, ip, port, protocol, fate, rule, chain: null });
      return;
    }
    // Table nat knows the same destination; what becomes of the packet is decided here.
    group.replace(known, { ...(group.frontends[known] as Frontend), fate });
  }

  #healthCheck(rule: RuleId): void {
    const name = this.#rules.name(rule);
    const port = portOf(this.#rules, rule);
    const group = name === null ? null : this.#namedAnyProtocol(name);
    if (group === null) return;
    group.addRule(rule);
    group.add({
      kind: "healthCheckNodePort",
      ip: null,
      port,
      protocol: "tcp",
      fate: "accepted",
      rule,
      chain: null,
    });
  }

  /** By name where the rule has one, else by destination, else a Service port of its own. */
  #ownerOf(destination: string, name: string | null, protocol: string | null): ServiceGroup {
    const named = name === null ? null : this.#named(name, protocol);
    if (named !== null) return named;
    const suffix = name === null || protocol === null ? NONE : this.#suffixes.find(servicePortHash(name, protocol));
    const hashed = this.groups[suffix];
    if (hashed !== undefined) {
      hashed.setName(name, "hash", protocol);
      return hashed;
    }
    // nearly always every group has a name, and none is to be found by its destination
    this.#hasNameless ??= this.groups.some(({ nameEvidence }) => nameEvidence === null);
    const there = name === null || this.#hasNameless ? this.#destinations.at(destination) : [];
    const owner = name === null ? there[0] : there.find((group) => group.name === null);
    if (owner !== undefined) return owner;
    const group = this.#add(NONE, NONE);
    group.setName(name, name === null ? null : "comment", protocol);
    if (name === null) this.#hasNameless = true;
    else this.#unproven.set(`${name} ${protocol}`, group);
    return group;
  }

  /** The first group of that name and protocol. */
  #named(name: string, protocol: string | null): ServiceGroup | null {
    const unproven = this.#unproven.get(`${name} ${protocol}`) ?? null;
    const proven = protocol === null ? undefined : this.groups[this.#suffixes.find(servicePortHash(name, protocol))];
    const isProven = proven?.nameEvidence === "hash" && proven.name === name && proven.protocol === protocol;
    if (!isProven) return unproven;
    return unproven !== null && unproven.index < proven.index ? unproven : proven;
  }

  #namedAnyProtocol(name: string): ServiceGroup | null {
    for (const protocol of ["tcp", "udp", "sctp"]) {
      const group = this.#named(name, protocol);
      if (group !== null) return group;
    }
    return null;
  }

  #addFrontend(group: ServiceGroup, frontend: Frontend): void {
    if (group.placeOf(frontend) >= 0) return;
    group.add(frontend);
    this.#mayBeContested = undefined;
    this.#added.push({ group, frontend });
    this.#byDestination?.add(group, frontend);
  }

  /** Made when somebody asks: nearly always names and jumps show what belongs together. */
  get #destinations(): Destinations {
    if (this.#byDestination === undefined) {
      const made = new Destinations();
      const next = new Int32Array(this.groups.length);
      this.#eachWay((rule, group) => {
        const frontend = group?.frontends[next[group.index] as number];
        if (group === null || frontend?.rule !== rule) return;
        next[group.index] = (next[group.index] as number) + 1;
        made.add(group, frontend);
      });
      for (const { group, frontend } of this.#added) made.add(group, frontend);
      this.#byDestination = made;
    }
    return this.#byDestination;
  }

  #add(suffixStart: number, suffixEnd: number): ServiceGroup {
    const group = new ServiceGroup(this.groups.length, this.#rules, suffixStart, suffixEnd, this.#namer);
    this.groups.push(group);
    return group;
  }
}
