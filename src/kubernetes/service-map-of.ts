import { bytesOf } from "../../grammar/bytes.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import { splitAddress } from "./address-text.ts";
import { askedOf, type HostPort, hostPortsOf } from "./host-ports.ts";
import { type UsedSet, usedSets } from "./ipvs.ts";
import type { Owner } from "./owners.ts";
import type { ServiceProofs } from "./proofs/service-proofs.ts";
import { proofsOf, type Suspects, suspectsOf } from "./proofs/suspects.ts";
import { mayAskForAddress, mayAskForPort } from "./read/frontends.ts";
import type { MapSource } from "./read/map-source.ts";
import type { ServiceGroup } from "./read/service-group.ts";
import type { ServiceGroups } from "./read/service-groups.ts";
import type { Frontend, Missing, ProxyMode, ProxyParameters } from "./service-map.ts";
import { ServicePort } from "./service-port.ts";
import { ChainOwners, missingFrom, type OwnedChains, proxyModeOf } from "./surroundings.ts";
import { claimOf } from "./templates/slots.ts";

/** A rule that leads to KUBE-NODEPORTS in table nat. */
export interface NodePortGate {
  readonly rule: RuleId;
  /** kube-proxy writes it so. */
  readonly isKubeProxys: boolean;
  /** What it asks for; `null` and "": nothing. */
  readonly ip: string | null;
  readonly ports: string;
  readonly protocol: string | null;
}

/** What kube-proxy's rules of one ruleset say, and the questions one asks of it. */
export class ServiceMap {
  readonly ruleset: Ruleset;
  readonly parameters: ProxyParameters;
  /** What the map is read from: claims of rules, endpoints' chains, completeness of the capture. */
  readonly source: MapSource;
  readonly #groups: ServiceGroups;
  /** By the number of the group, those that were asked for. */
  readonly #ports: (ServicePort | undefined)[] = [];
  #servicePorts: readonly ServicePort[] | undefined;
  #detachedServicePorts: readonly ServicePort[] | undefined;
  #proofs: ServiceProofs | null | undefined;
  #suspects: Suspects | undefined;
  #hostPorts: readonly HostPort[] | undefined;
  readonly #owners: ChainOwners;
  #byEndpoint: ReadonlyMap<string, readonly ServicePort[]> | undefined;
  #byEndpointChain: Int32Array | undefined;

  constructor(source: MapSource, groups: ServiceGroups) {
    this.source = source;
    this.#owners = new ChainOwners(source);
    this.#groups = groups;
    this.ruleset = source.ruleset;
    this.parameters = source.parameters;
  }

