import type { Mentions } from "../../../grammar/mentions.ts";
import type { Scanner } from "../../../grammar/scanner.ts";
import type { RuleId, Ruleset } from "../ruleset.ts";
import { ConditionPlan, Dimension, hashOfText, type Kind, mix, type Slot } from "./condition-plan.ts";
import { protocolAt, Reading, readNetwork, readPorts } from "./condition-value.ts";
import { InterfaceName } from "./interface-name.ts";
import type { LineChange } from "./line-change.ts";
import { Network } from "./network.ts";
import { Ports } from "./ports.ts";
import { statesAt } from "./states.ts";

const NO_WORDS: readonly string[] = [];
const NO_PLAN = new ConditionPlan();

/**
 * What a rule asks of a packet, dimension by dimension, as numbers: filled anew for each rule, without an object, as every rule that
 * decides something is looked at. What is compared as text is read when it is asked for.
 */
export class Conditions {
  /** Those in which it asks for something; a value of another one means nothing. */
  dimensions = 0;
  protocol = 0;
  readonly source = new Network();
  readonly destination = new Network();
  readonly inInterface: InterfaceName;
  readonly outInterface: InterfaceName;
  readonly sourcePorts = new Ports();
  readonly destinationPorts = new Ports();
  /** States of the connection, as bits. */
  states = 0;
  /** What a rule that asks for no less mentions. */
  required: Mentions = 0;
  /** Asks for something that a rule in between may change: the mark, a set. */
  changeable = false;
  /** Does not always give the same answer for the same packet: a rate, a random choice. */
  fickle = false;
  readonly #ruleset: Ruleset;
  #rule: RuleId = 0;
  #plan = NO_PLAN;
  #scanner: Scanner | null = null;
  /** Of the rule's line: first byte, and behind the last. */
  #start = 0;
  #end = 0;
  /** Of each slot: first byte of its words, behind their last, what became of them. */
  readonly #slotStarts: number[] = [];
  readonly #slotEnds: number[] = [];
  readonly #readings: Reading[] = [];
  /** Slots of what fits no dimension: so many of them count. */
  readonly #otherSlots: number[] = [];
  #otherCount = 0;
  /** Of each of these the hash of its text, and their sum; 0: nobody has asked. */
  readonly #hashes: number[] = [];
  #othersHash = 0;
  #others: readonly string[] | null = NO_WORDS;

  constructor(ruleset: Ruleset) {
    const { bytes } = ruleset.store;
    this.#ruleset = ruleset;
    this.inInterface = new InterfaceName(bytes);
    this.outInterface = new InterfaceName(bytes);
  }

