import { byteString } from "../../../grammar/bytes.ts";
import type { Scanner } from "../../../grammar/scanner.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../../netfilter/ruleset.ts";
import { type Candidate, mayBeLost, planFor, targetRoles } from "../templates/plan.ts";
import { isHookRole, type Role, roles } from "../templates/slot.ts";
import { type Claim, claimOf, FIRST_LOST, FOREIGN, slotOf, UNEXPECTED } from "../templates/slots.ts";
import { ChainRoles, roleNumber } from "./chain-roles.ts";
import { LineForms } from "./line-forms.ts";
import { type KnownLine, LineValues } from "./line-values.ts";

const isHook: readonly boolean[] = roles.map(isHookRole);

const QUOTE = 34;

const IPVS_CHAIN = /^KUBE-(NODE-PORT|LOAD-BALANCER|SOURCE-RANGES-FIREWALL|IPVS-FILTER|IPVS-OUT-FILTER)$/;

/** The claim of a rule that nobody has asked for yet. */
const PENDING: Claim = 255;
const SEP = roleNumber("sep");
const HAIRPIN = claimOf("sep", "hairpin");
/** The address that the capture lost or garbled included. */
const DNATS: readonly Claim[] = ["dnat", "lost dnat", "lost dnat-address"].map((name) => claimOf("sep", name));

/** Text of word `k` of the line that the scanner holds. */
export const wordText = (words: Scanner, k: number): string =>
  k < 0 ? "" : words.text(words.spans[2 * k] as number, words.spans[2 * k + 1] as number);

/**
 * Which slot each rule of a ruleset fills. The claims are bytes by rule, the roles numbers by chain; everything else is read again
 * from the text when it is asked for. A rule is looked at when somebody asks for its claim.
 */
export class ClaimedRules {
  readonly ruleset: Ruleset;
  readonly chainRoles: ChainRoles;
  /** Role number by chain, `NONE` for chains of others. */
  readonly roles: Int8Array;
  /** By chain of an endpoint that was looked at: the rule that marks what comes back to its own sender, and the one that translates. */
  readonly hairpins: Int32Array;
  readonly dnats: Int32Array;
  readonly #claims: Uint8Array;
  #isComplete = false;
  readonly #forms: LineForms;
  readonly #values: LineValues;
  #hasLost = false;
  readonly #plans: (readonly Candidate[] | undefined)[][] = roles.map(() => []);
  /** How rules of a form fill a slot: by claim, by number of the form. */
  readonly #candidates: (Candidate | undefined)[][] = [];

  constructor(ruleset: Ruleset) {
    this.ruleset = ruleset;
    const { store } = ruleset;
    this.chainRoles = new ChainRoles(ruleset);
    this.roles = this.chainRoles.roles;
    this.#claims = new Uint8Array(store.ruleCount).fill(PENDING);
    this.hairpins = new Int32Array(store.chainCount).fill(NONE);
    this.dnats = new Int32Array(store.chainCount).fill(NONE);
    this.#forms = new LineForms(store);
    this.#values = new LineValues(store);
  }

