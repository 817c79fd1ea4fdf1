import { byteString } from "../../../grammar/bytes.ts";
import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { isHashAt, type ServiceChainRole } from "../chain-name.ts";
import type { Frontend, NameEvidence } from "../service-map.ts";
import { UNEXPECTED } from "../templates/slots.ts";
import type { ClaimedRules } from "./claimed-rules.ts";
import { frontendOf, isFrontend, type mayAskForPort } from "./frontends.ts";

const NONE_YET: RuleId[] = [];

type Destination = Pick<Frontend, "ip" | "port" | "protocol">;

const COLON = 58;

/** So many frontends of one Service port are looked through one by one. */
const FEW = 8;

/** Where a packet goes, as a key: an address of its own, or any address of the node. */
export const destinationKey = ({ ip, port, protocol }: Destination): string => `${ip ?? "node"} ${port} ${protocol}`;

/** A health check port answers for its Service and leads to no endpoint. */
const isWayIn = ({ kind }: Frontend): boolean => kind !== "healthCheckNodePort";

const placesOf = (frontends: readonly Frontend[]): Map<string, number> =>
  new Map(frontends.flatMap((each, place) => (isWayIn(each) ? [[destinationKey(each), place] as const] : [])));

/** Finds out the name of a group, what proves it, and the protocol. */
export type Namer = (group: ServiceGroup) => void;

/** What the rules tie together as one Service port: chains and rule numbers. Frontends and the name are made when they are asked for. */
export class ServiceGroup {
  readonly index: number;
  /** Bytes of what its chains' names end in; -1 when it has no chain. */
  readonly suffixStart: number;
  readonly suffixEnd: number;
  readonly chains: Record<ServiceChainRole, ChainId> = { svc: NONE, svl: NONE, ext: NONE, fw: NONE, xlb: NONE };
  /** A set says that its traffic from outside stays on the node. */
  isLocal = false;
  /** Nothing is known of it but by the rules that lead to it. */
  isPlain = true;
  readonly #rules: ClaimedRules;
  #ways: RuleId[] = NONE_YET;
  #marks: RuleId[] = NONE_YET;
  #shared: RuleId[] | undefined;
  #frontends: Frontend[] | undefined;
  /** Places of frontends by destination, once there are many. */
  #places: Map<string, number> | undefined;
  #namer: Namer | null;
  #name: string | null = null;
  /** Bytes of the name where it is yet to be cut. */
  #nameStart: number = NONE;
  #nameEnd: number = NONE;
  #nameEvidence: NameEvidence = null;
  #protocol: string | null = null;

  constructor(index: number, rules: ClaimedRules, suffixStart: number, suffixEnd: number, namer: Namer) {
    this.index = index;
    this.#rules = rules;
    this.suffixStart = suffixStart;
    this.suffixEnd = suffixEnd;
    this.#namer = namer;
  }

  /** Rules of table nat that lead from shared chains to one of its own, in the order of the text, whatever they are. */
  get ways(): readonly RuleId[] {
    return this.#ways;
  }

