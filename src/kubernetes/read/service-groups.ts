import { byteString } from "../../../grammar/bytes.ts";
import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { hostOf, portNumber } from "../address-text.ts";
import { chainPrefixes, isHashAt, type ServiceChainRole, servicePortHash } from "../chain-name.ts";
import type { SetMember } from "../ipvs.ts";
import type { NameList } from "../names/name-list.ts";
import type { Frontend } from "../service-map.ts";
import { lostFrom } from "../templates/lost-slots.ts";
import type { Role } from "../templates/slot.ts";
import { claimOf, slotOf, UNEXPECTED } from "../templates/slots.ts";
import { type ClaimedRules, roleNumber } from "./claimed-rules.ts";
import { destinationKey, ServiceGroup } from "./service-group.ts";

const serviceRoles: readonly ServiceChainRole[] = ["svc", "svl", "ext", "fw", "xlb"];

const MASQUERADE_CLUSTER_IP = claimOf("nat KUBE-SERVICES", "masquerade-cluster-ip");
const MASQUERADE_EXTERNAL_IP = claimOf("nat KUBE-SERVICES", "masquerade-external-ip");

/** Of those who claim one destination only the first few are looked at again. */
const MOST_CLAIMANTS = 16;

/**
 * Ties chains and rules together by what they jump to and match. Names are asked only where nothing else says what belongs
 * together: rules of table filter that refuse packets, and health check ports.
 */
export class ServiceGroups {
  readonly groups: ServiceGroup[] = [];
  /** Group by chain, `NONE` for all chains but those of a Service port. */
  readonly ofChain: Int32Array;
  readonly #rules: ClaimedRules;
  readonly #bySuffix = new Map<string, ServiceGroup>();
  readonly #byDestination = new Map<string, ServiceGroup[]>();
  #named: Map<string, ServiceGroup> | undefined;
  readonly #marks: RuleId[] = [];
  #list: NameList | null = null;
  /** Two Service ports claim one destination. */
  #hasContested = false;