  /** Every Service port that some rule leads to. */
  get servicePorts(): readonly ServicePort[] {
    this.#servicePorts ??= this.#groups.groups
      .filter((group) => this.#isShown(group))
      .map((group) => this.#port(group));
    return this.#servicePorts;
  }

  /** Chains of a Service port to which no rule leads, though the capture is complete: what a partial sync left, or what somebody cut off. */
  get detachedServicePorts(): readonly ServicePort[] {
    this.#detachedServicePorts ??= this.#groups.groups
      .filter((group) => hasRules(this.ruleset, group) && this.#isDetached(group))
      .map((group) => this.#port(group));
    return this.#detachedServicePorts;
  }

  /** Whether no rule leads to the Service port, though the capture is complete. */
  isDetached(port: ServicePort): boolean {
    return this.source.natComplete && port.frontends.length === 0;
  }

  /** The first few Service ports. */
  firstServicePorts(most: number): readonly ServicePort[] {
    const { groups } = this.#groups;
    const found: ServicePort[] = [];
    for (let i = 0; i < groups.length && found.length < most; i++) {
      const group = groups[i] as ServiceGroup;
      if (this.#isShown(group)) found.push(this.#port(group));
    }
    return found;
  }

  /** Service ports that a packet to this port of the node gets to. */
  byNodePort(port: number, protocol?: string): readonly ServicePort[] {
    const bytes = bytesOf(String(port));
    return this.#withFrontend(
      (group) => group.mayAskFor(bytes, mayAskForPort),
      ({ kind, port: of, protocol: by }) =>
        (kind === "nodePort" || kind === "healthCheckNodePort") &&
        of === port &&
        (protocol === undefined || by === protocol),
    );
  }

  /** Service ports of a cluster IP, an external IP or a load balancer IP. */
  byAddress(ip: string, port?: number, protocol?: string): readonly ServicePort[] {
    const bytes = bytesOf(ip);
    return this.#withFrontend(
      (group) => group.mayAskFor(bytes, mayAskForAddress),
      ({ ip: of, port: to, protocol: by }) =>
        of === ip && (port === undefined || to === port) && (protocol === undefined || by === protocol),
    );
  }

  /** `namespace/name` gives all ports of a Service, `namespace/name:port` one. */
  byName(name: string): readonly ServicePort[] {
    const bare = name.endsWith(":") ? name.slice(0, -1) : name;
    return this.servicePorts.filter((port) => port.id === bare || `${port.namespace}/${port.service}` === bare);
  }

  /** The Service port of one of its chains, its endpoints' chains included. */
  byChain(chain: ChainId): ServicePort | null {
    if (chain === NONE) return null;
    const group = this.#groups.ofChain[chain] as number;
    const index = group === NONE ? (this.#endpointOwners()[chain] as number) : group;
    const found = this.#groups.groups[index];
    return found === undefined || !hasRules(this.ruleset, found) ? null : this.#port(found);
  }

  /** Service ports with an endpoint at this IP, or at this IP and port. */
  byEndpoint(ip: string, port?: number): readonly ServicePort[] {
    this.#byEndpoint ??= this.#indexEndpoints();
    return this.#byEndpoint.get(port === undefined ? ip : `${ip} ${port}`) ?? [];
  }

  /** What proves Service ports that are like another one; `null` on a small node. */
  get proofs(): ServiceProofs | null {
    if (this.#proofs === undefined) this.#proofs = proofsOf(this);
    return this.#proofs;
  }

  /** A Service port's cluster IP; cheaper than to ask the Service port, where there are proofs. */
  clusterIP(port: ServicePort): string | null {
    return this.proofs?.clusterIP(port.group) ?? port.clusterIP;
  }

  /** Service ports that nothing proves. */
  get unproven(): readonly ServicePort[] {
    return this.#at(this.proofs?.unproven);
  }

  /** Service ports that may have a NodePort outside of the range, in their order. */
  withNodePortOutside(low: number, high: number): readonly ServicePort[] {
    return this.#at(this.proofs?.nodePortsOutside(low, high));
  }

  /** Service ports that may have a cluster IP in a network of IPv4: `bits` and `mask` of 32 bits. */
  withClusterIPIn(bits: number, mask: number): readonly ServicePort[] {
    return this.#at(this.proofs?.clusterIPsIn(bits, mask));
  }

  /** Service ports that may have a name which begins with one of the texts. */
  withNameFrom(starts: readonly string[]): readonly ServicePort[] {
    const { proofs } = this;
    if (proofs === null) return this.servicePorts;
    return this.#at([...new Set(starts.flatMap((start) => proofs.namesFrom(start)))].sort((a, b) => a - b));
  }

  #at(places: readonly number[] | undefined): readonly ServicePort[] {
    return places?.map((place) => this.servicePorts[place] as ServicePort) ?? this.servicePorts;
  }

  /** Service ports that are not known to be as kube-proxy writes them. */
  get suspects(): Suspects {
    this.#suspects ??= suspectsOf(this);
    return this.#suspects;
  }

  /** Ports of the node that others forward: CNI portmap, CRI-O, Docker, and rules of nobody known. */
  get hostPorts(): readonly HostPort[] {
    this.#hostPorts ??= hostPortsOf(this.ruleset, this.source.rules);
    return this.#hostPorts;
  }

  /** Everyone with chains of their own in this ruleset, kube-proxy included. */
  get owners(): readonly OwnedChains[] {
    return this.#owners.all;
  }

  /** Who owns the chain; `null`: nobody known. */
  ownerOf(chain: ChainId): Owner | null {
    return this.#owners.of(chain);
  }

  /** How Services are programmed here; `null`: by nobody, as far as the capture shows. */
  get mode(): ProxyMode {
    return proxyModeOf(this.source, () => this.owners);
  }

  /** IPVS mode: sets of kube-proxy's that rules look into. */
  get ipvsSets(): readonly UsedSet[] {
    return usedSets(this.ruleset);
  }

  /** What the capture lacks, and what cannot be said without it. */
  get missing(): readonly Missing[] {
    return missingFrom(this.source, this.mode);
  }

  /** Rules by which packets get to the node ports. */
  get nodePortGates(): readonly NodePortGate[] {
    const chain = this.ruleset.chain("nat", "KUBE-NODEPORTS");
    if (chain === NONE) return [];
    const own = [claimOf("nat KUBE-SERVICES", "node-ports"), claimOf("nat KUBE-SERVICES", "node-ports-address")];
    return [...this.ruleset.callers(chain)].map((rule) => ({
      rule,
      isKubeProxys: own.includes(this.source.rules.claim(rule)),
      ...askedOf(this.ruleset.rule(rule)),
    }));
  }

  /** KUBE-SEP chains to which no rule leads, though the capture is complete. */
  get detachedEndpointChains(): readonly ChainId[] {
    if (!this.source.natComplete) return [];
    const isDetached = (chain: ChainId): boolean =>
      this.source.endpoints.isEndpointChain(chain) && this.ruleset.store.callerCount(chain) === 0;
    return Array.from(this.source.rules.chainRoles.ofServices.filter(isDetached));
  }

  /** Service ports with such a frontend. */
  #withFrontend(
    mayHave: (group: ServiceGroup) => boolean,
    wanted: (frontend: Frontend) => boolean,
  ): readonly ServicePort[] {
    const { groups } = this.#groups;
    const found: ServicePort[] = [];
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i] as ServiceGroup;
      if (mayHave(group) && this.#isShown(group) && group.frontends.some(wanted)) found.push(this.#port(group));
    }
    return found;
  }

  #port(group: ServiceGroup): ServicePort {
    const known = this.#ports[group.index];
    if (known !== undefined) return known;
    const made = new ServicePort(this.source, group);
    this.#ports[group.index] = made;
    return made;
  }

  #isShown(group: ServiceGroup): boolean {
    return hasRules(this.ruleset, group) && !this.#isDetached(group);
  }