  addWay(rule: RuleId): void {
    // nearly all have one or two, and an array that grows takes room for sixteen more
    if (this.#ways.length === 0) this.#ways = [rule];
    else if (this.#ways.length === 1) this.#ways = [this.#ways[0] as RuleId, rule];
    else this.#ways.push(rule);
  }

  /** Marks for what those rules ask for, each right before one of them: before 1.21 they stand in the shared chains. */
  get marks(): readonly RuleId[] {
    return this.#marks;
  }

  addMark(rule: RuleId): void {
    if (this.#marks.length === 0) this.#marks = [rule];
    else this.#marks.push(rule);
    this.#shared?.push(rule);
  }

  /** Whether the suffix has the form of a hash. */
  get hashed(): boolean {
    return isHashAt(this.#rules.ruleset.store.bytes, this.suffixStart, this.suffixEnd);
  }

  get hasChain(): boolean {
    return this.suffixStart !== NONE;
  }

  /** What its chains' names end in; `null` when it has no chain. */
  get suffix(): string | null {
    return this.suffixStart === NONE
      ? null
      : byteString(this.#rules.ruleset.store.bytes, this.suffixStart, this.suffixEnd);
  }

  get name(): string | null {
    this.ensureNamed();
    if (this.#nameStart !== NONE) {
      this.#name = byteString(this.#rules.ruleset.store.bytes, this.#nameStart, this.#nameEnd);
      this.#nameStart = NONE;
    }
    return this.#name;
  }
  /** Whether the name has a colon, and whether it ends in it: before 1.18 that of a Service port without a name did. */
  get colon(): "last" | "within" | null {
    this.ensureNamed();
    if (this.#nameStart === NONE)
      return this.#name?.includes(":") ? (this.#name.endsWith(":") ? "last" : "within") : null;
    const { bytes } = this.#rules.ruleset.store;
    if (bytes[this.#nameEnd - 1] === COLON) return "last";
    for (let i = this.#nameStart; i < this.#nameEnd; i++) if (bytes[i] === COLON) return "within";
    return null;
  }
  get nameEvidence(): NameEvidence {
    this.ensureNamed();
    return this.#nameEvidence;
  }
  get protocol(): string | null {
    this.ensureNamed();
    return this.#protocol;
  }

  /** Finds out the name by what the group has so far, once. */
  ensureNamed(): void {
    if (this.#namer === null) return;
    const namer = this.#namer;
    this.#namer = null;
    namer(this);
  }

  setName(name: string | null, evidence: NameEvidence, protocol: string | null): void {
    this.#namer = null;
    this.#nameStart = NONE;
    this.#name = name;
    this.#nameEvidence = evidence;
    this.#protocol = protocol;
  }

  /** The name, proven by the hash, stands there in the text. */
  setProvenName(start: number, end: number, protocol: string): void {
    this.setName(null, "hash", protocol);
    this.#nameStart = start;
    this.#nameEnd = end;
  }

  /** Rules for it in chains that all Service ports share: those that lead to it, then marks, then those of table filter. */
  get rules(): readonly RuleId[] {
    return this.#shared ?? this.#claimed();
  }

  get hasRules(): boolean {
    if (this.#shared !== undefined) return this.#shared.length > 0;
    if (this.#marks.length > 0) return true;
    for (let i = 0; i < this.#ways.length; i++)
      if (this.#rules.claim(this.#ways[i] as RuleId) > UNEXPECTED) return true;
    return false;
  }

  addRule(rule: RuleId): void {
    this.isPlain = false;
    (this.#shared ?? this.#claimed()).push(rule);
  }

  #claimed(): RuleId[] {
    this.#shared = [];
    for (let i = 0; i < this.#ways.length; i++) {
      const rule = this.#ways[i] as RuleId;
      if (this.#rules.claim(rule) > UNEXPECTED) this.#shared.push(rule);
    }
    for (let i = 0; i < this.#marks.length; i++) this.#shared.push(this.#marks[i] as RuleId);
    return this.#shared;
  }

  get frontends(): readonly Frontend[] {
    return this.#frontends ?? this.#madeFrontends();
  }

  /** Whether there is any; that takes one claim. */
  get hasFrontends(): boolean {
    if (this.#frontends !== undefined) return this.#frontends.length > 0;
    for (let i = 0; i < this.#ways.length; i++) if (isFrontend(this.#rules, this.#ways[i] as RuleId)) return true;
    return false;
  }

  /** Its frontends were asked for: they may be more than those of `ways`. */
  get isMade(): boolean {
    return this.#frontends !== undefined;
  }

  /** False: no frontend has such a port, or address. Cheaper than to make them. */
  mayAskFor(text: Uint8Array, mayAsk: typeof mayAskForPort): boolean {
    // table filter may have shown more than the rules that lead here
    if (this.isMade) return true;
    for (let i = 0; i < this.#ways.length; i++) if (mayAsk(this.#rules, this.#ways[i] as RuleId, text)) return true;
    return false;
  }

  #madeFrontends(): Frontend[] {
    this.#frontends = [];
    const { ruleset } = this.#rules;
    for (let i = 0; i < this.#ways.length; i++) {
      const rule = this.#ways[i] as RuleId;
      if (!isFrontend(this.#rules, rule)) continue;
      const frontend = frontendOf(this.#rules, rule, ruleset.target(rule), this.chains.fw);
      // Before 1.22 an external IP has two rules.
      if (this.placeOf(frontend) < 0) this.#push(frontend);
    }
    return this.#frontends;
  }

  /** Place of the frontend for a destination; -1 where there is none. */
  placeOf({ ip, port, protocol }: Destination): number {
    const { frontends } = this;
    if (frontends.length > FEW) {
      this.#places ??= placesOf(frontends);
      return this.#places.get(destinationKey({ ip, port, protocol })) ?? -1;
    }
    for (let place = 0; place < frontends.length; place++) {
      const each = frontends[place] as Frontend;
      if (each.port === port && each.ip === ip && each.protocol === protocol && isWayIn(each)) return place;
    }
    return -1;
  }

  add(frontend: Frontend): void {
    this.isPlain = false;
    this.ensureNamed();
    if (this.#frontends === undefined) this.#madeFrontends();
    this.#push(frontend);
  }

  /** Another fate for a frontend. */
  replace(place: number, frontend: Frontend): void {
    this.isPlain = false;
    (this.#frontends as Frontend[])[place] = frontend;
  }

  #push(frontend: Frontend): void {
    const place = (this.#frontends as Frontend[]).push(frontend) - 1;
    if (this.#places !== undefined && isWayIn(frontend)) this.#places.set(destinationKey(frontend), place);
  }

  /** Chain from which packets spread over all endpoints of the cluster, then the one for those of this node. */
  get localChain(): ChainId {
    return this.chains.svl !== NONE ? this.chains.svl : this.chains.xlb;
  }
}
