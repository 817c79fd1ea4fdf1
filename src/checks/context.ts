import type { Suspects } from "../kubernetes/proofs/suspects.ts";
import type { ClaimedRules } from "../kubernetes/read/claimed-rules.ts";
import type { EndpointChains } from "../kubernetes/read/endpoint-chains.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type Role, roles } from "../kubernetes/templates/slot.ts";
import { slotOf } from "../kubernetes/templates/slots.ts";
import { type WrittenRule, writeNode } from "../kubernetes/write-rules.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import type { Table, TableName } from "../netfilter/table.ts";
import { trace } from "../netfilter/trace/trace.ts";
import { type Capture, captureOf } from "./capture.ts";
import { bitsOf, type Client, type ClientKind, clientsOf, nodeOfProbes } from "./clients.ts";
import { deviationsOf } from "./compare.ts";
import type { NodeDeviation } from "./deviation.ts";
import { Deviations } from "./deviations.ts";
import { type Effect, effectOf, effectOn } from "./effect.ts";
import type { ClusterFacts } from "./facts.ts";
import { LooseRules } from "./loose-rules.ts";
import { nodeDeviationsOf } from "./node-deviations.ts";
import { type Outcome, outcomesOf, type Probe, questionOf } from "./probe.ts";
import { samplePorts } from "./samples.ts";
import { type ShareFault, shareFaultIn } from "./share-fault.ts";
import { surroundingsOf, surroundingsWithout, type TableSurroundings } from "./surroundings.ts";
import { type Unreferenced, unreferencedIn } from "./unreferenced.ts";
import { writableNode, write } from "./written.ts";

/**
 * How much of a table the text has: all of it, cut off before its COMMIT, lines without a `*table` (an excerpt, an article), or
 * nothing.
 */
export type Wholeness = "whole" | "cut" | "fragment" | "absent";

/** So many packets are sent ahead at most: damage to every Service of a large node is said once, not traced ten thousand times. */
const MOST_TRACES = 2000;

const NOT_TRACED: Effect = { harms: [], severity: "warning", text: "Not traced: too many Services are damaged." };

/** What checks ask of one ruleset. Every answer is made once. */
export class Context {
  readonly store: RuleStore;
  readonly ruleset: Ruleset;
  /** What kube-proxy meant by its rules. */
  readonly services: ServiceMap;
  /** What is known of the node and its cluster besides. */
  readonly facts: ClusterFacts;
  readonly #all: () => readonly Context[];
  #owners: Int32Array | undefined;
  #node: ReturnType<typeof nodeOfProbes> | undefined;
  #clients: ReadonlyMap<ClientKind, Client> | undefined;
  #capture: Capture | undefined;
  #nodeRules: readonly WrittenRule[] | undefined;
  #nodeDeviations: readonly NodeDeviation[] | undefined;
  #surroundings: readonly TableSurroundings[] | undefined;
  #nodeEffect: Effect | undefined;
  #deviations: Deviations | undefined;
  #unreferenced: Unreferenced | undefined;
  #loose: LooseRules | undefined;
  readonly #shareFaults = new Map<ChainId, ShareFault | null>();
  readonly #noted = new Set<ChainId>();
  readonly #spokenOf = new Set<RuleId>();
  readonly #traces = new Map<Ruleset, Map<string, readonly Outcome[]>>();
  readonly #effects = new Map<ServicePort, Effect>();
  #tracesLeft = MOST_TRACES;

  constructor(services: ServiceMap, facts: ClusterFacts, all: () => readonly Context[]) {
    this.store = services.ruleset.store;
    this.ruleset = services.ruleset;
    this.services = services;
    this.facts = facts;
    this.#all = all;
  }

  /** All rulesets of the node. */
  get all(): readonly Context[] {
    return this.#all();
  }

  wholeness(name: TableName): Wholeness {
    const table = this.ruleset.table(name);
    if (table === undefined) return "absent";
    if (table.implied) return "fragment";
    return table.block.committed ? "whole" : "cut";
  }

  isWhole(name: TableName): boolean {
    return this.wholeness(name) === "whole";
  }