  /** Claim by rule: all of them. */
  get claims(): Uint8Array {
    if (!this.#isComplete) {
      this.#isComplete = true;
      for (let rule = 0; rule < this.#claims.length; rule++) if (this.#claims[rule] === PENDING) this.#claim(rule);
    }
    return this.#claims;
  }

  /** Looks at the rules of an endpoint's chain. */
  lookAt(chain: ChainId): void {
    const first = this.ruleset.store.firstRule(chain);
    if (first !== NONE && this.#claims[first] === PENDING) this.#claimEndpoint(chain);
  }

  /** The slot that the rule fills. */
  claim(rule: RuleId): Claim {
    const known = this.#claims[rule] as Claim;
    return known === PENDING ? this.#claim(rule) : known;
  }

  /** The slot that all rules of the rule's form fill, in its chain and with such a target, whatever else they say; `NONE` where there is none. */
  claimOfForm(rule: RuleId, targetRole: number): Claim {
    this.claim(rule);
    return this.#forms.claimOfForm(rule, this.roles[this.ruleset.chainOf(rule)] as number, targetRole);
  }

  /** The first few rules with the claim, in the order of the chains. No more of them are looked at than it takes. */
  claimed(claim: Claim, most: number): readonly RuleId[] {
    const { roles } = this;
    const { store } = this.ruleset;
    const slot = slotOf(claim);
    if (slot === null) return [];
    const role = roleNumber(slot.role);
    const targets = targetRoles(slot);
    const found: RuleId[] = [];
    for (let chain = roles.indexOf(role); chain !== NONE; chain = roles.indexOf(role, chain + 1))
      for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
        const target = store.targetChain(rule);
        const isMeant = targets === null || (target !== NONE && targets.includes(roles[target] as number));
        if (!isMeant || this.claim(rule) !== claim) continue;
        found.push(rule);
        if (found.length === most) return found;
      }
    return found;
  }

  /** Gives a rule another slot of the same role. */
  reclaim(rule: RuleId, claim: Claim): void {
    this.#claims[rule] = claim;
  }

  role(chain: ChainId): Role | null {
    return this.chainRoles.role(chain);
  }

  /** Whether the chain belongs to a single Service or endpoint. */
  isServiceChain(chain: ChainId): boolean {
    return this.chainRoles.isOfService(chain);
  }

  /** Where the line of a rule has its name, address and port; `null` where that is to be read word by word. */
  line(rule: RuleId): KnownLine | null {
    const claim = this.claim(rule);
    const found = this.#values.line(rule, claim);
    if (found !== null || claim <= UNEXPECTED || !this.#values.isOpen(rule, claim)) return found;
    const candidate = this.candidate(rule);
    if (candidate !== null) this.#values.keep(rule, candidate, this.ruleset.words(rule));
    return this.#values.line(rule, claim);
  }

  /** Whether some rule was claimed by a slot of rules that lost something. */
  get hasLost(): boolean {
    const { shapes } = this.ruleset.store.ast;
    // forms are few, rules are many
    if (!this.#hasLost && (shapes === null || shapes.some(mayBeLost))) void this.claims;
    return this.#hasLost;
  }

  /** How the rule fills its slot; `null` for a rule that fills none. */
  candidate(rule: RuleId): Candidate | null {
    const claim = rule === NONE ? FOREIGN : this.claim(rule);
    if (claim <= UNEXPECTED) return null;
    const shape = this.ruleset.store.shapeId(rule);
    const known = shape < 0 ? undefined : this.#candidates[claim]?.[shape];
    if (known !== undefined) return known;
    for (const candidate of this.#plan(rule, this.roles[this.ruleset.chainOf(rule)] as number)) {
      if (candidate.claim !== claim) continue;
      if (shape >= 0) {
        const byShape = this.#candidates[claim] ?? [];
        byShape[shape] = candidate;
        this.#candidates[claim] = byShape;
      }
      return candidate;
    }
    return null;
  }

  /** Whether the rule has a value for a hole. */
  has(rule: RuleId, hole: string): boolean {
    return (this.candidate(rule)?.holes.get(hole) ?? NONE) !== NONE;
  }

  /** First byte of the rule's value for a hole, a bare word; -1 when there is none or it is quoted. */
  startOf(rule: RuleId, hole: string): number {
    const { store } = this.ruleset;
    const candidate = this.candidate(rule);
    const start = candidate?.valueHole === hole ? store.valueStart(rule) : NONE;
    if (start !== NONE) return start;
    const word = candidate?.holes.get(hole) ?? NONE;
    const found = word < 0 ? NONE : (store.words(rule).spans[word << 1] as number);
    return found === NONE || store.bytes[found] === QUOTE ? NONE : found;
  }

  /** The rule's value for a hole of its slot's template; `null` when there is none. */
  value(rule: RuleId, hole: string): string | null {
    const candidate = this.candidate(rule);
    const word = candidate?.holes.get(hole) ?? NONE;
    if (candidate === null || word < 0) return null;
    const { store } = this.ruleset;
    const start = candidate.valueHole === hole ? store.valueStart(rule) : NONE;
    if (start !== NONE) return byteString(store.bytes, start, store.wordEnd(start));
    const line = hole === "clusterIP" || hole === "address" ? this.line(rule) : null;
    if (line !== null) return byteString(store.bytes, line.addressStart, line.addressEnd);
    return store.word(rule, word);
  }

  /** What stands for `{name}` in the rule's comment; `null` without a comment, or when the comment is not the slot's. */
  name(rule: RuleId): string | null {
    const line = this.line(rule);
    if (line !== null) return byteString(this.ruleset.store.bytes, line.nameStart, line.nameEnd);
    const candidate = this.candidate(rule);
    if (candidate === null || candidate.comment < 0) return null;
    return candidate.pattern?.exec(this.ruleset.store.word(rule, candidate.comment))?.[1] ?? null;
  }

  /** The rule's whole comment, whoever wrote it. */
  comment(rule: RuleId): string | null {
    const shape = this.ruleset.shape(rule);
    for (const { owner, valueWords } of shape.options)
      if (owner >= 0 && shape.matches[owner]?.name === "comment")
        return wordText(this.ruleset.words(rule), valueWords[0] ?? -1);
    return null;
  }

  /** First rule of the chain with the claim, or `NONE`. */
  first(chain: ChainId, claim: Claim): RuleId {
    if (chain === NONE) return NONE;
    const { store } = this.ruleset;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule))
      if (this.claim(rule) === claim) return rule;
    return NONE;
  }

  #claim(rule: RuleId): Claim {
    const { store } = this.ruleset;
    const chain = store.chainOf(rule);
    const role = this.roles[chain] as number;
    if (role === SEP) this.#claimEndpoint(chain);
    else this.#claims[rule] = role === NONE ? FOREIGN : this.#claimIn(role, rule, store.targetChain(rule));
    return this.#claims[rule] as Claim;
  }

