import { byteString, bytesOf } from "../../../grammar/bytes.ts";
import { SALT } from "../../../grammar/salt.ts";
import { NONE, type RuleId } from "../../netfilter/ruleset.ts";
import type { RuleStore } from "../../netfilter/store.ts";
import { hostOf, portAt } from "../address-text.ts";
import type { ClaimedRules } from "../read/claimed-rules.ts";
import type { DestinationSet } from "../read/destinations.ts";
import type { ServiceGroup } from "../read/service-group.ts";
import type { Frontend } from "../service-map.ts";
import { dnatKind, type EndpointProofs } from "./endpoint-proofs.ts";
import { MODEL, modelOf, sharedRulesOf } from "./model-of.ts";
import type { ProofCode } from "./proof-code.ts";

// integers of a Service port: src/kubernetes/native/models.ts has the same
const PORT = 15;
const NAME_START = 4;
const NAME_END = 5;
const LIKE = 6;
const ADDRESS_START = 7;
const ADDRESS_END = 8;
const JUMP = 9;
const JUMPS = 10;
const NAMED = 11;
const YES = 1;

/** Bytes of a Service port: its integers, and as many slots as it takes for two names, which are a power of two. */
const FOR_PORT = PORT * 4 + 8 * 8;
const FOR_THE_REST = 1 << 12;

/** So many Service ports are tried as models; those of a node are of two or three kinds. */
const MOST_TRIALS = 64;
/** The memory behind the owner of endpoints, in which addresses are handed over. */
const LONGEST_ADDRESS = 300;

/** What the rules of a proven Service port say. */
export interface ProvenFacts {
  readonly clusterIP: string;
  readonly port: number;
  /** `null`: no rule leads from a port of the node to it. */
  readonly nodePort: number | null;
  /** It may be reached from outside. */
  readonly isExternal: boolean;
  /** The first rule that leads to an endpoint, and how many do. */
  readonly firstJump: RuleId;
  readonly endpointCount: number;
}

/**
 * Proves whole Service ports: one that was judged rule by rule is a model, and others with the same rules, but for name, addresses and
 * ports, are sound, too. Compiled ahead (src/kubernetes/native), so that a healthy one costs no object and no second look.
 */
export class ServiceProofs implements DestinationSet {
  /** What it looks at single endpoints with. */
  readonly endpoints: EndpointProofs;
  readonly #code: ProofCode;
  readonly #rules: ClaimedRules;
  readonly #groups: readonly ServiceGroup[];
  /** Where the integers of the first Service port are. */
  readonly #start: number;
  #known: Int32Array;
  #areNamesAsked = false;
  #areNamesGathered = false;
  readonly #protocols: string[] = [];
  /** Place among the Service ports by number of the group, `NONE` for those that are not proven. */
  readonly #places: Int32Array;
  #trials = 0;

  /**
   * `null` where the memory has no room for it.
   * @param groups - of the Service ports, in the order of their numbers
   */
  static of(endpoints: EndpointProofs, rules: ClaimedRules, groups: readonly ServiceGroup[]): ServiceProofs | null {
    const bytes = groups.length * FOR_PORT + rules.ruleset.store.chainCount + FOR_THE_REST;
    return endpoints.code.hasRoom(bytes) ? new ServiceProofs(endpoints, rules, groups) : null;
  }

