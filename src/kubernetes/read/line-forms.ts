import type { Scanner } from "../../../grammar/scanner.ts";
import { NONE, type RuleId } from "../../netfilter/ruleset.ts";
import type { RuleStore } from "../../netfilter/store.ts";
import type { Candidate } from "../templates/plan.ts";
import { roles } from "../templates/slot.ts";
import type { Claim } from "../templates/slots.ts";

const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
const DELETE = 127;

/** Forms of one shape: protocols, kinds of address. Rules of further ones are read word by word. */
const MOST_FORMS = 8;

/**
 * How rules of one shape fill one slot, told by bytes alone: from a rule's last value backwards the same bytes stand between its values
 * as in the rule that was read in full. The next of a hundred thousand such rules needs no words.
 */
interface LineForm {
  readonly claim: Claim;
  /** Role of the target; `NONE`: no chain, or one without a role. */
  readonly target: number;
  /** What stands before the last value: from the slot's constant on, or from the end of the name. -1: that is asked of no rule. */
  readonly tailStart: number;
  readonly tailEnd: number;
  /** The comment's name stands before the tail. */
  readonly isNamed: boolean;
  /** What stands before the name: from the end of the address on, or from the blank before the protocol. -1: not known. */
  readonly headStart: number;
  readonly headEnd: number;
  readonly hasAddress: boolean;
  /** The value of `-p` in the rule that was read in full; "" where the head is not known, or the last value is no port. */
  readonly protocol: string;
  readonly protocolStart: number;
}

/** Where a line has what its slot asks for. Stays until the next line is read. */
export interface KnownLine {
  readonly nameStart: number;
  readonly nameEnd: number;
  /** -1: the rule asks for no address. */
  readonly addressStart: number;
  readonly addressEnd: number;
  readonly portStart: number;
  readonly portEnd: number;
  readonly protocol: string;
  /** Where the text of the protocol stands, perhaps in another line. */
  readonly protocolStart: number;
}

/** Holes whose value is a port. */
const PORTS: readonly string[] = ["port", "nodePort"];

/** The forms that one ruleset's rules have been met in. */
export class LineForms implements KnownLine {
  readonly #store: RuleStore;
  readonly #bytes: Uint8Array;
  /** By role, by number of the shape. */
  readonly #byRole: (LineForm[] | undefined)[][] = roles.map(() => []);
  nameStart = 0;
  nameEnd = 0;
  addressStart = 0;
  addressEnd = 0;
  portStart = 0;
  portEnd = 0;
  protocol = "";
  protocolStart = 0;

  constructor(store: RuleStore) {
    this.#store = store;
    this.#bytes = store.bytes;
  }

