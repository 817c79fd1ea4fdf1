import type { Mentions } from "../../grammar/mentions.ts";
import type { Scanner } from "../../grammar/scanner.ts";
import type { InterfacePattern, NumberRange } from "../../grammar/values/types.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { ConditionPlan, Dimension, hashOfText, mix, type Slot } from "./cover-plan.ts";
import { ANYTHING, readCondition, textOfWords } from "./cover-value.ts";
import type { Network } from "./network.ts";

const NO_PLAN = new ConditionPlan();
/** Of conditions that were read: they may ask for anything. */
const ANY_PLAN = new ConditionPlan();
ANY_PLAN.dimensions = ~0;
const NO_WORDS: readonly string[] = [];

/**
 * What a rule asks of a packet, dimension by dimension; `null`: anything. Each is read from the scanner when it is first asked for, as
 * most rules differ in the first; `keep()` what shall hold beyond the scanner's next line.
 */
export class Conditions {
  #plan = NO_PLAN;
  #words: Scanner | null = null;
  #family: Family | null = null;
  /** Dimensions that were read. */
  #read = 0;
  #source: Network | null = null;
  #destination: Network | null = null;
  #inInterface: InterfacePattern | null = null;
  #outInterface: InterfacePattern | null = null;
  #protocol: number | null = null;
  #sourcePorts: readonly NumberRange[] | null = null;
  #destinationPorts: readonly NumberRange[] | null = null;
  #states: readonly string[] | null = null;
  /** `null`: those of the slots at `#otherSlots`. */
  #others: readonly string[] | null = NO_WORDS;
  readonly #otherSlots: number[] = [];
  #othersHash = 0;
  #required: Mentions = 0;
  #changeable = false;
  #fickle = false;
  /** Of each slot of the line that was read: what it asks for. */
  readonly #values: unknown[] = [];
  readonly #isValued: boolean[] = [];
  /** Of each slot of the line, once they were asked for: the hash of its text. */
  readonly #hashes: number[] = [];
  #isHashed = false;

  /** Takes the line that the scanner holds. */
  of(plan: ConditionPlan, words: Scanner, family: Family | null): this {
    this.#plan = plan;
    this.#words = words;
    this.#changeable = plan.changeable;
    this.#fickle = plan.fickle;
    this.#family = family;
    this.#read = 0;
    this.#isHashed = false;
    for (let k = 0; k < plan.length; k++) this.#isValued[k] = false;
    return this;
  }

