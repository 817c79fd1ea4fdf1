import type { Shape } from "../../../grammar/shape.ts";
import { instantiate, type Memory } from "../../../grammar/web-assembly.ts";
import { NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { nativeCode } from "../native-code.ts";
import { type Candidate, planFor } from "../templates/plan.ts";
import { claimOf } from "../templates/slots.ts";
import { type ClaimedRules, roleNumber } from "./claimed-rules.ts";

/** What src/kubernetes/native exports; places are bytes in memory. */
interface Native {
  readonly memory: Memory;
  room(bytes: number): number;
  beginText(at: number): void;
  beginRules(nodes: number, targets: number, next: number, values: number): void;
  beginForms(forms: number, kinds: number): void;
  beginChains(count: number, first: number, roles: number, sepRole: number, markRole: number): void;
  beginNames(starts: number, lengths: number): void;
  ownerAt(): number;
  isSound(rule: number, dnat: number): boolean | number;
  areNamed(rule: number, length: number): boolean | number;
}

// kinds of forms: src/kubernetes/native/index.ts has the same
const NO_KIND = 0;
const LAST = 1;
const CHANCE = 2;
const HAIRPIN = 3;
/** Forms that translate packets of a protocol: this, and the place of the protocol. */
const DNAT = 8;
const PROTOCOLS = ["tcp", "udp", "sctp"];

const SEP = roleNumber("sep");
const MARK = roleNumber("nat KUBE-MARK-MASQ");
const BALANCERS = [roleNumber("svc"), roleNumber("svl")];
const JUMPS = [claimOf("svc", "endpoint"), claimOf("svl", "endpoint")];

/** Forms of more kinds than that are no kube-proxy's alone, and looking at each takes longer than it saves. */
const MOST_FORMS = 256;
/** Fewer rules are looked at one by one before the code is compiled. */
const FEW_RULES = 2000;
/** The memory of an instance has four gigabytes at most. */
const LARGEST_TEXT = 1 << 30;
const LF = 10;
/** Longer ones leave no room for an address in one block of SHA-256. */
const LONGEST_OWNER = 48;

/**
 * Proves that the endpoints of single Service ports are as kube-proxy writes them, without a look at the claims of their rules: by forms that
 * only one slot can have, shares and addresses. Compiled ahead (src/kubernetes/native), because a large node has a hundred thousand such
 * rules and each is looked at once.
 */
export class EndpointProofs {
  readonly #native: Native;
  /** Where the owner of endpoints is put. */
  readonly #owner: Uint8Array;

  private constructor(rules: ClaimedRules, kinds: Uint8Array) {
    const { store } = rules.ruleset;
    const { columns } = store;
    const native = instantiate(nativeCode) as Native;
    const text = put(native, store.bytes, 1);
    native.beginText(text);
    native.beginRules(
      put(native, columns.ruleNode),
      put(native, columns.ruleTarget),
      put(native, columns.ruleNext),
      put(native, columns.ruleValue),
    );
    native.beginForms(put(native, store.ast.shapeIds), put(native, kinds));
    native.beginNames(put(native, store.names.starts), put(native, store.names.lengths));
    native.beginChains(store.chainCount, put(native, columns.chainFirst), put(native, rules.roles), SEP, MARK);
    // nothing takes room from here on, so the memory stays
    const { buffer } = native.memory;
    new Uint8Array(buffer)[text + store.bytes.length] = LF;
    this.#native = native;
    this.#owner = new Uint8Array(buffer, native.ownerAt(), LONGEST_OWNER);
  }

  /** `null` where it does not pay: for fewer rules than that, for rules of many forms, for a text of more than a gigabyte. */
  static of(rules: ClaimedRules, fewest = FEW_RULES): EndpointProofs | null {
    const { store } = rules.ruleset;
    const { shapes } = store.ast;
    if (store.ruleCount < fewest || store.bytes.length > LARGEST_TEXT || shapes === null || shapes.length > MOST_FORMS)
      return null;
    return new EndpointProofs(rules, Uint8Array.from(shapes, kindOf));
  }

  /**
   * Whether all rules from `rule` to the end of its chain lead to endpoints, each to another one, with shares as kube-proxy writes them in
   * ten decimals, and the endpoints' chains hold the mark and the translation of packets of the protocol for one address, nothing else.
   * False: perhaps.
   */
  isSound(rule: RuleId, protocol: string | null): boolean {
    const place = PROTOCOLS.indexOf(protocol ?? "");
    return rule !== NONE && place >= 0 && Boolean(this.#native.isSound(rule, DNAT + place));
  }

  /**
   * The same chain's endpoints, once it was found sound: whether their names are the hashes of the owner (name and protocol, as bytes) and
   * of where they send. False: perhaps.
   */
  areNamed(rule: RuleId, owner: Uint8Array): boolean {
    if (owner.length > LONGEST_OWNER) return false;
    this.#owner.set(owner);
    return Boolean(this.#native.areNamed(rule, owner.length));
  }
}

/** Copies a column into the memory of the instance, with so much room behind it; the place. */
function put(native: Native, column: Uint8Array | Int8Array | Int32Array, room = 0): number {
  const at = native.room(column.byteLength + room);
  new Uint8Array(native.memory.buffer).set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
  return at;
}

/** What all rules of a form are, if only one slot can have it, whatever their values and comments. */
function kindOf(shape: Shape): number {
  if (shape.kind !== "rule" || shape.goto) return NO_KIND;
  const jumps = BALANCERS.map((role) => onlyCandidate(shape, role, SEP));
  if (jumps.every((jump, i) => jump !== null && jump.claim === JUMPS[i])) return kindOfJump(jumps[0] as Candidate);
  const mark = onlyCandidate(shape, SEP, MARK);
  if (mark?.claim === claimOf("sep", "hairpin") && mark.valueHole === "endpointIP") return HAIRPIN;
  const dnat = onlyCandidate(shape, SEP, NONE);
  if (dnat?.claim !== claimOf("sep", "dnat") || dnat.valueHole !== "endpoint" || has(dnat, "SEP")) return NO_KIND;
  const loaded = new Set(shape.matches.map(({ name }) => name));
  const place = PROTOCOLS.findIndex((protocol) => loaded.has(protocol));
  return place < 0 ? NO_KIND : DNAT + place;
}

function kindOfJump(jump: Candidate): number {
  if (!has(jump, "probability")) return LAST;
  return jump.valueHole === "probability" ? CHANCE : NO_KIND;
}

const has = ({ holes }: Candidate, hole: string): boolean => (holes.get(hole) ?? NONE) !== NONE;

/** The only slot of the role that a rule of the form can fill when it leads to a chain of the other role; `null` where there is a choice. */
function onlyCandidate(shape: Shape, role: number, target: number): Candidate | null {
  const fitting = planFor(shape, role).filter(({ targets }) => targets === null || targets.includes(target));
  const [only] = fitting;
  if (only === undefined || fitting.length > 1 || only.slot.commentProves) return null;
  // the constant of a jump by chance is looked at in each rule
  return only.constants.every(({ text }) => text === "random" && has(only, "probability")) ? only : null;
}