  /** The ruleset's tables that the text has whole. */
  get wholeTables(): readonly Table[] {
    return this.ruleset.tables.filter((table) => this.isWhole(table.name));
  }

  /** Which slot of kube-proxy's templates each rule fills. */
  get claims(): ClaimedRules {
    return this.services.source.rules;
  }

  /** The two rules of each KUBE-SEP chain. */
  get endpoints(): EndpointChains {
    return this.services.source.endpoints;
  }

  /** Name of the slot that the rule fills; "" for a rule that fills none. */
  slot(rule: RuleId): string {
    return slotOf(this.claims.claim(rule))?.name ?? "";
  }

  /** What the chain is to kube-proxy; `null` for chains of others. */
  role(chain: ChainId): Role | null {
    return chain === NONE ? null : (roles[this.claims.roles[chain] as number] ?? null);
  }

  /** First rule of the chain that fills the slot, or `NONE`. */
  ruleIn(chain: ChainId, slot: string): RuleId {
    if (chain === NONE) return NONE;
    for (let rule = this.store.firstRule(chain); rule !== NONE; rule = this.store.nextRule(rule))
      if (this.slot(rule) === slot) return rule;
    return NONE;
  }

  /** Rules of a chain in order. */
  rulesOf(chain: ChainId): RuleId[] {
    const rules: RuleId[] = [];
    if (chain === NONE) return rules;
    for (let rule = this.store.firstRule(chain); rule !== NONE; rule = this.store.nextRule(rule)) rules.push(rule);
    return rules;
  }