  get source(): Network | null {
    if ((this.#read & Dimension.source) === 0) this.#source = this.#first(Dimension.source);
    return this.#source;
  }
  get destination(): Network | null {
    if ((this.#read & Dimension.destination) === 0) this.#destination = this.#first(Dimension.destination);
    return this.#destination;
  }
  get inInterface(): InterfacePattern | null {
    if ((this.#read & Dimension.inInterface) === 0) this.#inInterface = this.#first(Dimension.inInterface);
    return this.#inInterface;
  }
  get outInterface(): InterfacePattern | null {
    if ((this.#read & Dimension.outInterface) === 0) this.#outInterface = this.#first(Dimension.outInterface);
    return this.#outInterface;
  }
  get protocol(): number | null {
    if ((this.#read & Dimension.protocol) === 0) this.#protocol = this.#first(Dimension.protocol);
    return this.#protocol;
  }
  get sourcePorts(): readonly NumberRange[] | null {
    if ((this.#read & Dimension.sourcePorts) === 0) this.#sourcePorts = this.#first(Dimension.sourcePorts);
    return this.#sourcePorts;
  }
  get destinationPorts(): readonly NumberRange[] | null {
    if ((this.#read & Dimension.destinationPorts) === 0)
      this.#destinationPorts = this.#first(Dimension.destinationPorts);
    return this.#destinationPorts;
  }
  /** Connection states, sorted. */
  get states(): readonly string[] | null {
    if ((this.#read & Dimension.states) === 0) this.#states = this.#first(Dimension.states);
    return this.#states;
  }
  /** What fits no dimension, in the rule's own words, sorted: a value that cannot be read, a second one for a dimension. */
  get others(): readonly string[] {
    if ((this.#read & Dimension.others) === 0) this.#readOthers();
    this.#others ??= this.#otherSlots.map((k) => this.#textOf(this.#plan.slot(k))).sort();
    return this.#others;
  }

  /** Of `others`, in any order; 0 without any. Cheaper than they are. */
  get othersHash(): number {
    if ((this.#read & Dimension.others) === 0) this.#readOthers();
    return this.#othersHash;
  }

  /** Dimensions that it may ask for: of others it says nothing. */
  get dimensions(): number {
    return this.#plan.dimensions;
  }

  /** Whether one of `others` may have that hash, of a line that the scanner holds; cheaper than they are, which are texts. */
  mayHold(hash: number): boolean {
    const hashes = this.#hashed();
    const { length } = this.#plan;
    for (let k = 0; k < length; k++) if (hashes[k] === hash) return true;
    return false;
  }

  #hashed(): readonly number[] {
    if (!this.#isHashed) {
      this.#isHashed = true;
      const { length } = this.#plan;
      for (let k = 0; k < length; k++) this.#hashes[k] = this.#hash(this.#plan.slot(k));
    }
    return this.#hashes;
  }

  /** Asks for something that a rule in between may change: the mark, a set. */
  get changeable(): boolean {
    return this.#changeable;
  }
  /** Does not always give the same answer for the same packet: a rate, a random choice. */
  get fickle(): boolean {
    return this.#fickle;
  }

  /** What a rule that asks for no less mentions. */
  get required(): Mentions {
    if ((this.#read & Dimension.others) === 0) this.#readOthers();
    return this.#required;
  }

  /** Conditions that hold whatever the scanner reads. */
  keep(): Conditions {
    const kept = new Conditions();
    kept.#plan = ANY_PLAN;
    kept.#changeable = this.changeable;
    kept.#fickle = this.fickle;
    kept.#source = this.source;
    kept.#destination = this.destination;
    kept.#inInterface = this.inInterface;
    kept.#outInterface = this.outInterface;
    kept.#protocol = this.protocol;
    kept.#sourcePorts = this.sourcePorts;
    kept.#destinationPorts = this.destinationPorts;
    kept.#states = this.states;
    kept.#others = this.others;
    kept.#othersHash = this.#othersHash;
    kept.#required = this.#required;
    kept.#read = ~0;
    return kept;
  }

  /** The first value for a dimension that asks for something. */
  #first<T>(dimension: Dimension): T | null {
    this.#read |= dimension;
    const plan = this.#plan;
    if ((plan.dimensions & dimension) === 0) return null;
    for (let k = 0; k < plan.length; k++) {
      const slot = plan.slot(k);
      const value = slot.kind.dimension === dimension ? this.#value(k) : null;
      if (value !== null && value !== ANYTHING) return value as T;
    }
    return null;
  }

  #readOthers(): void {
    this.#read |= Dimension.others;
    let taken = 0;
    this.#required = 0;
    this.#othersHash = 0;
    this.#otherSlots.length = 0;
    const plan = this.#plan;
    for (let k = 0; k < plan.length; k++) {
      const slot = plan.slot(k);
      const { dimension, mentions } = slot.kind;
      const isTaken = dimension === Dimension.others || (taken & dimension) !== 0;
      const value = isTaken ? null : this.#value(k);
      if (value === ANYTHING) continue;
      this.#required |= mentions;
      if (value !== null) taken |= dimension;
      else {
        this.#otherSlots.push(k);
        this.#othersHash = (this.#othersHash + (this.#hashed()[k] as number)) | 0;
      }
    }
    const hasNone = this.#otherSlots.length === 0;
    this.#others = hasNone ? NO_WORDS : null;
    if (!hasNone) this.#othersHash ||= 1;
  }

  #textOf({ kind, word, words }: Slot): string {
    return `${kind.name} ${textOfWords(this.#words as Scanner, word, words)}`;
  }

  #hash({ kind, word, words }: Slot): number {
    const { bytes, spans } = this.#words as Scanner;
    let hash = kind.hash;
    for (let k = word; k < word + words; k++) {
      const end = spans[2 * k + 1] as number;
      if (k > word) hash = mix(hash, 32);
      for (let i = spans[2 * k] as number; i < end; i++) {
        const code = bytes[i] as number;
        if (code === 34) return hashOfText(this.#textOf({ kind, word, words }));
        hash = mix(hash, code);
      }
    }
    return hash;
  }

  /** Of a slot; read once. */
  #value(k: number): unknown {
    if (this.#isValued[k] === true) return this.#values[k];
    const { kind, word, words } = this.#plan.slot(k);
    const value = readCondition(kind, this.#words as Scanner, word, words, this.#family);
    this.#isValued[k] = true;
    this.#values[k] = value;
    return value;
  }
}
