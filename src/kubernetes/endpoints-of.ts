import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import { hostOf, joinAddress, splitAddress } from "./address-text.ts";
import { type Balance, shares } from "./balance.ts";
import { endpointHash, hashedChainName } from "./chain-name.ts";
import type { MapSource } from "./read/map-source.ts";
import type { ServiceGroup } from "./read/service-group.ts";
import type { Endpoint, EndpointComment } from "./service-map.ts";
import { type Claim, claimOf, UNEXPECTED } from "./templates/slots.ts";
import type { WritableEndpoint } from "./write-rules.ts";

/** Endpoints of one Service mostly share a port: more than the first few give no new candidate. */
const MOST_SIBLINGS = 64;

/** A jump from a chain of a Service port to a chain of an endpoint. */
export interface EndpointJump {
  readonly rule: RuleId;
  readonly chain: ChainId;
  /** Part of 2^31 that the rule takes of what reaches it. */
  readonly threshold: number;
}

/** All about a Service port's endpoints that takes more than one look at the rules. */
export interface EndpointFacts {
  readonly endpoints: readonly Endpoint[];
  /** `null`: there is no such chain, or an address is not shown. */
  readonly clusterEndpoints: readonly string[] | null;
  readonly localEndpoints: readonly string[] | null;
}

interface Shares {
  /** `null`: it depends on conditions that kube-proxy does not write. */
  readonly by: ReadonlyMap<ChainId, number | null>;
  readonly ideal: string | null;
  /** What is not listed gets nothing. */
  readonly isSure: boolean;
}

const NO_SHARES: Shares = { by: new Map(), ideal: null, isSure: true };

/** The endpoints of one Service port: rules that lead to them, shares, addresses. Keeps nothing but their chains, reads the rules at each call. */
export class EndpointsOf {
  readonly #source: MapSource;
  readonly #group: ServiceGroup;
  #chains: readonly ChainId[] | undefined;

  constructor(source: MapSource, group: ServiceGroup) {
    this.#source = source;
    this.#group = group;
  }

  /** Chains of endpoints that the Service port's own chains lead to, each once; those that only an affinity rule leads to last. */
  chains(): readonly ChainId[] {
    this.#chains ??= this.#findChains();
    return this.#chains;
  }