  /** The Service port that a chain belongs to, those of its endpoints included. */
  portOf(chain: ChainId): ServicePort | null {
    if (chain === NONE) return null;
    this.#owners ??= ownersOf(this.store.chainCount, this.services.servicePorts);
    return this.services.servicePorts[this.#owners[chain] as number] ?? null;
  }

  /** The node on which probes take place. */
  get node(): ReturnType<typeof nodeOfProbes> {
    this.#node ??= nodeOfProbes(this.ruleset.family ?? 4, this.services, this.facts);
    return this.#node;
  }

  /** A client of a kind; `undefined` where the rules do not show what it looks like. */
  client(kind: ClientKind): Client | undefined {
    this.#clients ??= clientsOf(this.ruleset.family ?? 4, this.services, this.node.address, this.facts);
    return this.#clients.get(kind);
  }

  /**
   * Sends the first packet of a connection on its way, by the rules as they are or by others; `null` where the rules do not show where
   * to, or after too many probes.
   */
  probe(client: Client | undefined, frontend: Frontend, ruleset = this.ruleset): Probe | null {
    if (client === undefined) return null;
    const question = questionOf(client, frontend, frontend.ip === null ? this.node.address : bitsOf(frontend.ip));
    if (question === null) return null;
    const traces = this.#traces.get(ruleset) ?? new Map<string, readonly Outcome[]>();
    this.#traces.set(ruleset, traces);
    const key = `${client.local} ${client.source} ${client.inInterface} ${frontend.ip} ${frontend.port} ${frontend.protocol}`;
    let outcomes = traces.get(key);
    if (outcomes === undefined) {
      if (this.#tracesLeft-- <= 0) return null;
      outcomes = outcomesOf(trace(ruleset, question, this.node.facts));
      traces.set(key, outcomes);
    }
    return { client, frontend, outcomes };
  }

  /** Service ports that a fault of a single Service is looked for with. */
  get suspects(): Suspects {
    return this.services.suspects;
  }

  /** Rules that are not as kube-proxy writes them for their Service port. */
  get deviations(): Deviations {
    this.#deviations ??= new Deviations(deviationsOf(this), this.services.servicePorts);
    return this.#deviations;
  }

  /** Why the chain of a Service port does not divide connections as kube-proxy means it; `null` where it does. */
  shareFault(port: ServicePort, chain: ChainId): ShareFault | null {
    let fault = this.#shareFaults.get(chain);
    if (fault === undefined) {
      fault = shareFaultIn(this, port, chain);
      this.#shareFaults.set(chain, fault);
    }
    return fault;
  }

  /** The rules that stand once on a node, as kube-proxy writes them here. */
  get nodeRules(): readonly WrittenRule[] {
    this.#nodeRules ??= writeNode(writableNode(this.services));
    return this.#nodeRules;
  }

  /** What nobody has taken yet of the rules that stand once on a node and are not as kube-proxy writes them. */
  takeNodeDeviations(wanted: (deviation: NodeDeviation) => boolean): readonly NodeDeviation[] {
    const left = this.#nodeDeviations ?? nodeDeviationsOf(this);
    this.#nodeDeviations = left.filter((deviation) => !wanted(deviation));
    return left.filter(wanted);
  }

  /** What there is beside kube-proxy's own rules. */
  get surroundings(): readonly TableSurroundings[] {
    this.#surroundings ??= surroundingsOf(this.services);
    return this.#surroundings;
  }

  /** What it does to clients of Services that the rules which stand once on a node are not as kube-proxy writes them. */
  get nodeEffect(): Effect {
    this.#nodeEffect ??= this.#effectOnSamples(this.surroundings);
    return this.#nodeEffect;
  }

  /** The same, and that there is this rule of somebody else in a built-in chain. */
  nodeEffectOf(rule: RuleId): Effect {
    return this.#effectOnSamples(surroundingsWithout(this.surroundings, this.ruleset, rule));
  }

  #effectOnSamples(surroundings: readonly TableSurroundings[]): Effect {
    const samples = samplePorts(this.services);
    const written = samples.length === 0 ? null : write(samples, this.services, surroundings);
    return written === null ? NOT_TRACED : effectOf(samples.flatMap((port) => effectOn(this, port, written).harms));
  }

  /** What the text itself shows of how it was made. */
  get capture(): Capture {
    this.#capture ??= captureOf(this.services);
    return this.#capture;
  }

  /** kube-proxy's chains of single Services to which no rule leads. */
  get unreferenced(): Unreferenced {
    this.#unreferenced ??= unreferencedIn(this.services);
    return this.#unreferenced;
  }

  /** Rules of no known owner in the chains that all Services share. */
  get loose(): LooseRules {
    this.#loose ??= new LooseRules(this.services);
    return this.#loose;
  }

  /** Says that another finding speaks of these unreferenced chains. */
  noteUnreferenced(chains: readonly ChainId[]): void {
    for (const chain of chains) this.#noted.add(chain);
  }

  isNotedUnreferenced(chain: ChainId): boolean {
    return this.#noted.has(chain);
  }

  /** Says that a finding speaks of the rule, so that what follows from it need not be said again. */
  noteRule(rule: RuleId): void {
    this.#spokenOf.add(rule);
  }

  isSpokenOf(rule: RuleId): boolean {
    return this.#spokenOf.has(rule);
  }

  /** What it does to clients that the rules of a Service port are not as kube-proxy writes them. */
  effectOn(port: ServicePort): Effect {
    let effect = this.#effects.get(port);
    if (effect === undefined) {
      const written = this.#tracesLeft > 0 ? write([port], this.services, this.surroundings) : null;
      effect = written === null ? NOT_TRACED : effectOn(this, port, written);
      this.#effects.set(port, effect);
    }
    return effect;
  }
}

function ownersOf(chainCount: number, ports: readonly ServicePort[]): Int32Array {
  const owners = new Int32Array(chainCount).fill(NONE);
  for (const [number, port] of ports.entries()) {
    for (const chain of port.endpointChains()) if (owners[chain] === NONE) owners[chain] = number;
    for (const role of ["svc", "svl", "ext", "fw", "xlb"] as const) {
      const chain = port.chain(role);
      if (chain !== NONE) owners[chain] = number;
    }
  }
  return owners;
}

/** One context for each ruleset of a node. */
export function contextsOf(maps: readonly ServiceMap[], facts: ClusterFacts): readonly Context[] {
  const contexts: readonly Context[] = maps.map((services) => new Context(services, facts, () => contexts));
  return contexts;
}
