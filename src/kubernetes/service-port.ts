import type { Family } from "../../grammar/vocabulary/record.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import { hostOf, portNumber } from "./address-text.ts";
import type { Balance } from "./balance.ts";
import {
  parseServicePortName,
  printServicePortName,
  type ServiceChainRole,
  type ServicePortName,
} from "./chain-name.ts";
import { type EndpointFacts, type EndpointJump, EndpointsOf } from "./endpoints-of.ts";
import { type FirewallRanges, firewallRanges } from "./firewall-ranges.ts";
import type { MapSource } from "./read/map-source.ts";
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
import { claimOf, slotOf } from "./templates/slots.ts";

export type { EndpointJump } from "./endpoints-of.ts";

/**
 * One port of one Service in one IP family. It keeps chains and rule numbers; every fact is read from the rules when it is asked
 * for, so that whoever needs one more than once keeps it.
 */
export class ServicePort implements ServicePortFacts {
  readonly #source: MapSource;
  /** What the rules tie together as this Service port. */
  readonly group: ServiceGroup;
  #id: string | null | undefined;
  #parsed: ServicePortName | null | undefined;
  #spread: EndpointsOf | undefined;

  constructor(source: MapSource, group: ServiceGroup) {
    this.#source = source;
    this.group = group;
  }

  /** Rules that lead to its endpoints, their shares and addresses. */
  get spread(): EndpointsOf {
    this.#spread ??= new EndpointsOf(this.#source, this.group);
    return this.#spread;
  }

  /** Its number in the map's list. */
  get index(): number {
    return this.group.index;
  }
  get id(): string | null {
    if (this.#id === undefined) {
      const { name } = this;
      // what does not end in a colon reads the same when it is printed again
      const parsed = name?.endsWith(":") ? parseServicePortName(name) : null;
      this.#id = parsed === null ? name : printServicePortName(parsed);
    }
    return this.#id;
  }
  /** The name as the comments spell it, with the colon that old releases put behind an unnamed port. */
  get name(): string | null {
    return this.group.name;
  }
  get nameEvidence(): NameEvidence {
    return this.group.nameEvidence;
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
    return this.group.protocol;
  }
  /** What all its chains' names end in; `null` when it has no chain. */
  get chainHash(): string | null {
    return this.group.suffix;
  }

  get family(): Family | null {
    const { family } = this.#source.ruleset;
    if (family !== null) return family;
    const ip =
      this.frontends.find((frontend) => frontend.ip !== null)?.ip ?? this.endpoints.find(({ ip }) => ip !== null)?.ip;
    return ip === undefined || ip === null ? null : ip.includes(":") ? 6 : 4;
  }

  get frontends(): readonly Frontend[] {
    return this.group.frontends;
  }

