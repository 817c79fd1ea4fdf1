import type { Scanner } from "../../../grammar/scanner.ts";
import { NONE, type RuleId } from "../../netfilter/ruleset.ts";
import type { RuleStore } from "../../netfilter/store.ts";
import type { Candidate } from "../templates/plan.ts";
import type { Claim } from "../templates/slots.ts";
import { bareStart, isCopy, isTextAt, nameStartBefore, QUOTE, SPACE } from "./line-bytes.ts";

/** Forms of one shape: protocols. Rules of further ones are read word by word. */
const MOST_FORMS = 8;

/** Holes whose value is a port. */
const PORTS: readonly string[] = ["port", "nodePort"];

/** Where rules of one shape that fill one slot have their values: what stands between them, in the rule that was read in full. */
interface ValueForm {
  readonly claim: Claim;
  /** Between the name and the port. */
  readonly tailStart: number;
  readonly tailEnd: number;
  /** Between the address, or the blank before the protocol, and the name. */
  readonly headStart: number;
  readonly headEnd: number;
  readonly hasAddress: boolean;
  /** The value of `-p`, a part of the head. */
  readonly protocol: string;
  readonly protocolStart: number;
}

/** Where a line has the values of its slot. Stays until the next line is read. */
export interface KnownLine {
  readonly nameStart: number;
  readonly nameEnd: number;
  /** -1: the rule asks for no address. */
  readonly addressStart: number;
  readonly addressEnd: number;
  readonly portStart: number;
  readonly portEnd: number;
  readonly protocol: string;
  /** Where the protocol stands, in this line or in another. */
  readonly protocolStart: number;
}

/** Names, addresses and ports in rules of the same few forms, found without reading the words of each. */
export class LineValues implements KnownLine {
  readonly #store: RuleStore;
  /** By claim, by number of the shape; `null`: a form of which nothing is known. */
  readonly #forms: ((ValueForm | null)[] | undefined)[][] = [];
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
  }

  /** The values of a rule that fills the slot; `null` where no known form shows them. */
  line(rule: RuleId, claim: Claim): KnownLine | null {
    const forms = this.#forms[claim]?.[this.#store.shapeId(rule)];
    if (forms === undefined) return null;
    for (let i = 0; i < forms.length; i++) {
      const form = forms[i];
      if (form != null && this.#has(form, rule)) return this;
    }
    return null;
  }

  /** Whether another form may be kept for rules like this. */
  isOpen(rule: RuleId, claim: Claim): boolean {
    const shape = this.#store.shapeId(rule);
    return shape >= 0 && (this.#forms[claim]?.[shape]?.length ?? 0) < MOST_FORMS;
  }

  /** Remembers where a rule has its values. */
  keep(rule: RuleId, candidate: Candidate, words: Scanner): void {
    const shape = this.#store.shapeId(rule);
    const byShape = this.#forms[candidate.claim] ?? [];
    this.#forms[candidate.claim] = byShape;
    const forms = byShape[shape] ?? [];
    byShape[shape] = forms;
    const form = this.#formOf(rule, candidate, words);
    forms.push(form !== null && this.#has(form, rule) ? form : null);
  }

  #formOf(rule: RuleId, { claim, comment, holes, slot, valueHole }: Candidate, { spans }: Scanner): ValueForm | null {
    const { bytes } = this.#store;
    const { afterName } = slot.template;
    const address = holes.get("address") ?? holes.get("clusterIP") ?? NONE;
    const protocol = holes.get("protocol") ?? NONE;
    if (afterName === null || protocol < 0 || protocol >= comment || address >= protocol) return null;
    const start = (word: number): number => spans[word << 1] as number;
    const end = (word: number): number => spans[(word << 1) + 1] as number;
    const tailStart = end(comment) - 1 - afterName.length;
    const tailEnd = this.#store.valueStart(rule);
    const headStart = address < 0 ? start(protocol) - 1 : end(address);
    // the rule may have a comment of its own
    if (!isTextAt(bytes, tailStart, `${afterName}"`)) return null;
    if (tailStart >= tailEnd || bytes[headStart] !== SPACE || !PORTS.includes(valueHole)) return null;
    const form = { claim, tailStart, tailEnd, headStart, headEnd: start(comment) + 1, hasAddress: address >= 0 };
    // a protocol in quotes is no word to be compared
    const isBare = bytes[start(protocol)] !== QUOTE;
    return isBare ? { ...form, protocol: this.#store.word(rule, protocol), protocolStart: start(protocol) } : null;
  }

  #has({ tailStart, tailEnd, headStart, headEnd, ...form }: ValueForm, rule: RuleId): boolean {
    const { bytes } = this.#store;
    this.portStart = this.#store.valueStart(rule);
    this.nameEnd = this.portStart - (tailEnd - tailStart);
    if (this.nameEnd < 0 || !isCopy(bytes, tailStart, tailEnd, this.nameEnd)) return false;
    this.nameStart = nameStartBefore(bytes, this.nameEnd);
    const start = this.nameStart - (headEnd - headStart);
    if (start < 0 || !isCopy(bytes, headStart, headEnd, start)) return false;
    this.addressEnd = start;
    this.addressStart = form.hasAddress ? bareStart(bytes, start) : NONE;
    if (form.hasAddress && (this.addressStart === start || bytes[this.addressStart - 1] !== SPACE)) return false;
    this.portEnd = this.#store.wordEnd(this.portStart);
    this.protocol = form.protocol;
    this.protocolStart = form.protocolStart;
    return true;
  }
}