  #findChains(): readonly ChainId[] {
    const { rules, ruleset, endpoints } = this.#source;
    const { store } = ruleset;
    const found: ChainId[] = [];
    const remembered: ChainId[] = [];
    const strays: ChainId[] = [];
    for (const chain of this.#balancers) {
      const role = rules.role(chain);
      const isBalancer = role === "svc" || role === "svl" || role === "xlb";
      const endpoint = isBalancer ? claimOf(role, "endpoint") : NONE;
      const affinity = isBalancer ? claimOf(role, "affinity") : NONE;
      for (let rule = chain === NONE ? NONE : store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
        const claim = rules.claim(rule);
        const target = store.targetChain(rule);
        if (claim === endpoint) found.push(target);
        else if (claim === affinity) remembered.push(target);
        else if (claim === UNEXPECTED && endpoints.isEndpointChain(target)) strays.push(target);
      }
    }
    const all = remembered.length + strays.length === 0 ? found : [...found, ...remembered, ...strays];
    return areDistinct(all) ? all : [...new Set(all)];
  }

  /** Rules of a chain that lead to endpoints in a form that kube-proxy does not write. */
  strays(chain: ChainId): readonly RuleId[] {
    const { rules, ruleset, endpoints } = this.#source;
    const found: RuleId[] = [];
    if (chain === NONE) return found;
    const { store } = ruleset;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule))
      if (rules.claim(rule) === UNEXPECTED && endpoints.isEndpointChain(store.targetChain(rule))) found.push(rule);
    return found;
  }

  /** What divides new connections over endpoints, in the order of the rules; affinity aside. */
  jumps(chain: ChainId): readonly EndpointJump[] {
    const { balances, ruleset } = this.#source;
    return this.rules(chain, "endpoint").map((rule) => ({
      rule,
      chain: ruleset.target(rule),
      threshold: balances.threshold(rule),
    }));
  }

  /** Rules of a chain that lead to endpoints, by chance or by what they remember of the client. */
  rules(chain: ChainId, slot: "endpoint" | "affinity"): readonly RuleId[] {
    const { rules, ruleset } = this.#source;
    const found: RuleId[] = [];
    const role = rules.role(chain);
    if (role !== "svc" && role !== "svl" && role !== "xlb") return found;
    const claim: Claim = claimOf(role, slot);
    const { store } = ruleset;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule))
      if (rules.claim(rule) === claim) found.push(rule);
    return found;
  }

  /** First rule that sends a client to the endpoint it had; `NONE` without affinity. */
  affinityRule(): RuleId {
    const { rules } = this.#source;
    for (const chain of this.#balancers) {
      const role = rules.role(chain);
      if (role !== "svc" && role !== "svl" && role !== "xlb") continue;
      const rule = rules.first(chain, claimOf(role, "affinity"));
      if (rule !== NONE) return rule;
    }
    return NONE;
  }

  /** Its endpoints' chains remember their clients. */
  recordsClients(): boolean {
    const { endpoints, rules } = this.#source;
    for (const chain of this.chains()) {
      const dnat = endpoints.dnatOf(chain);
      if (dnat !== NONE) return rules.has(dnat, "SEP");
    }
    return false;
  }

  /** Whether a chain shares evenly, as kube-proxy writes it; `null` for a chain without endpoints. */
  balance(chain: ChainId): Balance | null {
    return this.#source.balances.of(chain);
  }

  /** Form of the comments on the way; `null` without endpoints. */
  commentForm(): EndpointComment | null {
    const [rule] = this.rules(
      this.#group.chains.svc !== NONE ? this.#group.chains.svc : this.#group.chains.svl,
      "endpoint",
    );
    if (rule === undefined) return null;
    const comment = this.#source.rules.comment(rule);
    return comment === null ? "none" : comment.includes(" -> ") ? "arrow" : "name";
  }

  /** Addresses by endpoint, as `facts` has them. */
  addresses(): readonly (string | null)[] {
    return this.chains().map((chain) => this.#address(chain));
  }

  facts(): EndpointFacts {
    const { svc } = this.#group.chains;
    const addresses = new Map<ChainId, string | null>();
    for (const chain of this.chains()) addresses.set(chain, this.#address(chain));
    const cluster = this.#shares(svc);
    const local = this.#shares(this.#group.localChain);
    const first = svc === NONE ? local : cluster;
    const endpoints = [...addresses].map(([chain, address]): Endpoint => {
      const parts = address === null ? null : splitAddress(address);
      return {
        address,
        ip: parts?.ip ?? null,
        port: parts?.port ?? null,
        chain: this.#source.ruleset.chainName(chain),
        share: first.by.has(chain) ? (first.by.get(chain) ?? null) : first.isSure ? 0 : null,
        ideal: first.by.has(chain) ? first.ideal : null,
        localShare: local.by.get(chain) ?? null,
      };
    });
    return {
      endpoints,
      clusterEndpoints: this.#addresses(svc, cluster, addresses),
      localEndpoints: this.#addresses(this.#group.localChain, local, addresses),
    };
  }

  /** Endpoints behind a chain with the addresses that kube-proxy meant, where they can be known. */
  meant(chain: ChainId): readonly WritableEndpoint[] {
    const chains = new Set(this.rules(chain, "endpoint").map((rule) => this.#source.ruleset.target(rule)));
    return [...chains].map((endpoint) => ({
      address: this.meantAddress(endpoint),
      chain: this.#source.ruleset.chainName(endpoint),
    }));
  }

  /** Whether the hash in the chain's name is that of this Service port with this address; `null` when there is none to compare. */
  isProven(chain: ChainId, address: string): boolean | null {
    const { name, protocol } = this.#group;
    if (name === null || protocol === null) return null;
    const hash = hashedChainName(this.#source.ruleset.chainName(chain));
    return hash?.wellFormed === true ? endpointHash(name, protocol, address) === hash.suffix : null;
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

  get #balancers(): readonly ChainId[] {
    return [this.#group.chains.svc, this.#group.localChain];
  }

  /** Where a packet in the chain goes; an address that the capture lost is recovered, one that is not there is not. */
  #address(chain: ChainId): string | null {
    return this.#source.endpoints.isPassedThrough(chain) ? null : this.meantAddress(chain);
  }

  #addresses(chain: ChainId, { by }: Shares, addresses: ReadonlyMap<ChainId, string | null>): readonly string[] | null {
    if (chain === NONE) return null;
    const { ruleset, natComplete } = this.#source;
    // an excerpt may lack the rules of the chain
    if (!natComplete && ruleset.store.firstRule(chain) === NONE) return null;
    const behind = new Set<string>();
    for (const endpoint of by.keys()) {
      const address = addresses.get(endpoint) ?? null;
      if (address !== null) behind.add(address);
      else if (!this.#source.endpoints.isPassedThrough(endpoint)) return null;
    }
    return [...behind];
  }

  /** Share of each endpoint's chain of what reaches `chain`. What a chain does not translate goes on to the next jump. */
  #shares(chain: ChainId): Shares {
    const jumps = this.jumps(chain);
    const strays = this.strays(chain);
    if (strays.length > 0) {
      const targets = [...strays.map((rule) => this.#source.ruleset.target(rule)), ...jumps.map((jump) => jump.chain)];
      return { by: new Map(targets.map((target) => [target, null])), ideal: null, isSure: false };
    }
    if (jumps.length === 0) return NO_SHARES;
    const by = new Map<ChainId, number>(jumps.map((jump) => [jump.chain, 0]));
    const effective = jumps.filter((jump) => !this.#source.endpoints.isPassedThrough(jump.chain));
    const parts = shares(effective.map((jump) => jump.threshold));
    for (const [i, jump] of effective.entries()) by.set(jump.chain, (by.get(jump.chain) ?? 0) + (parts[i] as number));
    const isEven = this.balance(chain) !== "uneven" && effective.length === jumps.length;
    return { by, ideal: !isEven ? null : jumps.length === 1 ? "1" : `1/${jumps.length}`, isSure: true };
  }

  *#candidates(chain: ChainId): Generator<string> {
    const { endpoints, rules, ruleset } = this.#source;
    for (const rule of ruleset.callers(chain).subarray(0, 4)) {
      const said = / -> (\S+)$/.exec(rules.comment(rule) ?? "")?.[1];
      if (said !== undefined) yield said;
    }
    // a DNAT that asks for more than kube-proxy's does
    if (endpoints.dnatOf(chain) === NONE)
      for (const rule of ruleset.rulesOf(chain))
        if (ruleset.shape(rule).targetRecord?.name === "DNAT") {
          const said = ruleset.rule(rule).target?.options[0]?.values[0]?.text;
          if (said !== undefined) yield said;
        }
    const hairpin = endpoints.hairpinOf(chain);
    const ip = hairpin === NONE ? null : hostOf(rules.value(hairpin, "endpointIP") ?? "");
    if (ip === null) return;
    for (const port of this.#siblingPorts()) yield joinAddress(ip, port);
  }

  #siblingPorts(): ReadonlySet<number> {
    const ports = new Set<number>();
    let left = MOST_SIBLINGS;
    for (const sibling of this.chains()) {
      if (left-- === 0) break;
      const port = splitAddress(this.#source.endpoints.address(sibling) ?? "")?.port;
      if (port !== undefined) ports.add(port);
    }
    for (const { port } of this.#group.frontends.slice(0, MOST_SIBLINGS)) if (port !== null) ports.add(port);
    return ports;
  }
}

/** Few are compared with each other: a set for each of a million costs more. */
function areDistinct(chains: readonly ChainId[]): boolean {
  if (chains.length > 16) return new Set(chains).size === chains.length;
  for (let i = 1; i < chains.length; i++) if (chains.indexOf(chains[i] as ChainId) < i) return false;
  return true;
}
