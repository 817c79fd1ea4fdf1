import { bytesOf } from "../../../grammar/bytes.ts";
import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import type { RuleStore } from "../../netfilter/store.ts";
import { hostPrefix } from "../address-text.ts";
import type { ClaimedRules } from "../read/claimed-rules.ts";
import type { EndpointChains } from "../read/endpoint-chains.ts";
import { areAlike } from "../read/frontends.ts";
import { isCopy } from "../read/line-bytes.ts";
import type { MapSource } from "../read/map-source.ts";
import type { Frontend, ProxyParameters } from "../service-map.ts";
import type { ServicePort } from "../service-port.ts";
import { type Claim, claimOf } from "../templates/slots.ts";
import type { EndpointProofs } from "./endpoint-proofs.ts";

const CLUSTER_IP = claimOf("nat KUBE-SERVICES", "cluster-ip");
const NODE_PORT = claimOf("nat KUBE-NODEPORTS", "node-port");
const COUNTED_LOOPBACK = claimOf("nat KUBE-NODEPORTS", "counted-loopback");
const MASQUERADE_ALL = claimOf("ext", "masquerade");
const EXTERNAL_CLUSTER = claimOf("ext", "cluster");
const OLD_MARK = claimOf("nat KUBE-SERVICES", "masquerade-cluster-ip");
const OLD_NODE_PORT_MARK = claimOf("nat KUBE-NODEPORTS", "masquerade");
const OLD_NODE_PORT = claimOf("nat KUBE-NODEPORTS", "to-policy");
const BALANCER = {
  svc: { mark: claimOf("svc", "masquerade-cluster-ip"), endpoint: claimOf("svc", "endpoint") },
  svl: { mark: claimOf("svl", "masquerade-cluster-ip"), endpoint: claimOf("svl", "endpoint") },
} as const;

/** Judges Service ports of the usual kind by the claims of their rules and few bytes. */
export class Judge {
  readonly #rules: ClaimedRules;
  readonly #store: RuleStore;
  readonly #endpoints: EndpointChains;
  readonly #parameters: ProxyParameters;
  readonly #isOld: boolean;
  /** kube-proxy marks what strangers send to cluster IPs. */
  readonly #isMarking: boolean;
  /** It counts what comes to NodePorts from 127.0.0.0/8. */
  readonly #isCounting: boolean;
  readonly #proofs: EndpointProofs | null;
  /** The Service port whose endpoints were found sound at once, and the first rule that leads to them. */
  #sound: ServicePort | null = null;
  #soundJump: RuleId = NONE;
  /** Form of a DNAT rule that was seen to ask for the protocol. */
  #dnatShape = NONE;
  #dnatProtocol = "";
  /** What stands before the address in a mark that was read in full, and the form of that rule. */
  #markShape = NONE;
  #markStart = 0;
  #markLength = 0;

  constructor({ rules, ruleset, endpoints, parameters }: MapSource, proofs: EndpointProofs | null) {
    const { era, masqueradeAll, localDetector, nfacct, localhostNodePorts } = parameters;
    this.#rules = rules;
    this.#store = ruleset.store;
    this.#endpoints = endpoints;
    this.#parameters = parameters;
    this.#isOld = era === "1.20";
    this.#isCounting = era === "1.25" && nfacct === true && localhostNodePorts === true && (ruleset.family ?? 4) === 4;
    this.#proofs = proofs;
    this.#isMarking = masqueradeAll === true || localDetector !== null;
  }

