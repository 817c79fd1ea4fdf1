import type { Shape } from "../../../grammar/shape.ts";
import { NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { roleNumber } from "../read/chain-roles.ts";
import type { ClaimedRules } from "../read/claimed-rules.ts";
import { type Candidate, planFor } from "../templates/plan.ts";
import { claimOf } from "../templates/slots.ts";
import { type ProofCode, proofCodeFor } from "./proof-code.ts";

// kinds of forms: src/kubernetes/native/columns.ts has the same
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
/** Longer ones are not proven here: an address is yet to follow, and src/kubernetes/native has room for six blocks of SHA-256. */
const LONGEST_OWNER = 300;

/**
 * Proves that the endpoints of single Service ports are as kube-proxy writes them, without a look at the claims of their rules: by forms that
 * only one slot can have, shares and addresses. Compiled ahead (src/kubernetes/native), because a large node has a hundred thousand such
 * rules and each is looked at once.
 */
export class EndpointProofs {
  readonly code: ProofCode;

  private constructor(rules: ClaimedRules, kinds: Uint8Array) {
    this.code = proofCodeFor(rules, kinds);
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
    const dnat = dnatKind(protocol);
    return rule !== NONE && dnat !== NO_KIND && this.code.isSound(rule, dnat) > 0;
  }

  /**
   * The same chain's endpoints, once it was found sound: whether their names are the hashes of the owner (name and protocol, as bytes) and
   * of where they send. False: perhaps.
   */
  areNamed(rule: RuleId, owner: Uint8Array): boolean {
    if (owner.length > LONGEST_OWNER) return false;
    // the memory may have grown
    new Uint8Array(this.code.memory.buffer).set(owner, this.code.ownerAt());
    return Boolean(this.code.areNamed(rule, owner.length));
  }
}

/** Kind of the forms that translate packets of the protocol; 0: nothing is known of them. */
export function dnatKind(protocol: string | null): number {
  const place = PROTOCOLS.indexOf(protocol ?? "");
  return place < 0 ? NO_KIND : DNAT + place;
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