  private constructor(endpoints: EndpointProofs, rules: ClaimedRules, groups: readonly ServiceGroup[]) {
    const { code } = endpoints;
    this.endpoints = endpoints;
    this.#code = code;
    this.#rules = rules;
    this.#groups = groups;
    this.#places = new Int32Array((groups.at(-1)?.index ?? 0) + 1).fill(NONE);
    this.#start = code.beginPorts(groups.length, rules.ruleset.store.chainCount);
    code.beginDestinations(SALT);
    this.#known = this.#integers(this.#start, groups.length * PORT);
    for (let i = 0; i < groups.length; i++)
      putPort(this.#known, i * PORT, groups[i] as ServiceGroup, rules.ruleset.store);
  }

  /** Proves what is like a model, from a Service port on. */
  proveFrom(first: number): void {
    const count = this.#groups.length;
    for (let from = first; from < count; ) {
      const end = this.#code.prove(from);
      this.#tell(from, end);
      from = end + 1;
    }
    if (this.#areNamesAsked) this.#code.proveNames(first);
  }

  /** Proves the names of endpoints, too: of all that is proven so far or will be. */
  proveNames(): void {
    this.#areNamesAsked = true;
    this.#code.proveNames(0);
  }

  /**
   * Takes a Service port that was found sound as a model. That proves it, unless bytes alone do not show what its rules are: false.
   */
  learn(port: number): boolean {
    if (this.#trials === MOST_TRIALS) return false;
    this.#trials++;
    const group = this.#groups[port] as ServiceGroup;
    const model = modelOf(this.#rules, group);
    const at = model === null ? 0 : this.#code.nextModel();
    if (model === null || at === 0) return false;
    this.#integers(at, MODEL).set(model);
    if (!this.#code.keepModel(port)) return false;
    this.#protocols.push(group.protocol as string);
    this.#tell(port, port + 1);
    return true;
  }

  /** The integers of all Service ports. */
  get #ports(): Int32Array {
    // memory that grew is another one
    if (this.#known.buffer !== this.#code.memory.buffer)
      this.#known = this.#integers(this.#start, this.#groups.length * PORT);
    return this.#known;
  }

  #tell(from: number, to: number): void {
    const ports = this.#ports;
    this.#areNamesGathered = false;
    for (let i = from; i < to; i++) {
      const at = i * PORT;
      const group = this.#groups[i] as ServiceGroup;
      const protocol = this.#protocols[ports[at + LIKE] as number] as string;
      group.setProvenName(ports[at + NAME_START] as number, ports[at + NAME_END] as number, protocol);
      this.#places[group.index] = i;
    }
  }

  /** Places of Service ports that are not proven. */
  get unproven(): readonly number[] {
    return this.#placesOf(() => this.#groups.length);
  }

  /** Places of Service ports that are not proven, or that are and have a NodePort outside of the range. */
  nodePortsOutside(low: number, high: number): readonly number[] {
    return this.#placesOf((from) => this.#code.nextNodePortOutside(from, low, high));
  }

  /** Places of Service ports that are not proven, or that are and have a cluster IP in that network of IPv4 or one that is spelled oddly. */
  clusterIPsIn(network: number, mask: number): readonly number[] {
    return this.#placesOf((from) => this.#code.nextAddress(from, network, mask));
  }

  /** Places of Service ports that are not proven, or that are and have a name that begins so. */
  namesFrom(start: string): readonly number[] {
    const at = this.#code.ownerAt();
    const end = this.#put(start);
    return this.#placesOf((from) => this.#code.nextName(from, at, end));
  }

  /** How many Services and Service ports are proven, by their names. */
  get counts(): { readonly services: number; readonly servicePorts: number } {
    this.#gatherNames();
    return { services: this.#code.serviceNameCount(), servicePorts: this.#code.portNameCount() };
  }

  /** Whether a Service of that name is proven, or with a protocol a Service port. */
  isNameProven(name: string, protocol: string | null = null): boolean {
    if (name.length > LONGEST_ADDRESS || (protocol !== null && dnatKind(protocol) === 0)) return false;
    this.#gatherNames();
    return Boolean(
      this.#code.hasName(this.#code.ownerAt(), this.#put(name), protocol === null ? 0 : dnatKind(protocol)),
    );
  }

  #gatherNames(): void {
    if (!this.#areNamesGathered) this.#code.gatherNames();
    this.#areNamesGathered = true;
  }

  /** Those that are not proven, and those of which `next` tells the first one from a place on. */
  #placesOf(next: (from: number) => number): readonly number[] {
    const found: number[] = [];
    const count = this.#groups.length;
    for (let at = this.#code.nextUnproven(0); at < count; at = this.#code.nextUnproven(at + 1)) found.push(at);
    for (let at = next(0); at < count; at = next(at + 1)) found.push(at);
    return found.sort((a, b) => a - b);
  }

  /** Hands over a text, at most of a name's length; the end of it. */
  #put(text: string): number {
    const at = this.#code.ownerAt();
    const bytes = bytesOf(text.slice(0, LONGEST_ADDRESS));
    new Uint8Array(this.#code.memory.buffer, at, bytes.length).set(bytes);
    return at + bytes.length;
  }

  isProven({ index }: ServiceGroup): boolean {
    return (this.#places[index] ?? NONE) !== NONE;
  }

  /** Whether it is proven with the names of its endpoints. */
  isNamed({ index }: ServiceGroup): boolean {
    const place = this.#places[index] ?? NONE;
    return place !== NONE && this.#ports[place * PORT + NAMED] === YES;
  }

  /** `null` for one that is not proven. */
  facts(group: ServiceGroup): ProvenFacts | null {
    const clusterIP = this.clusterIP(group);
    if (clusterIP === null) return null;
    const { index, ways, chains } = group;
    const ports = this.#ports;
    const at = (this.#places[index] as number) * PORT;
    // by number: taking an array apart makes two objects
    return {
      clusterIP,
      port: this.#portOf(ways[0] as RuleId),
      nodePort: ways.length === 1 ? null : this.#portOf(ways[ways.length - 1] as RuleId),
      isExternal: chains.ext !== NONE || ways.length > 1,
      firstJump: ports[at + JUMP] as RuleId,
      endpointCount: ports[at + JUMPS] as number,
    };
  }

  /** `null` for one that is not proven. */
  clusterIP({ index }: ServiceGroup): string | null {
    const place = this.#places[index] ?? NONE;
    if (place === NONE) return null;
    const ports = this.#ports;
    const at = place * PORT;
    const { bytes } = this.#rules.ruleset.store;
    return hostOf(byteString(bytes, ports[at + ADDRESS_START] as number, ports[at + ADDRESS_END] as number));
  }

  #portOf(rule: RuleId): number {
    const { store } = this.#rules.ruleset;
    const start = store.valueStart(rule);
    return portAt(store.bytes, start, store.wordEnd(start));
  }

  /** By chain: 1 for those of Service ports that are proven with the names of their endpoints. A copy. */
  soundChains(): Uint8Array {
    return new Uint8Array(this.#code.memory.buffer, this.#code.soundAt(), this.#rules.ruleset.store.chainCount).slice();
  }

  /** Those of proven Service ports are in it. */
  add({ ip, port, protocol }: Frontend): void {
    this.#code.addDestination(this.#code.ownerAt(), this.#put(ip ?? ""), port ?? NONE, dnatKind(protocol));
  }

  get areDistinct(): boolean {
    return Boolean(this.#code.areDistinct());
  }

  #integers(at: number, count: number): Int32Array {
    return new Int32Array(this.#code.memory.buffer, at, count);
  }
}

/** Its chains and the rules that lead to it; nothing of one that has others, or of which something else is known. */
function putPort(ports: Int32Array, at: number, group: ServiceGroup, store: RuleStore): void {
  const { svc, svl, ext, fw, xlb } = group.chains;
  const shared = svl === NONE && fw === NONE && xlb === NONE ? sharedRulesOf(group, store) : null;
  ports[at] = shared === null ? NONE : svc;
  ports[at + 1] = ext;
  ports[at + 2] = shared?.way ?? NONE;
  ports[at + 3] = shared?.nodeWay ?? NONE;
  ports[at + LIKE] = NONE;
  ports[at + NAMED] = 0;
  ports[at + 12] = shared?.mark ?? NONE;
  ports[at + 13] = shared?.nodeMark ?? NONE;
  ports[at + 14] = shared?.counter ?? NONE;
}