  constructor(rules: ClaimedRules) {
    this.#rules = rules;
    this.ofChain = new Int32Array(rules.ruleset.store.chainCount).fill(NONE);
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
      if (name !== null) owner.nameEvidence = "list";
      if (local) owner.isLocal = true;
      owner.rules.push(rule);
      this.#addFrontend(owner, { kind, ip, port, protocol, fate: "ipvs", rule, chain: null });
    }
  }

  isContested(frontend: Frontend): boolean {
    return this.#hasContested && (this.#byDestination.get(destinationKey(frontend)) ?? []).length > 1;
  }

  /** Second half, once names are known: marks for a destination, and what table filter refuses or accepts. */
  readRest(list: NameList | null): void {
    this.#list = list;
    for (const rule of this.#marks) this.#mark(rule);
    for (const role of ["filter KUBE-SERVICES", "filter KUBE-EXTERNAL-SERVICES", "filter KUBE-PROXY-FIREWALL"] as const)
      this.#each(role, (rule, slot) => this.#refusal(rule, slot));
    this.#each("filter KUBE-NODEPORTS", (rule) => this.#healthCheck(rule));
  }

  /** Groups by name and protocol; nearly every rule shows its group without. */
  get #byName(): Map<string, ServiceGroup> {
    if (this.#named === undefined) {
      this.#named = new Map();
      for (const group of this.groups) {
        const key = `${group.name} ${group.protocol}`;
        if (group.name !== null && !this.#named.has(key)) this.#named.set(key, group);
      }
    }
    return this.#named;
  }

  #groupChains(): void {
    const { store } = this.#rules.ruleset;
    const { serviceChains } = this.#rules;
    for (let i = 0; i < serviceChains.length; i++) {
      const chain = serviceChains[i] as ChainId;
      const role = this.#rules.role(chain);
      if (role === null || role === "sep") continue;
      const start = store.nameStart(chain) + chainPrefixes[role as ServiceChainRole].length;
      const end = store.nameEnd(chain);
      const suffix = byteString(store.bytes, start, end);
      let group = this.#bySuffix.get(suffix);
      if (group === undefined) {
        group = this.#add(suffix, isHashAt(store.bytes, start, end));
        this.#bySuffix.set(suffix, group);
      }
      group.chains[role as ServiceChainRole] = chain;
      this.ofChain[chain] = group.index;
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

  #readNat(): void {
    for (const role of ["nat KUBE-SERVICES", "nat KUBE-NODEPORTS"] as const)
      this.#each(role, (rule, slot) => {
        const target = this.#rules.ruleset.target(rule);
        const group = this.group(target);
        if (group !== null) this.#frontend(group, rule, slot, target);
        else if (slot.includes("masquerade")) this.#marks.push(rule);
      });
  }

  #each(role: Role, visit: (rule: RuleId, slot: string) => void): void {
    const { store } = this.#rules.ruleset;
    const number = roleNumber(role);
    for (const chain of this.#rules.sharedChains) {
      if (this.#rules.roles[chain] !== number) continue;
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
        const claim = this.#rules.claim(rule);
        const name = slotOf(claim)?.name ?? "";
        if (claim > UNEXPECTED) visit(rule, lostFrom(name) ?? name);
      }
    }
  }

  #frontend(group: ServiceGroup, rule: RuleId, slot: string, chain: ChainId): void {
    group.rules.push(rule);
    // Counts packets to 127.0.0.0/8 and goes where the next rule goes.
    if (slot === "counted-loopback") return;
    const kind = this.#kind(rule, slot, group, chain);
    const known = kind === "nodePort" ? null : this.#ip(rule);
    const frontend: Frontend = {
      kind,
      ip: known,
      port: this.#port(rule),
      protocol: this.#rules.value(rule, "protocol"),
      fate: "forwarded",
      rule,
      chain,
    };
    // Before 1.22 an external IP has two rules.
    this.#addFrontend(group, frontend);
  }

  #kind(rule: RuleId, slot: string, group: ServiceGroup, chain: ChainId): Frontend["kind"] {
    if (slot === "cluster-ip") return "clusterIP";
    if (slot.includes("node-port") || slot === "to-policy") return "nodePort";
    if (slot.includes("cluster-ip")) return "clusterIP";
    if (chain === group.chains.fw) return "loadBalancerIP";
    // Only load balancer IPs go to a KUBE-FW chain, and all of them do; only external IPs are asked for twice.
    if (group.chains.fw !== NONE || slot.startsWith("external-ip-")) return "externalIP";
    if (this.#rules.name(rule) === null) return "external";
    return slot.includes("load-balancer") ? "loadBalancerIP" : "externalIP";
  }

  /** A mark for a destination belongs to whose destination it is. */
  #mark(rule: RuleId): void {
    const port = this.#port(rule);
    const protocol = this.#rules.value(rule, "protocol");
    const isNodePort = this.#rules.role(this.#rules.ruleset.chainOf(rule)) === "nat KUBE-NODEPORTS";
    const destination = { ip: isNodePort ? null : this.#ip(rule), port, protocol };
    const owners = this.#byDestination.get(destinationKey(destination));
    const name = this.#rules.name(rule);
    const owner = owners?.find((group) => group.name !== null && group.name === name) ?? owners?.[0];
    if (owner === undefined) return;
    owner.rules.push(rule);
    const place = owner.placeOf(destination);
    const isExternal = owner.frontends[place]?.kind === "externalIP";
    // The two look alike where every packet to a cluster IP is marked, and only comments tell them apart on the line itself.
    if (isExternal && this.#rules.claim(rule) === MASQUERADE_CLUSTER_IP)
      this.#rules.reclaim(rule, MASQUERADE_EXTERNAL_IP);
  }

  #refusal(rule: RuleId, slot: string): void {
    const isNodePort = slot.includes("node-port");
    const ip = isNodePort ? null : this.#ip(rule);
    const port = this.#port(rule);
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
      group.nameEvidence = "list";
    group.rules.push(rule);
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
    group.frontends[known] = { ...(group.frontends[known] as Frontend), fate };
  }

  #healthCheck(rule: RuleId): void {
    const name = this.#rules.name(rule);
    const port = this.#port(rule);
    const group = name === null ? null : this.#namedAnyProtocol(name);
    if (group === null) return;
    group.rules.push(rule);
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
    const key = name === null ? null : `${name} ${protocol}`;
    const named = key === null ? undefined : this.#byName.get(key);
    if (named !== undefined) return named;
    const hashed = name === null || protocol === null ? undefined : this.#bySuffix.get(servicePortHash(name, protocol));
    if (hashed !== undefined && key !== null) {
      hashed.name = name;
      hashed.nameEvidence = "hash";
      hashed.protocol = protocol;
      this.#byName.set(key, hashed);
      return hashed;
    }
    const there = this.#byDestination.get(destination);
    const owner = key === null ? there?.[0] : there?.find((group) => group.name === null);
    if (owner !== undefined) return owner;
    const group = this.#add(null, false);
    group.protocol = protocol;
    if (name !== null && key !== null) {
      group.name = name;
      group.nameEvidence = "comment";
      this.#byName.set(key, group);
    }
    return group;
  }

  #namedAnyProtocol(name: string): ServiceGroup | null {
    for (const protocol of ["tcp", "udp", "sctp"]) {
      const group = this.#byName.get(`${name} ${protocol}`);
      if (group !== undefined) return group;
    }
    return null;
  }

  #addFrontend(group: ServiceGroup, frontend: Frontend): void {
    if (group.placeOf(frontend) >= 0) return;
    group.add(frontend);
    const key = destinationKey(frontend);
    const owners = this.#byDestination.get(key);
    if (owners === undefined) this.#byDestination.set(key, [group]);
    else {
      this.#hasContested = true;
      if (owners.length < MOST_CLAIMANTS) owners.push(group);
    }
  }

  #ip(rule: RuleId): string | null {
    const text = this.#rules.value(rule, "address") ?? this.#rules.value(rule, "clusterIP");
    return text === null ? null : hostOf(text);
  }

  #port(rule: RuleId): number | null {
    return portNumber(
      this.#rules.value(rule, "port") ??
        this.#rules.value(rule, "nodePort") ??
        this.#rules.value(rule, "healthCheckNodePort"),
    );
  }

  #add(suffix: string | null, hashed: boolean): ServiceGroup {
    const group = new ServiceGroup(this.groups.length, suffix, hashed);
    this.groups.push(group);
    return group;
  }
}