  /**
   * Takes a rule, whose words the scanner holds.
   * @param plan - what the rule asks for where: as long as the conditions are asked
   */
  of(rule: RuleId, plan: ConditionPlan, words: Scanner): this {
    this.#rule = rule;
    this.#plan = plan;
    this.#scanner = words;
    this.dimensions = 0;
    this.required = 0;
    this.changeable = plan.changeable;
    this.fickle = plan.fickle;
    this.#otherCount = 0;
    this.#othersHash = 0;
    this.#start = this.#lineStart(rule);
    this.#end = this.#lineEnd(rule);
    for (let k = 0; k < plan.length; k++) {
      const slot = plan.slot(k);
      const { dimension, mentions } = slot.kind;
      const start = words.spans[2 * slot.word] as number;
      const end = words.spans[2 * (slot.word + Math.max(slot.words, 1)) - 1] as number;
      const isFirst = (this.dimensions & dimension) === 0;
      const reading = isFirst && slot.words === 1 ? this.#read(slot.kind, words, start, end) : Reading.illegible;
      this.#slotStarts[k] = start;
      this.#slotEnds[k] = end;
      this.#readings[k] = reading;
      if (reading === Reading.anything) continue;
      this.required |= mentions;
      if (reading === Reading.taken) this.dimensions |= dimension;
      else this.#otherSlots[this.#otherCount++] = k;
    }
    if (this.#otherCount > 0) this.dimensions |= Dimension.others;
    this.#others = this.#otherCount > 0 ? null : NO_WORDS;
    return this;
  }

  /**
   * Takes a rule of the form of the one before if one word of its line at most is another one, as in long lists of addresses or ports.
   * False: it has to be read.
   * @param change - finds out which word that is
   */
  changeTo(rule: RuleId, change: LineChange): boolean {
    const scanner = this.#scanner as Scanner;
    const [start, end] = [this.#lineStart(rule), this.#lineEnd(rule)];
    if (!change.isInOneWord(this.#start, this.#end, start, end)) return false;
    for (let k = 0; k < this.#plan.length; k++) {
      const [slotStart, slotEnd] = [this.#slotStarts[k] as number, this.#slotEnds[k] as number];
      const [from, to] = [change.movedStart(slotStart), change.movedEnd(slotEnd)];
      if (slotStart <= change.from && change.to <= slotEnd) {
        if (this.#readings[k] !== Reading.taken) return false;
        if (this.#read(this.#plan.slot(k).kind, scanner, from, to) !== Reading.taken) return false;
      }
      this.#slotStarts[k] = from;
      this.#slotEnds[k] = to;
    }
    this.#rule = rule;
    this.#start = start;
    this.#end = end;
    return true;
  }

  #lineStart(rule: RuleId): number {
    const { store } = this.#ruleset;
    return store.ast.offset(store.node(rule));
  }

  #lineEnd(rule: RuleId): number {
    const { store } = this.#ruleset;
    return store.ast.offset(store.node(rule) + 1);
  }

  #read({ dimension, isList }: Kind, words: Scanner, start: number, end: number): Reading {
    const { family } = this.#ruleset;
    switch (dimension) {
      case Dimension.source:
        return readNetwork(this.source, words, start, end, family);
      case Dimension.destination:
        return readNetwork(this.destination, words, start, end, family);
      case Dimension.inInterface:
        return readName(this.inInterface, start, end);
      case Dimension.outInterface:
        return readName(this.outInterface, start, end);
      case Dimension.protocol: {
        const number = protocolAt(words, start, end, family);
        this.protocol = number;
        return number < 0 ? Reading.illegible : number === 0 ? Reading.anything : Reading.taken;
      }
      case Dimension.sourcePorts:
        return readPorts(this.sourcePorts, words, start, end, isList, family);
      case Dimension.destinationPorts:
        return readPorts(this.destinationPorts, words, start, end, isList, family);
      case Dimension.states:
        this.states = statesAt(words.bytes, start, end);
        return this.states === 0 ? Reading.illegible : Reading.taken;
      default:
        return Reading.illegible;
    }
  }

  /** What fits no dimension, in the rule's own words, sorted: a value that cannot be read, a second one for a dimension. */
  get others(): readonly string[] {
    if (this.#others === null) {
      const words = this.#words();
      this.#others = this.#otherSlots
        .slice(0, this.#otherCount)
        .map((k) => textOf(this.#plan.slot(k), words))
        .sort();
    }
    return this.#others;
  }

  /** Of `others`, in any order. Cheaper than they are. */
  get othersHash(): number {
    if (this.#othersHash === 0 && this.#otherCount > 0) this.#hash();
    return this.#othersHash;
  }

  /** Whether one of `others` may have that hash; cheaper than they are, which are texts. */
  mayHold(hash: number): boolean {
    if (this.#othersHash === 0 && this.#otherCount > 0) this.#hash();
    for (let k = 0; k < this.#otherCount; k++) if (this.#hashes[k] === hash) return true;
    return false;
  }

  #hash(): void {
    const words = this.#words();
    let sum = 0;
    for (let k = 0; k < this.#otherCount; k++) {
      const hash = hashOfSlot(this.#plan.slot(this.#otherSlots[k] as number), words);
      this.#hashes[k] = hash;
      sum = (sum + hash) | 0;
    }
    this.#othersHash = sum === 0 ? 1 : sum;
  }

  #words(): Scanner {
    return this.#ruleset.store.words(this.#rule);
  }
}

function readName(name: InterfaceName, start: number, end: number): Reading {
  if (!name.read(start, end)) return Reading.illegible;
  return name.isAny ? Reading.anything : Reading.taken;
}

const textOf = ({ kind, word, words }: Slot, scanner: Scanner): string =>
  `${kind.name} ${textOfWords(scanner, word, words)}`;

/** Words of a line as iptables reads them, parted by blanks. */
function textOfWords(scanner: Scanner, word: number, words: number): string {
  const { spans } = scanner;
  let text = "";
  for (let k = word; k < word + words; k++) {
    if (k > word) text += " ";
    text += scanner.text(spans[2 * k] as number, spans[2 * k + 1] as number);
  }
  return text;
}

/** Hash of its text, without the text. */
function hashOfSlot(slot: Slot, scanner: Scanner): number {
  const { bytes, spans } = scanner;
  const { kind, word, words } = slot;
  let hash = kind.hash;
  for (let k = word; k < word + words; k++) {
    const end = spans[2 * k + 1] as number;
    if (k > word) hash = mix(hash, 32);
    for (let i = spans[2 * k] as number; i < end; i++) {
      const code = bytes[i] as number;
      if (code === 34) return hashOfText(textOf(slot, scanner));
      hash = mix(hash, code);
    }
  }
  return hash;
}
