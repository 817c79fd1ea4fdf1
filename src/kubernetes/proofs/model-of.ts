import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import type { RuleStore } from "../../netfilter/store.ts";
import { roleNumber } from "../read/chain-roles.ts";
import type { ClaimedRules } from "../read/claimed-rules.ts";
import { isTextAt, QUOTE } from "../read/line-bytes.ts";
import type { ServiceGroup } from "../read/service-group.ts";
import { type Claim, claimOf } from "../templates/slots.ts";
import { dnatKind } from "./endpoint-proofs.ts";

const CLUSTER_IP = claimOf("nat KUBE-SERVICES", "cluster-ip");
const NODE_PORT = claimOf("nat KUBE-NODEPORTS", "node-port");
const COUNTED_LOOPBACK = claimOf("nat KUBE-NODEPORTS", "counted-loopback");
/** Before 1.21 marks stand before what leads on. */
const OLD_MARK = claimOf("nat KUBE-SERVICES", "masquerade-cluster-ip");
const OLD_NODE_PORT_MARK = claimOf("nat KUBE-NODEPORTS", "masquerade");
const OLD_NODE_PORT = claimOf("nat KUBE-NODEPORTS", "to-policy");
const MARK = claimOf("svc", "masquerade-cluster-ip");
const EXTERNAL_MARK = claimOf("ext", "masquerade");
const EXTERNAL_JUMP = claimOf("ext", "cluster");
const TO_MARK = roleNumber("nat KUBE-MARK-MASQ");
const TO_SVC = roleNumber("svc");

const FORM = 10;
/** Integers of a model: src/kubernetes/native/models.ts has the same. */
export const MODEL = 5 * FORM + 6;
const NO_FORM: readonly number[] = new Array(FORM).fill(NONE);

/** Rules for a Service port in chains that all share; `NONE`: there is none. */
export interface SharedRules {
  /** It leads from the cluster IP. */
  readonly way: RuleId;
  /** It stands right before that. */
  readonly mark: RuleId;
  /** It leads from a port of the node. */
  readonly nodeWay: RuleId;
  /** These stand right before that. */
  readonly nodeMark: RuleId;
  readonly counter: RuleId;
}

/** The rules of a group by what they are; `null` of one that has others, or of which something else is known. */
export function sharedRulesOf({ isPlain, ways, marks }: ServiceGroup, store: RuleStore): SharedRules | null {
  const way = ways[0] ?? NONE;
  const last = ways.length === 1 ? NONE : (ways.at(-1) ?? NONE);
  const counter = ways.length === 3 ? (ways[1] as RuleId) : NONE;
  const mark = before(way, marks, store);
  const nodeMark = before(last, marks, store);
  const markCount = (mark === NONE ? 0 : 1) + (nodeMark === NONE ? 0 : 1);
  if (!isPlain || ways.length === 0 || ways.length > 3 || marks.length !== markCount) return null;
  if (counter !== NONE && store.nextRule(counter) !== last) return null;
  return { way, mark, nodeWay: last, nodeMark, counter };
}

function before(way: RuleId, marks: readonly RuleId[], store: RuleStore): RuleId {
  if (way !== NONE)
    for (let i = 0; i < marks.length; i++) if (store.nextRule(marks[i] as RuleId) === way) return marks[i] as RuleId;
  return NONE;
}