  /** The frontend of its cluster IP; `null` when none is shown, or which of several is its own is not. */
  get clusterFrontend(): Frontend | null {
    return this.#best(this.#frontendsOf("clusterIP"));
  }
  get clusterIP(): string | null {
    return this.clusterFrontend?.ip ?? hostOfNullable(this.#markedDestination("clusterIP"));
  }
  get port(): number | null {
    const frontend = this.clusterFrontend ?? this.frontends.find(({ ip }) => ip !== null);
    return frontend === undefined ? portNumber(this.#markedDestination("port")) : frontend.port;
  }
  get nodePort(): number | null {
    const found = this.#best(this.#frontendsOf("nodePort"));
    return found === null ? (this.#outsideShown() ? this.#absent(0) : null) : found.port;
  }
  get externalIPs(): readonly string[] | null {
    return this.#addresses("externalIP");
  }
  get loadBalancerIPs(): readonly string[] | null {
    return this.#addresses("loadBalancerIP");
  }

  get loadBalancerSourceRanges(): readonly string[] | null {
    const { fw } = this.group.chains;
    if (fw === NONE)
      return this.hasEndpoints === true ? this.#absent([]) : this.#hasOutside() ? null : this.#absent([]);
    return this.firewallRanges.ranges;
  }

  /** Ranges of the KUBE-FW chain, and whether the load balancer's own addresses follow them: the node's address is in a range. */
  get firewallRanges(): FirewallRanges {
    return firewallRanges(this.#source, this.group.chains.fw, this.frontends);
  }

  get externalTrafficPolicy(): TrafficPolicy | "" | null {
    const { ext, xlb } = this.group.chains;
    if (ext !== NONE) return this.#policyOfExternalChain(ext);
    if (xlb !== NONE) return "Local";
    const outside = this.frontends.filter(({ kind }) => kind !== "clusterIP");
    if (this.group.isLocal || outside.some(({ fate, kind }) => fate === "dropped" || kind === "healthCheckNodePort"))
      return "Local";
    if (outside.some(({ fate }) => fate === "forwarded")) return "Cluster";
    return outside.length > 0 ? null : this.#outsideShown() ? this.#absent("") : null;
  }

  get internalTrafficPolicy(): TrafficPolicy | null {
    const frontend = this.clusterFrontend;
    if (frontend?.fate === "dropped") return "Local";
    if (frontend === null || frontend.chain === null || frontend.fate !== "forwarded") return null;
    if (frontend.chain === this.group.chains.svl) return "Local";
    const { era } = this.#source.parameters;
    // From 1.21 to 1.23 the policy leaves no trace; before, there was none.
    return era === null || era === "1.22" ? null : "Cluster";
  }

  get sessionAffinity(): "None" | "ClientIP" | null {
    if (this.spread.affinityRule() !== NONE || this.spread.recordsClients()) return "ClientIP";
    return this.spread.chains().length > 0 ? this.#absent("None") : null;
  }
  get sessionAffinityTimeoutSeconds(): number | null {
    const rule = this.spread.affinityRule();
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
    const { svc, svl, ext, fw } = this.group.chains;
    if (svc !== NONE || svl !== NONE || ext !== NONE || fw !== NONE) return true;
    const fates = new Set(this.frontends.map(({ fate }) => fate));
    if (fates.has("dropped") || fates.has("forwarded")) return true;
    return fates.has("rejected") ? false : null;
  }

  get clusterEndpoints(): readonly string[] | null {
    return this.#endpointFacts().clusterEndpoints;
  }
  get localEndpoints(): readonly string[] | null {
    return this.#endpointFacts().localEndpoints;
  }
  /** All endpoints that rules lead to, in the order of the rules; made anew at each call. */
  get endpoints(): readonly Endpoint[] {
    return this.spread.facts().endpoints;
  }

  get chains(): ServiceChains {
    const { svc, svl, ext, fw, xlb } = this.group.chains;
    return {
      svc: this.#name(svc),
      svl: this.#name(svl),
      ext: this.#name(ext),
      fw: this.#name(fw),
      xlb: this.#name(xlb),
    };
  }

  /** Name of one of its chains; `null` where it has none. */
  get firstChain(): string | null {
    const { svc, svl, ext, fw, xlb } = this.group.chains;
    for (const chain of [svc, svl, ext, fw, xlb]) if (chain !== NONE) return this.#name(chain);
    return null;
  }

  /** Rules that show it: those for it in the chains that all share, then those of its own chains but not of its endpoints'. */
  get evidence(): readonly RuleId[] {
    const { store } = this.#source.ruleset;
    const rules = [...new Set([...this.group.rules, ...this.frontends.map(({ rule }) => rule)])];
    for (const chain of Object.values(this.group.chains)) {
      if (chain === NONE) continue;
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) rules.push(rule);
    }
    return rules;
  }

  /** Its chain in a role, `NONE` when it has none. */
  chain(role: ServiceChainRole): ChainId {
    return this.group.chains[role];
  }

  /** Rules for it in the chains that all Service ports share. */
  get sharedRules(): readonly RuleId[] {
    return this.group.rules;
  }

  endpointChains(): readonly ChainId[] {
    return this.spread.chains();
  }
  jumps(chain: ChainId): readonly EndpointJump[] {
    return this.spread.jumps(chain);
  }
  balance(chain: ChainId): Balance | null {
    return this.spread.balance(chain);
  }
  get endpointComments(): EndpointComment | null {
    return this.spread.commentForm();
  }

  /** Addresses of which the rules do not show whether they are external IPs or load balancer IPs. */
  get refusedIPs(): readonly string[] {
    return this.frontends.filter(({ kind }) => kind === "external").map(({ ip }) => ip ?? "");
  }
  /** The node's address lies in a source range of the load balancer. */
  get nodeInRange(): boolean {
    return this.firewallRanges.nodeInRange;
  }

  /** The facts as plain data. */
  facts(): ServicePortFacts {
    const { endpoints, clusterEndpoints, localEndpoints } = this.#endpointFacts();
    return {
      id: this.id,
      namespace: this.namespace,
      service: this.service,
      portName: this.portName,
      protocol: this.protocol,
      family: this.family,
      clusterIP: this.clusterIP,
      port: this.port,
      nodePort: this.nodePort,
      externalIPs: this.externalIPs,
      loadBalancerIPs: this.loadBalancerIPs,
      loadBalancerSourceRanges: this.loadBalancerSourceRanges,
      externalTrafficPolicy: this.externalTrafficPolicy,
      internalTrafficPolicy: this.internalTrafficPolicy,
      sessionAffinity: this.sessionAffinity,
      sessionAffinityTimeoutSeconds: this.sessionAffinityTimeoutSeconds,
      healthCheckNodePort: this.healthCheckNodePort,
      hasEndpoints: this.hasEndpoints,
      endpoints,
      clusterEndpoints,
      localEndpoints,
      chains: this.chains,
    };
  }

  /** Destination of the rule that marks packets to the cluster IP: it shows where the rule that leads there is not in the capture. */
  #markedDestination(hole: "clusterIP" | "port"): string | null {
    const { rules } = this.#source;
    for (const role of ["svc", "svl"] as const) {
      const rule = rules.first(this.group.chains[role], claimOf(role, "masquerade-cluster-ip"));
      if (rule !== NONE) return rules.value(rule, hole);
    }
    return null;
  }

  get #parsedName(): ServicePortName | null {
    if (this.#parsed === undefined) this.#parsed = this.name === null ? null : parseServicePortName(this.name);
    return this.#parsed;
  }

  /** What the rules do not have, said only where the capture would show it. */
  #absent<T>(value: T): T | null {
    const { natComplete, filterComplete } = this.#source;
    return natComplete && (filterComplete || this.hasEndpoints === true) ? value : null;
  }

  #name(chain: ChainId): string | null {
    return chain === NONE ? null : this.#source.ruleset.chainName(chain);
  }