  /** The slot that a rule in a chain of this role fills, `NONE` where no known form shows it. */
  claim(rule: RuleId, role: number, target: number): Claim {
    const forms = (this.#byRole[role] as (LineForm[] | undefined)[])[this.#store.shapeId(rule)];
    if (forms === undefined) return NONE;
    for (let i = 0; i < forms.length; i++) {
      const form = forms[i] as LineForm;
      if (form.target !== target) continue;
      if (form.tailStart === NONE || this.#hasTail(form, this.#store.valueStart(rule))) return form.claim;
    }
    return NONE;
  }

  /** The values of a rule that fills the slot; `null` where its form does not show them. */
  line(rule: RuleId, role: number, claim: Claim): KnownLine | null {
    const forms = (this.#byRole[role] as (LineForm[] | undefined)[])[this.#store.shapeId(rule)];
    if (forms === undefined) return null;
    const value = this.#store.valueStart(rule);
    for (let i = 0; i < forms.length; i++) {
      const form = forms[i] as LineForm;
      if (form.claim !== claim || form.protocol === "") continue;
      if (!this.#hasTail(form, value) || !this.#hasHead(form)) continue;
      this.protocol = form.protocol;
      this.protocolStart = form.protocolStart;
      this.portStart = value;
      this.portEnd = this.#store.wordEnd(value);
      return this;
    }
    return null;
  }

  /** Remembers that rules of the form with such a target fill the slot, whatever they say. */
  keepTarget(rule: RuleId, role: number, claim: Claim, target: number): void {
    this.#keep(rule, role, { ...PLAIN, claim, target });
  }

  /** Remembers a slot's only constant, which stands before the rule's last value. */
  keepConstant(rule: RuleId, role: number, { claim, constants }: Candidate, target: number, words: Scanner): void {
    const start = words.spans[(constants[0]?.word ?? 0) << 1] as number;
    const end = this.#store.valueStart(rule);
    if (end <= start || this.#bytes[start] === QUOTE || this.#bytes[start - 1] !== SPACE) return;
    this.#keep(rule, role, { ...PLAIN, claim, target, tailStart: start - 1, tailEnd: end });
  }

  /** Remembers what stands around the name in a comment that says which slot it is; for targets of that role alone. */
  keepComment(rule: RuleId, role: number, candidate: Candidate, target: number, { spans }: Scanner): void {
    const { claim, comment, holes, slot } = candidate;
    const { afterName } = slot.template;
    const tailEnd = this.#store.valueStart(rule);
    const tailStart = (spans[(comment << 1) + 1] as number) - 1 - (afterName?.length ?? 0);
    if (afterName === null || tailEnd <= tailStart || this.#bytes[spans[comment << 1] as number] !== QUOTE) return;
    const form = { ...PLAIN, claim, target, tailStart, tailEnd, isNamed: true };
    if (!this.#hasTail(form, tailEnd)) return;
    const headEnd = this.nameStart;
    const address = holes.get("address") ?? holes.get("clusterIP") ?? NONE;
    const protocol = holes.get("protocol") ?? NONE;
    const protocolStart = protocol < 0 ? NONE : (spans[protocol << 1] as number);
    const headStart = address < 0 ? protocolStart - 1 : (spans[(address << 1) + 1] as number);
    const isKnown = protocol >= 0 && protocol < comment && address < protocol && this.#bytes[headStart] === SPACE;
    const shown = {
      headStart,
      headEnd,
      hasAddress: address >= 0,
      protocol: this.#store.word(rule, protocol),
      protocolStart,
    };
    this.#keep(rule, role, isKnown && PORTS.includes(candidate.valueHole) ? { ...form, ...shown } : form);
  }

  #keep(rule: RuleId, role: number, form: LineForm): void {
    const shape = this.#store.shapeId(rule);
    if (shape < 0) return;
    const byShape = this.#byRole[role] as (LineForm[] | undefined)[];
    const forms = byShape[shape] ?? [];
    byShape[shape] = forms;
    if (forms.length < MOST_FORMS) forms.push(form);
  }

  /** Whether the form's tail stands before the value, and before that the name in its quotes, where there is one. */
  #hasTail({ tailStart, tailEnd, isNamed }: LineForm, value: number): boolean {
    if (value === NONE) return false;
    const start = value - (tailEnd - tailStart);
    if (start < 0 || !this.#isCopy(tailStart, start, tailEnd - tailStart)) return false;
    if (!isNamed) return true;
    this.nameEnd = start;
    this.nameStart = this.#bareStart(start);
    return (
      this.nameStart < start && this.#bytes[this.nameStart - 1] === QUOTE && this.#bytes[this.nameStart - 2] === SPACE
    );
  }

  #hasHead({ headStart, headEnd, hasAddress }: LineForm): boolean {
    const start = this.nameStart - (headEnd - headStart);
    if (start < 0 || !this.#isCopy(headStart, start, headEnd - headStart)) return false;
    this.addressEnd = start;
    this.addressStart = hasAddress ? this.#bareStart(start) : NONE;
    return !hasAddress || (this.addressStart < start && this.#bytes[this.addressStart - 1] === SPACE);
  }

  #isCopy(start: number, other: number, length: number): boolean {
    const bytes = this.#bytes;
    for (let i = length - 1; i >= 0; i--) if (bytes[start + i] !== bytes[other + i]) return false;
    return true;
  }

  /** Back from `end` over printable letters other than blanks, quotes and backslashes. */
  #bareStart(end: number): number {
    const bytes = this.#bytes;
    let at = end;
    while (at > 0) {
      const byte = bytes[at - 1] as number;
      if (byte <= SPACE || byte >= DELETE || byte === QUOTE || byte === BACKSLASH) break;
      at--;
    }
    return at;
  }
}

const PLAIN = {
  ...{ tailStart: NONE, tailEnd: NONE, isNamed: false, headStart: NONE, headEnd: NONE },
  ...{ hasAddress: false, protocol: "", protocolStart: NONE },
};