  #isDetached(group: ServiceGroup): boolean {
    return this.source.natComplete && !group.hasFrontends;
  }

  #endpointOwners(): Int32Array {
    if (this.#byEndpointChain !== undefined) return this.#byEndpointChain;
    const owners = new Int32Array(this.ruleset.store.chainCount).fill(NONE);
    for (const port of [...this.detachedServicePorts, ...this.servicePorts])
      for (const chain of port.endpointChains()) owners[chain] = port.index;
    this.#byEndpointChain = owners;
    return owners;
  }

  #indexEndpoints(): Map<string, ServicePort[]> {
    const index = new Map<string, ServicePort[]>();
    const add = (key: string, port: ServicePort): void => {
      const ports = index.get(key);
      if (ports === undefined) index.set(key, [port]);
      else if (ports[ports.length - 1] !== port) ports.push(port);
    };
    for (const port of this.servicePorts)
      for (const address of port.spread.addresses()) {
        const endpoint = address === null ? null : splitAddress(address);
        if (endpoint === null) continue;
        add(endpoint.ip, port);
        add(`${endpoint.ip} ${endpoint.port}`, port);
      }
    return index;
  }
}

/** A chain that only its name ties to a Service, with no rule in it or to it, shows no Service port. */
function hasRules({ store }: Ruleset, group: ServiceGroup): boolean {
  if (group.hasFrontends || group.hasRules) return true;
  const { svc, svl, ext, fw, xlb } = group.chains;
  return [svc, svl, ext, fw, xlb].some((chain) => chain !== NONE && store.firstRule(chain) !== NONE);
}