  /** kube-proxy writes one rule that marks and one that translates: a second one is none of its own. */
  #claimEndpoint(chain: ChainId): void {
    const { store } = this.ruleset;
    this.hairpins[chain] = NONE;
    this.dnats[chain] = NONE;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      let claim = this.#claimIn(SEP, rule, store.targetChain(rule));
      if (claim === HAIRPIN) {
        if (this.hairpins[chain] === NONE) this.hairpins[chain] = rule;
        else claim = UNEXPECTED;
      } else if (DNATS.includes(claim)) {
        if (this.dnats[chain] === NONE) this.dnats[chain] = rule;
        else claim = UNEXPECTED;
      }
      this.#claims[rule] = claim;
    }
  }

  #claimIn(role: number, rule: RuleId, target: ChainId): Claim {
    const targetRole = target === NONE ? NONE : (this.roles[target] as number);
    // all that kube-proxy has in a built-in chain are jumps to its own; others' rules there may be many, each of a form of its own
    if (isHook[role] === true && targetRole === NONE) return FOREIGN;
    const known = this.#forms.claim(rule, role, targetRole);
    if (known !== NONE) return known;
    const plan = this.#plan(rule, role);
    const claim = plan.length === 0 ? null : this.#choose(rule, role, plan, targetRole);
    if (claim !== null && claim >= FIRST_LOST) this.#hasLost = true;
    return claim ?? (isHook[role] !== true && !this.#isOfIpvs(rule) ? UNEXPECTED : FOREIGN);
  }

  /** In IPVS mode kube-proxy looks into its sets and jumps to chains of that mode. */
  #isOfIpvs(rule: RuleId): boolean {
    const { store } = this.ruleset;
    const target = store.targetChain(rule);
    if (target !== NONE && IPVS_CHAIN.test(store.chainName(target))) return true;
    const shape = store.shape(rule);
    for (const { record, valueWords } of shape.options)
      if (record?.flag === "--match-set")
        return wordText(this.ruleset.words(rule), valueWords[0] ?? -1).startsWith("KUBE-");
    return false;
  }

  /** The first slot that fits; where several do, the one whose comment the rule has. */
  #choose(rule: RuleId, role: number, plan: readonly Candidate[], target: number): Claim | null {
    const fitting = plan.filter(({ targets }) => targets === null || targets.includes(target));
    const [only] = fitting;
    if (only === undefined) return null;
    if (fitting.length === 1 && !only.slot.commentProves) {
      if (only.constants.length === 0) this.#forms.keepTarget(rule, role, only.claim, target);
      else {
        const words = this.ruleset.words(rule);
        if (!hasConstants(only, words)) return null;
        if (only.constants.length === 1) this.#forms.keepConstant(rule, role, only, target, words);
      }
      return only.claim;
    }
    return this.#chooseByComment(rule, role, fitting, target);
  }

  #chooseByComment(rule: RuleId, role: number, fitting: readonly Candidate[], target: number): Claim | null {
    const words = this.ruleset.words(rule);
    let chosen: Claim | null = null;
    // what a rule of this form fills depends on its comment alone
    let isSimple = true;
    for (const candidate of fitting) {
      const { slot, claim, comment, pattern } = candidate;
      if (candidate.constants.length > 0) isSimple = false;
      if (!hasConstants(candidate, words)) continue;
      if (comment >= 0 && pattern?.test(wordText(words, comment)) === true) {
        if (isSimple) this.#forms.keepComment(rule, role, candidate, target, words);
        return claim;
      }
      if (!slot.commentProves) chosen ??= claim;
    }
    if (chosen !== null && isSimple && fitting[0]?.comment === NONE) this.#forms.keepTarget(rule, role, chosen, target);
    return chosen;
  }

  #plan(rule: RuleId, role: number): readonly Candidate[] {
    const { store } = this.ruleset;
    const id = store.shapeId(rule);
    if (id < 0) return planFor(store.shape(rule), role);
    const plans = this.#plans[role] as (readonly Candidate[] | undefined)[];
    const known = plans[id];
    if (known !== undefined) return known;
    const made = planFor(store.shape(rule), role);
    plans[id] = made;
    return made;
  }
}

function hasConstants(candidate: Candidate, words: Scanner): boolean {
  for (const { word, text } of candidate.constants)
    if (!words.is(word, text) && wordText(words, word) !== text) return false;
  return true;
}