  #frontendsOf(kind: Frontend["kind"]): readonly Frontend[] {
    const found: Frontend[] = [];
    for (const frontend of this.frontends) if (frontend.kind === kind) found.push(frontend);
    return found;
  }

  /** Of several frontends the one whose comment has this Service's own name, rather one that no other Service claims; else the first. */
  #best(frontends: readonly Frontend[]): Frontend | null {
    if (frontends.length < 2) return frontends[0] ?? null;
    const own = frontends.filter(({ rule }) => this.name !== null && this.#source.rules.name(rule) === this.name);
    return own.find((frontend) => !this.#source.destinations.isContested(frontend)) ?? own[0] ?? frontends[0] ?? null;
  }

  #addresses(kind: "externalIP" | "loadBalancerIP"): readonly string[] | null {
    const found: string[] = [];
    for (const frontend of this.frontends) {
      if (frontend.kind === "external") return null;
      if (frontend.kind === kind) found.push(frontend.ip ?? "");
    }
    return found.length > 0 ? found : this.#outsideShown() ? this.#absent([]) : null;
  }

  /** Rules of table filter show an endpoint-less Service's ways in as one thing by its name alone. */
  #outsideShown(): boolean {
    return this.hasEndpoints === true ? this.group.hasChain || this.name !== null : this.name !== null;
  }

  #hasOutside(): boolean {
    return this.frontends.some(({ kind }) => kind === "external" || kind === "loadBalancerIP") || !this.#outsideShown();
  }

  #policyOfExternalChain(ext: ChainId): TrafficPolicy | null {
    const slots = new Set<string>();
    const { store } = this.#source.ruleset;
    for (let rule = store.firstRule(ext); rule !== NONE; rule = store.nextRule(rule))
      slots.add(slotOf(this.#source.rules.claim(rule))?.name ?? "");
    if (["masquerade-node", "node", "pods", "pods-interface", "local"].some((name) => slots.has(name))) return "Local";
    return slots.has("cluster") || slots.has("masquerade") ? "Cluster" : null;
  }

  /** A chain that is not there shows that there is no such endpoint, where the capture would have it. */
  #endpointFacts(): EndpointFacts {
    const { endpoints, clusterEndpoints, localEndpoints } = this.spread.facts();
    const { chains, localChain } = this.group;
    return {
      endpoints,
      clusterEndpoints: chains.svc === NONE ? this.#absent([]) : clusterEndpoints,
      localEndpoints: localChain === NONE ? this.#absent([]) : localEndpoints,
    };
  }
}

const hostOfNullable = (text: string | null): string | null => (text === null ? null : hostOf(text));
