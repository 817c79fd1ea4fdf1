import type { Family } from "../../grammar/vocabulary/record.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import { hostOf, hostPrefix, joinAddress, portNumber, splitAddress } from "./address-text.ts";
import { type Balance, balanceOf, shares, threshold } from "./balance.ts";
import { endpointHash, hashedChainName, parseServicePortName, type ServiceChainRole } from "./chain-name.ts";
import type { MapSource } from "./read/map-source.ts";
import { plainName } from "./read/names.ts";
import type { ServiceGroup } from "./read/service-group.ts";
import type {
  Endpoint,
  EndpointComment,
  Frontend,
  NameEvidence,
  ServiceChains,
  ServicePortFacts,
  TrafficPolicy,
} from "./service-map.ts";
import { type Claim, claimOf, slotOf, UNEXPECTED } from "./templates/slots.ts";
import type { WritableServicePort } from "./write-rules.ts";

/** Endpoints of one Service mostly share a port: more than the first few give no new candidate. */
const MOST_SIBLINGS = 64;

/** A jump from a chain of a Service port to a chain of an endpoint. */
export interface EndpointJump {
  readonly rule: RuleId;
  readonly chain: ChainId;
  /** Part of 2^31 that the rule takes of what reaches it. */
  readonly threshold: number;
}

/**
 * One port of one Service in one IP family. It keeps chains and rule numbers; every fact is read from the rules when it is asked
 * for, so that whoever needs one more than once keeps it.
 */
export class ServicePort implements ServicePortFacts {
  readonly #source: MapSource;
  readonly #group: ServiceGroup;

  constructor(source: MapSource, group: ServiceGroup) {
    this.#source = source;
    this.#group = group;
  }

  /** Its number in the map's list. */
  get index(): number {
    return this.#group.index;
  }
  get id(): string | null {
    return this.#group.name === null ? null : plainName(this.#group.name);
  }
  /** The name as the comments spell it, with the colon that old releases put behind an unnamed port. */
  get name(): string | null {
    return this.#group.name;
  }
  get nameEvidence(): NameEvidence {
    return this.#group.nameEvidence;
  }
  get namespace(): string | null {
    return this.#parsedName?.namespace ?? null;
  }
  get service(): string | null {
    return this.#parsedName?.service ?? null;
  }
  get portName(): string | null {
    return this.#parsedName?.portName ?? null;
  }
  get protocol(): string | null {
    return this.#group.protocol;
  }
  /** What all its chains' names end in; `null` when it has no chain. */
  get chainHash(): string | null {
    return this.#group.suffix;
  }

  get family(): Family | null {
    const { family } = this.#source.ruleset;
    if (family !== null) return family;
    const ip =
      this.frontends.find((frontend) => frontend.ip !== null)?.ip ?? this.endpoints.find(({ ip }) => ip !== null)?.ip;
    return ip === undefined || ip === null ? null : ip.includes(":") ? 6 : 4;
  }

  get frontends(): readonly Frontend[] {
    return this.#group.frontends;
  }