  /** Whether the rules are exactly as kube-proxy writes them. False says nothing but that somebody must compare them one by one. */
  isPristine(port: ServicePort): boolean {
    const { era } = this.#parameters;
    if (era !== "1.24" && era !== "1.25" && era !== "1.20") return false;
    const svl = port.chain("svl");
    const ext = port.chain("ext");
    if (port.chain("fw") !== NONE || port.chain("xlb") !== NONE || port.chain("svc") === NONE) return false;
    if (!(this.#isOld ? this.#hasOldSharedRules(port) : this.#hasSharedRules(port))) return false;
    if (ext === NONE ? !this.#isOld && port.frontends.length !== 1 : !this.#isExternal(port, ext)) return false;
    const first = this.#firstJump(port, "svc");
    if (svl === NONE && this.#proofs?.isSound(first, port.protocol) === true) {
      this.#sound = port;
      this.#soundJump = first;
      return true;
    }
    if (!this.#isBalancer(port, "svc", first)) return false;
    if (svl !== NONE && !this.#isBalancer(port, "svl", this.#firstJump(port, "svl"))) return false;
    const chains = port.endpointChains();
    for (let i = 0; i < chains.length; i++)
      if (!this.#endpoints.isPlain(chains[i] as ChainId) || !this.#asksFor(port.protocol, chains[i] as ChainId))
        return false;
    return true;
  }

  /** Whether hashes prove the names of one that is pristine, and its comments say it. */
  isNamed(port: ServicePort): boolean {
    const { name, protocol, frontends } = port;
    if (port.nameEvidence !== "hash" || name === null || protocol === null || port.chain("svl") !== NONE) return false;
    for (let i = 0; i < frontends.length; i++) if (!this.#isFor((frontends[i] as Frontend).rule, name)) return false;
    const owner = bytesOf(name + protocol.toLowerCase());
    if (this.#sound === port && this.#proofs?.areNamed(this.#soundJump, owner) === true) return true;
    const chains = port.endpointChains();
    for (let i = 0; i < chains.length; i++)
      if (!this.#endpoints.isSurelyNamed(chains[i] as ChainId, owner)) return false;
    return true;
  }

  /** Whether the comment of the rule says the name. */
  #isFor(rule: RuleId, name: string): boolean {
    const line = this.#rules.line(rule);
    if (line === null) return this.#rules.name(rule) === name;
    return isTextAt(this.#store.bytes, line.nameStart, line.nameEnd, name);
  }

  /** One rule for each way in, all of them leading on, and what counts packets, if there has to be such a rule. */
  #hasSharedRules(port: ServicePort): boolean {
    const { frontends, sharedRules } = port;
    let clusterIPs = 0;
    let nodePort: RuleId = NONE;
    let counter: RuleId = NONE;
    let ways = 0;
    for (let i = 0; i < sharedRules.length; i++) {
      const rule = sharedRules[i] as RuleId;
      const claim = this.#rules.claim(rule);
      if (claim === COUNTED_LOOPBACK && counter === NONE) {
        counter = rule;
        continue;
      }
      if (claim === CLUSTER_IP) clusterIPs++;
      else if (claim === NODE_PORT && nodePort === NONE) nodePort = rule;
      else return false;
      const frontend = frontends[ways++];
      if (frontend?.fate !== "forwarded" || frontend.protocol !== port.protocol) return false;
    }
    if (clusterIPs !== 1 || ways !== frontends.length || port.clusterFrontend?.chain !== port.chain("svc"))
      return false;
    return this.#isCounting && nodePort !== NONE ? this.#isCounterOf(counter, nodePort) : counter === NONE;
  }

  /** Whether a rule counts what the next one lets in from 127.0.0.0/8. */
  #isCounterOf(counter: RuleId, nodePort: RuleId): boolean {
    const rules = this.#rules;
    return (
      counter !== NONE &&
      this.#store.nextRule(counter) === nodePort &&
      rules.value(counter, "loopback") === "127.0.0.0/8" &&
      rules.value(counter, "nodePort") === rules.value(nodePort, "nodePort") &&
      rules.value(counter, "protocol") === rules.value(nodePort, "protocol") &&
      rules.name(counter) === rules.name(nodePort)
    );
  }

  /** Whether the chain translates packets of the protocol; what the rule does not say stands for any. */
  #asksFor(protocol: string | null, chain: ChainId): boolean {
    if (protocol === null) return true;
    const rule = this.#endpoints.dnatOf(chain);
    const shape = this.#store.shapeId(rule);
    if (shape >= 0 && shape === this.#dnatShape && protocol === this.#dnatProtocol) return true;
    if (!this.#store.shape(rule).matches.some(({ name }) => name === protocol)) return false;
    this.#dnatShape = shape;
    this.#dnatProtocol = protocol;
    return true;
  }

  /** Before 1.22: a mark and a jump for the cluster IP, the same for a NodePort. */
  #hasOldSharedRules(port: ServicePort): boolean {
    const inServices: RuleId[] = [];
    const inNodePorts: RuleId[] = [];
    for (const rule of [...port.sharedRules].sort((a, b) => a - b)) {
      const claim = this.#rules.claim(rule);
      (claim === OLD_NODE_PORT_MARK || claim === OLD_NODE_PORT ? inNodePorts : inServices).push(rule);
    }
    const [mark, jump] = inNodePorts;
    const first = inServices[0] as RuleId;
    return (
      this.#parameters.localDetector?.kind !== "interface" &&
      this.#claimsAre(inServices, this.#isMarking ? [OLD_MARK, CLUSTER_IP] : [CLUSTER_IP]) &&
      (this.#rules.claim(first) !== OLD_MARK || this.#isMarkFor(port, first)) &&
      (mark === undefined ||
        (this.#claimsAre(inNodePorts, [OLD_NODE_PORT_MARK, OLD_NODE_PORT]) &&
          this.#rules.value(mark, "nodePort") === this.#rules.value(jump as RuleId, "nodePort")))
    );
  }

  /** Whether a mark asks for the Service's own cluster IP and for the node's own pods. */
  #isMarkFor(port: ServicePort, rule: RuleId): boolean {
    const frontend = port.clusterFrontend;
    if (frontend === null) return false;
    if (this.#isLikeKnownMark(rule, frontend.rule)) return true;
    const { localDetector: detector, masqueradeAll } = this.#parameters;
    const local = masqueradeAll === true ? null : detector;
    if (
      this.#rules.value(rule, "clusterIP") !== hostPrefix(frontend.ip ?? "") ||
      this.#rules.value(rule, "port") !== String(frontend.port) ||
      this.#rules.value(rule, "protocol") !== frontend.protocol ||
      this.#rules.value(rule, "notLocalSource") !== (local?.kind === "cidr" ? local.value : null) ||
      this.#rules.value(rule, "notLocalInterface") !== (local?.kind === "interface" ? local.value : null)
    )
      return false;
    const line = this.#rules.line(rule);
    const nameEnd = this.#chainNameEnd(rule);
    if (line === null || line.addressStart < 0 || nameEnd === NONE) return true;
    this.#markShape = this.#store.shapeId(rule);
    this.#markStart = nameEnd;
    this.#markLength = line.addressStart - nameEnd;
    return true;
  }

  /** Whether a rule says before its address what a mark says that was read in full, and else what the other rule says. */
  #isLikeKnownMark(rule: RuleId, jump: RuleId): boolean {
    if (this.#markShape < 0 || this.#store.shapeId(rule) !== this.#markShape) return false;
    if (!areAlike(this.#rules, jump, rule)) return false;
    const start = (this.#rules.line(rule)?.addressStart ?? NONE) - this.#markLength;
    const { bytes } = this.#store;
    return (
      start === this.#chainNameEnd(rule) && isCopy(bytes, this.#markStart, this.#markStart + this.#markLength, start)
    );
  }

  /** Behind the name of the rule's chain in a line that begins with `-A`; `NONE` for another one. */
  #chainNameEnd(rule: RuleId): number {
    const { bytes } = this.#store;
    const start = this.#store.ast.offset(this.#store.node(rule));
    if (bytes[start] !== DASH || bytes[start + 1] !== LETTER_A || bytes[start + 2] !== BLANK) return NONE;
    return this.#store.wordEnd(start + 3);
  }

  /** KUBE-SVC, KUBE-SVL: the rule behind the mark, if there has to be one; `NONE` where it is not as it has to be. */
  #firstJump(port: ServicePort, role: "svc" | "svl"): RuleId {
    const chain = port.chain(role);
    const first = this.#store.firstRule(chain);
    if (this.#isOld || !this.#isMarking || port.clusterFrontend?.chain !== chain) return first;
    const isMark = first !== NONE && this.#rules.claim(first) === BALANCER[role].mark && this.#isMarkFor(port, first);
    return isMark ? this.#store.nextRule(first) : NONE;
  }

  /** Behind the mark jumps that share evenly, without affinity. */
  #isBalancer(port: ServicePort, role: "svc" | "svl", first: RuleId): boolean {
    const { endpoint } = BALANCER[role];
    for (let rule = first; rule !== NONE; rule = this.#store.nextRule(rule))
      if (this.#rules.claim(rule) !== endpoint) return false;
    return first !== NONE && port.balance(port.chain(role)) === "even";
  }

  /** KUBE-EXT of a Service whose traffic goes to all endpoints: the mark, then the jump. */
  #isExternal(port: ServicePort, ext: ChainId): boolean {
    const first = this.#store.firstRule(ext);
    const last = first === NONE ? NONE : this.#store.nextRule(first);
    return (
      last !== NONE &&
      this.#store.nextRule(last) === NONE &&
      this.#rules.claim(first) === MASQUERADE_ALL &&
      this.#rules.claim(last) === EXTERNAL_CLUSTER &&
      this.#store.targetChain(last) === port.chain("svc")
    );
  }

  #claimsAre(rules: readonly RuleId[], wanted: readonly Claim[]): boolean {
    return rules.length === wanted.length && rules.every((rule, i) => this.#rules.claim(rule) === wanted[i]);
  }
}

const BLANK = 32;
const DASH = 45;
const LETTER_A = 65;

function isTextAt(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}