/** What the rules of a Service port say; `null` where bytes alone do not show which slots they fill. */
export function modelOf(rules: ClaimedRules, group: ServiceGroup): readonly number[] | null {
  const { store } = rules.ruleset;
  const { chains, protocol } = group;
  const shared = sharedRulesOf(group, store);
  const first = store.firstRule(chains.svc);
  const hasMark = first !== NONE && rules.claim(first) === MARK;
  if (shared === null || protocol === null) return null;
  const { way, mark, nodeWay, nodeMark, counter } = shared;
  const none = (rule: RuleId): readonly number[] | null => (rule === NONE ? NO_FORM : null);
  const forms = [
    formOf(rules, way, CLUSTER_IP),
    none(nodeWay) ?? formOf(rules, nodeWay, NODE_PORT) ?? formOf(rules, nodeWay, OLD_NODE_PORT),
    mark !== NONE ? formOf(rules, mark, OLD_MARK) : hasMark ? formOf(rules, first, MARK) : NO_FORM,
    none(nodeMark) ?? formOf(rules, nodeMark, OLD_NODE_PORT_MARK),
    none(counter) ?? formOfCounter(rules, counter),
    chains.ext === NONE ? [NONE, NONE] : externalOf(rules, chains.ext),
  ];
  if (!forms.every((form) => form !== null) || (mark !== NONE && hasMark)) return null;
  const start = rules.line(way)?.protocolStart ?? NONE;
  return [...forms.flat(), mark === NONE ? 0 : 1, dnatKind(protocol), start, protocol.length];
}

/**
 * Shape and chain of a rule; then what stands before its address, before its name, before its port and behind that, each as place and
 * length.
 */
function formOf(rules: ClaimedRules, rule: RuleId, claim: Claim): readonly number[] | null {
  const { store } = rules.ruleset;
  const line = rule === NONE || rules.claim(rule) !== claim ? null : rules.line(rule);
  if (line === null) return null;
  const { addressStart, addressEnd, nameStart, nameEnd, portStart, portEnd } = line;
  const front = chainNameEnd(store, rule);
  const end = addressStart === NONE ? addressEnd : addressStart;
  return [
    ...[store.shapeId(rule), store.chainOf(rule), front, end - front],
    ...[addressEnd, nameStart - addressEnd, nameEnd, portStart - nameEnd, portEnd, 0],
  ];
}

/** The same of a rule that counts packets to 127.0.0.0/8: its last value is not the port. */
function formOfCounter(rules: ClaimedRules, rule: RuleId): readonly number[] | null {
  const { store } = rules.ruleset;
  const candidate = rules.claim(rule) === COUNTED_LOOPBACK ? rules.candidate(rule) : null;
  const port = candidate?.holes.get("nodePort") ?? NONE;
  const afterName = candidate?.slot.template.afterName ?? null;
  const last = store.valueStart(rule);
  if (candidate === null || candidate.comment < 0 || port <= candidate.comment || afterName === null) return null;
  const { spans } = rules.ruleset.words(rule);
  const start = (word: number): number => spans[word << 1] as number;
  const end = (word: number): number => spans[(word << 1) + 1] as number;
  const nameStart = start(candidate.comment) + 1;
  const nameEnd = end(candidate.comment) - 1 - afterName.length;
  if (store.bytes[nameStart - 1] !== QUOTE || !isTextAt(store.bytes, nameEnd, `${afterName}"`)) return null;
  if (last < end(port)) return null;
  const front = chainNameEnd(store, rule);
  return [
    ...[store.shapeId(rule), store.chainOf(rule), front, 0],
    ...[front, nameStart - front, nameEnd, start(port) - nameEnd, end(port), store.wordEnd(last) - end(port)],
  ];
}

/** Behind the name of the rule's chain, counters before `-A` or none. */
function chainNameEnd(store: RuleStore, rule: RuleId): number {
  const start = store.ast.offset(store.node(rule));
  const command = store.bytes[start] === BRACKET ? store.wordEnd(start) + 1 : start;
  return store.wordEnd(store.wordEnd(command) + 1);
}

const BRACKET = 91;

/** Shapes of the two rules of KUBE-EXT, if these and their targets alone show what they are. */
function externalOf(rules: ClaimedRules, ext: ChainId): readonly number[] | null {
  const { store } = rules.ruleset;
  const mark = store.firstRule(ext);
  const jump = mark === NONE ? NONE : store.nextRule(mark);
  if (jump === NONE || rules.claimOfForm(mark, TO_MARK) !== EXTERNAL_MARK) return null;
  return rules.claimOfForm(jump, TO_SVC) === EXTERNAL_JUMP ? [store.shapeId(mark), store.shapeId(jump)] : null;
}