  /** The frontend of its cluster IP; `null` when none is shown, or which of several is its own is not. */
  get clusterFrontend(): Frontend | null {
    const found = this.frontends.filter(({ kind }) => kind === "clusterIP");
    return this.#best(found);
  }
  get clusterIP(): string | null {
    return this.clusterFrontend?.ip ?? hostOfNullable(this.#markedDestination("clusterIP"));
  }
  get port(): number | null {
    const frontend = this.clusterFrontend ?? this.frontends.find(({ ip }) => ip !== null);
    return frontend === undefined ? portNumber(this.#markedDestination("port")) : frontend.port;
  }
  get nodePort(): number | null {
    const found = this.#best(this.frontends.filter(({ kind }) => kind === "nodePort"));
    return found === null ? (this.#outsideShown() ? this.#absent(0) : null) : found.port;
  }
  get externalIPs(): readonly string[] | null {
    return this.#addresses("externalIP");
  }
  get loadBalancerIPs(): readonly string[] | null {
    return this.#addresses("loadBalancerIP");
  }

  get loadBalancerSourceRanges(): readonly string[] | null {
    const { fw } = this.#group.chains;
    if (fw === NONE)
      return this.hasEndpoints === true ? this.#absent([]) : this.#hasOutside() ? null : this.#absent([]);
    return this.firewallRanges.ranges;
  }

  /** Ranges of the KUBE-FW chain, and whether the load balancer's own addresses follow them: the node's address is in a range. */
  get firewallRanges(): { readonly ranges: readonly string[]; readonly nodeInRange: boolean } {
    const listed = new Set<string>();
    for (const rule of this.#rulesOf("fw", "range")) listed.add(this.#source.rules.value(rule, "range") ?? "");
    const own = new Set(
      this.frontends.filter(({ kind }) => kind === "loadBalancerIP").map(({ ip }) => hostPrefix(ip ?? "")),
    );
    const ranges = [...listed];
    // Written behind all ranges, and only when one of those holds the node's address.
    let end = ranges.length;
    while (end > 1 && own.has(ranges[end - 1] as string)) end--;
    return { ranges: ranges.slice(0, end), nodeInRange: end < ranges.length };
  }

  get externalTrafficPolicy(): TrafficPolicy | "" | null {
    const { ext, xlb } = this.#group.chains;
    if (ext !== NONE) return this.#policyOfExternalChain(ext);
    if (xlb !== NONE) return "Local";
    const outside = this.frontends.filter(({ kind }) => kind !== "clusterIP");
    if (outside.some(({ fate, kind }) => fate === "dropped" || kind === "healthCheckNodePort")) return "Local";
    if (outside.some(({ fate }) => fate === "forwarded")) return "Cluster";
    return outside.length > 0 ? null : this.#outsideShown() ? this.#absent("") : null;
  }

  get internalTrafficPolicy(): TrafficPolicy | null {
    const frontend = this.clusterFrontend;
    if (frontend?.fate === "dropped") return "Local";
    if (frontend === null || frontend.chain === null || frontend.fate !== "forwarded") return null;
    if (frontend.chain === this.#group.chains.svl) return "Local";
    const { era } = this.#source.parameters;
    // From 1.21 to 1.23 the policy leaves no trace; before, there was none.
    return era === null || era === "1.22" ? null : "Cluster";
  }

  get sessionAffinity(): "None" | "ClientIP" | null {
    if (this.#affinityRule() !== NONE || this.#recordsClients()) return "ClientIP";
    return this.endpointChains().length > 0 ? this.#absent("None") : null;
  }
  get sessionAffinityTimeoutSeconds(): number | null {
    const rule = this.#affinityRule();
    if (rule !== NONE) return Number(this.#source.rules.value(rule, "seconds"));
    return this.sessionAffinity === "None" ? 0 : null;
  }

  get healthCheckNodePort(): number | null {
    const found = this.frontends.find(({ kind }) => kind === "healthCheckNodePort");
    if (found !== undefined) return found.port;
    const policy = this.externalTrafficPolicy;
    if (policy === "Cluster" || policy === "") return this.#absent(0);
    return this.#source.healthChecksShown && this.name !== null ? 0 : null;
  }

  get hasEndpoints(): boolean | null {
    const { svc, svl, ext, fw } = this.#group.chains;
    if ([svc, svl, ext, fw].some((chain) => chain !== NONE)) return true;
    const fates = new Set(this.frontends.map(({ fate }) => fate));
    if (fates.has("dropped") || fates.has("forwarded")) return true;
    return fates.has("rejected") ? false : null;
  }

  get clusterEndpoints(): readonly string[] | null {
    return this.#addressesBehind(this.#group.chains.svc);
  }
  get localEndpoints(): readonly string[] | null {
    return this.#addressesBehind(this.#group.localChain);
  }

  /** All endpoints that rules lead to, in the order of the rules; made anew at each call. */
  get endpoints(): readonly Endpoint[] {
    const { svc } = this.#group.chains;
    const cluster = this.#shares(svc);
    const local = this.#shares(this.#group.localChain);
    return this.endpointChains().map((chain) => {
      const address = this.#source.endpoints.address(chain);
      const parts = address === null ? null : splitAddress(address);
      const share = svc === NONE ? local : cluster;
      return {
        address,
        ip: parts?.ip ?? null,
        port: parts?.port ?? null,
        chain: this.#source.ruleset.chainName(chain),
        share: share.by.get(chain) ?? 0,
        ideal: share.by.has(chain) ? share.ideal : null,
        localShare: local.by.get(chain) ?? null,
      };
    });
  }

  get chains(): ServiceChains {
    const { svc, svl, ext, fw, xlb } = this.#group.chains;
    return {
      svc: this.#name(svc),
      svl: this.#name(svl),
      ext: this.#name(ext),
      fw: this.#name(fw),
      xlb: this.#name(xlb),
    };
  }

  /** Rules that show it: those for it in the chains that all share, then those of its own chains but not of its endpoints'. */
  get evidence(): readonly RuleId[] {
    const { store } = this.#source.ruleset;
    const rules = [...new Set([...this.#group.rules, ...this.frontends.map(({ rule }) => rule)])];
    for (const chain of Object.values(this.#group.chains)) {
      if (chain === NONE) continue;
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) rules.push(rule);
    }
    return rules;
  }

  /** Its chain in a role, `NONE` when it has none. */
  chain(role: ServiceChainRole): ChainId {
    return this.#group.chains[role];
  }

  /** Rules for it in the chains that all Service ports share. */
  get sharedRules(): readonly RuleId[] {
    return this.#group.rules;
  }

  /** Chains of endpoints that its own chains lead to, each once; those that only an affinity rule leads to at the end. */
  endpointChains(): readonly ChainId[] {
    const chains = new Set<ChainId>();
    for (const slot of ["endpoint", "affinity"])
      for (const chain of [this.#group.chains.svc, this.#group.localChain])
        for (const rule of this.#claimed(chain, slot)) chains.add(this.#source.ruleset.target(rule));
    return [...chains];
  }

  /** What divides new connections over endpoints, in the order of the rules; affinity aside. */
  jumps(chain: ChainId): readonly EndpointJump[] {
    const { rules, endpoints, ruleset } = this.#source;
    const jumps: EndpointJump[] = [];
    if (chain === NONE) return jumps;
    const claim = claimOf(rules.role(chain) ?? "svc", "endpoint");
    const { store } = ruleset;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      const target = store.targetChain(rule);
      if (rules.claims[rule] === claim && endpoints.isEndpointChain(target))
        jumps.push({ rule, chain: target, threshold: threshold(rules.value(rule, "probability")) });
    }
    return jumps;
  }

  /** Whether the hash in the chain's name is that of this Service port with this address; `null` when there is none to compare. */
  isProven(chain: ChainId, address: string): boolean | null {
    if (this.name === null || this.protocol === null) return null;
    const hash = hashedChainName(this.#source.ruleset.chainName(chain));
    return hash?.wellFormed === true ? endpointHash(this.name, this.protocol, address) === hash.suffix : null;
  }

  /**
   * The address that kube-proxy gave an endpoint's chain: what its DNAT rule says; where that is missing or illegible, the candidate
   * (from comments, its other rule, its siblings' ports, and `others`) that gives the chain's hash. `null` when none does.
   */
  meantAddress(chain: ChainId, others: Iterable<string> = []): string | null {
    const address = this.#source.endpoints.address(chain);
    if (address !== null) return address;
    for (const candidates of [this.#candidates(chain), others])
      for (const candidate of candidates) if (this.isProven(chain, candidate) === true) return candidate;
    return null;
  }

  /** Whether a chain shares evenly, as kube-proxy writes it; `null` for a chain without endpoints. */
  balance(chain: ChainId): Balance | null {
    const jumps = this.jumps(chain);
    if (jumps.length === 0) return null;
    const distinct = new Set(jumps.map((jump) => jump.chain));
    return distinct.size === jumps.length ? balanceOf(jumps.map((jump) => jump.threshold)) : "uneven";
  }

  /** Form of the comments on the way to its endpoints; `null` when it has none. */
  get endpointComments(): EndpointComment | null {
    const [jump] = this.jumps(this.#group.chains.svc !== NONE ? this.#group.chains.svc : this.#group.chains.svl);
    if (jump === undefined) return null;
    const comment = this.#source.rules.comment(jump.rule);
    return comment === null ? "none" : comment.includes(" -> ") ? "arrow" : "name";
  }

  /** Addresses of which the rules do not show whether they are external IPs or load balancer IPs. */
  get refusedIPs(): readonly string[] {
    return this.frontends.filter(({ kind }) => kind === "external").map(({ ip }) => ip ?? "");
  }
  /** The node's address lies in a source range of the load balancer. */
  get nodeInRange(): boolean {
    return this.firewallRanges.nodeInRange;
  }

  /** The facts with what the writer needs beside them. */
  writable(): WritableServicePort {
    const { name, endpointComments, nodeInRange, refusedIPs } = this;
    const cluster = this.#meant(this.#group.chains.svc);
    const local = this.#meant(this.#group.localChain);
    return { ...this.facts(), name, endpointComments, nodeInRange, refusedIPs, cluster, local };
  }

  /** The facts as plain data. */
  facts(): ServicePortFacts {
    const {
      id,
      namespace,
      service,
      portName,
      protocol,
      family,
      clusterIP,
      port,
      nodePort,
      externalIPs,
      loadBalancerIPs,
    } = this;
    const { loadBalancerSourceRanges, externalTrafficPolicy, internalTrafficPolicy, sessionAffinity } = this;
    const { sessionAffinityTimeoutSeconds, healthCheckNodePort, hasEndpoints, endpoints, clusterEndpoints } = this;
    return {
      ...{
        id,
        namespace,
        service,
        portName,
        protocol,
        family,
        clusterIP,
        port,
        nodePort,
        externalIPs,
        loadBalancerIPs,
      },
      ...{ loadBalancerSourceRanges, externalTrafficPolicy, internalTrafficPolicy, sessionAffinity },
      ...{ sessionAffinityTimeoutSeconds, healthCheckNodePort, hasEndpoints, endpoints, clusterEndpoints },
      localEndpoints: this.localEndpoints,
      chains: this.chains,
    };
  }

  /** Destination of the rule that marks packets to the cluster IP: it shows where the rule that leads there is not in the capture. */
  #markedDestination(hole: "clusterIP" | "port"): string | null {
    for (const role of ["svc", "svl"] as const)
      for (const rule of this.#rulesOf(role, "masquerade-cluster-ip")) return this.#source.rules.value(rule, hole);
    return null;
  }

  get #parsedName() {
    return this.#group.name === null ? null : parseServicePortName(this.#group.name);
  }

  /** What the rules do not have, said only where the capture would show it. */
  #absent<T>(value: T): T | null {
    const { natComplete, filterComplete } = this.#source;
    return natComplete && (filterComplete || this.hasEndpoints === true) ? value : null;
  }

  #name(chain: ChainId): string | null {
    return chain === NONE ? null : this.#source.ruleset.chainName(chain);
  }

  /** Of several frontends the one whose comment has this Service's own name, rather one that no other Service claims; else the first. */
  #best(frontends: readonly Frontend[]): Frontend | null {
    if (frontends.length < 2) return frontends[0] ?? null;
    const own = frontends.filter(({ rule }) => this.name !== null && this.#source.rules.name(rule) === this.name);
    return own.find((frontend) => !this.#source.isContested(frontend)) ?? own[0] ?? frontends[0] ?? null;
  }

  #addresses(kind: "externalIP" | "loadBalancerIP"): readonly string[] | null {
    if (this.frontends.some((frontend) => frontend.kind === "external")) return null;
    const found = this.frontends.filter((frontend) => frontend.kind === kind).map(({ ip }) => ip ?? "");
    return found.length > 0 ? found : this.#outsideShown() ? this.#absent([]) : null;
  }

  /** Rules of table filter show an endpoint-less Service's ways in as one thing by its name alone. */
  #outsideShown(): boolean {
    return this.hasEndpoints === true ? this.#group.suffix !== null || this.name !== null : this.name !== null;
  }

  #hasOutside(): boolean {
    return this.frontends.some(({ kind }) => kind === "external" || kind === "loadBalancerIP") || !this.#outsideShown();
  }

  #policyOfExternalChain(ext: ChainId): TrafficPolicy | null {
    const slots = new Set<string>();
    const { store } = this.#source.ruleset;
    for (let rule = store.firstRule(ext); rule !== NONE; rule = store.nextRule(rule))
      slots.add(slotOf(this.#source.rules.claims[rule] as Claim)?.name ?? "");
    if (
      ["masquerade-node", "node", "pods", "pods-interface", "local", "no-local-endpoints"].some((name) =>
        slots.has(name),
      )
    )
      return "Local";
    return slots.has("cluster") || slots.has("masquerade") ? "Cluster" : null;
  }

  #affinityRule(): RuleId {
    for (const chain of [this.#group.chains.svc, this.#group.localChain])
      for (const rule of this.#claimed(chain, "affinity")) return rule;
    return NONE;
  }

  #recordsClients(): boolean {
    const [chain] = this.endpointChains();
    const dnat = chain === undefined ? NONE : (this.#source.endpoints.dnat[chain] as RuleId);
    return dnat !== NONE && this.#source.rules.value(dnat, "SEP") !== null;
  }

  #addressesBehind(chain: ChainId): readonly string[] | null {
    if (chain === NONE) return this.#absent([]);
    const addresses = new Set<string>();
    for (const endpoint of this.#targets(chain)) {
      const address = this.#source.endpoints.address(endpoint);
      if (address !== null) addresses.add(address);
      else if (!this.#source.endpoints.isPassedThrough(endpoint)) return null;
    }
    return [...addresses];
  }

  *#candidates(chain: ChainId): Generator<string> {
    const { endpoints, rules, ruleset } = this.#source;
    for (const rule of ruleset.callers(chain).subarray(0, 4)) {
      const said = / -> (\S+)$/.exec(rules.comment(rule) ?? "")?.[1];
      if (said !== undefined) yield said;
    }
    const hairpin = endpoints.hairpin[chain] as RuleId;
    const ip = hairpin === NONE ? null : hostOf(rules.value(hairpin, "endpointIP") ?? "");
    if (ip === null) return;
    const ports = new Set<number>();
    for (const sibling of this.endpointChains().slice(0, MOST_SIBLINGS)) {
      const port = splitAddress(endpoints.address(sibling) ?? "")?.port;
      if (port !== undefined) ports.add(port);
    }
    if (this.port !== null) ports.add(this.port);
    for (const port of ports) yield joinAddress(ip, port);
  }

  /** Chains of endpoints behind a chain, each once. */
  #targets(chain: ChainId): Set<ChainId> {
    return new Set(this.#claimed(chain, "endpoint").map((rule) => this.#source.ruleset.target(rule)));
  }

  /** Endpoints behind a chain with the addresses that kube-proxy meant, where they can be known. */
  #meant(chain: ChainId): { address: string | null; chain: string }[] {
    return [...this.#targets(chain)].map((endpoint) => ({
      address: this.meantAddress(endpoint),
      chain: this.#source.ruleset.chainName(endpoint),
    }));
  }

  /** Share of each endpoint's chain of what reaches `chain`. What a chain does not translate goes on to the next jump. */
  #shares(chain: ChainId): { readonly by: ReadonlyMap<ChainId, number>; readonly ideal: string | null } {
    const jumps = this.jumps(chain);
    const by = new Map<ChainId, number>(jumps.map((jump) => [jump.chain, 0]));
    const effective = jumps.filter((jump) => !this.#source.endpoints.isPassedThrough(jump.chain));
    const parts = shares(effective.map((jump) => jump.threshold));
    for (const [i, jump] of effective.entries()) by.set(jump.chain, (by.get(jump.chain) ?? 0) + (parts[i] as number));
    const even = this.balance(chain);
    return { by, ideal: even === null || even === "uneven" ? null : jumps.length === 1 ? "1" : `1/${jumps.length}` };
  }

  #rulesOf(role: ServiceChainRole, slot: string): RuleId[] {
    return this.#claimed(this.#group.chains[role], slot);
  }

  #claimed(chain: ChainId, slot: string): RuleId[] {
    const found: RuleId[] = [];
    if (chain === NONE) return found;
    const { store } = this.#source.ruleset;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      const claim = this.#source.rules.claims[rule] as Claim;
      if (claim > UNEXPECTED && slotOf(claim)?.name === slot) found.push(rule);
    }
    return found;
  }
}

const hostOfNullable = (text: string | null): string | null => (text === null ? null : hostOf(text));
