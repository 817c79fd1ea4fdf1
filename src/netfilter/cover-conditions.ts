import type { Mentions } from "../../grammar/mentions.ts";
import type { Scanner } from "../../grammar/scanner.ts";
import { addressMask, readPlainIpv4 } from "../../grammar/values/address-mask.ts";
import { interfacePattern } from "../../grammar/values/interface.ts";
import { portRange } from "../../grammar/values/port.ts";
import { portList } from "../../grammar/values/port-list.ts";
import { protocol } from "../../grammar/values/protocol.ts";
import type { AddressMask, InterfacePattern, NumberRange } from "../../grammar/values/types.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { ConditionPlan, Dimension, type Slot } from "./cover-plan.ts";

/** A value that asks for nothing: `-s 0.0.0.0/0`, `-i +`, `-p all`. */
const ANYTHING = Symbol("anything");
const NO_PLAN = new ConditionPlan();
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
  #source: AddressMask | null = null;
  #destination: AddressMask | null = null;
  #inInterface: InterfacePattern | null = null;
  #outInterface: InterfacePattern | null = null;
  #protocol: number | null = null;
  #sourcePorts: readonly NumberRange[] | null = null;
  #destinationPorts: readonly NumberRange[] | null = null;
  #states: readonly string[] | null = null;
  #others = NO_WORDS;
  #required: Mentions = 0;
  #changeable = false;
  #fickle = false;

  /** Takes the line that the scanner holds. */
  of(plan: ConditionPlan, words: Scanner, family: Family | null): this {
    this.#plan = plan;
    this.#words = words;
    this.#changeable = plan.changeable;
    this.#fickle = plan.fickle;
    this.#family = family;
    this.#read = 0;
    return this;
  }

  get source(): AddressMask | null {
    if ((this.#read & Dimension.source) === 0) this.#source = this.#first(Dimension.source);
    return this.#source;
  }
  get destination(): AddressMask | null {
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
    return this.#others;
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
    kept.#required = this.#required;
    kept.#read = ~0;
    return kept;
  }

  /** The first value for a dimension that asks for something. */
  #first<T>(dimension: Dimension): T | null {
    this.#read |= dimension;
    const plan = this.#plan;
    for (let k = 0; k < plan.length; k++) {
      const slot = plan.slot(k);
      const value = slot.kind.dimension === dimension ? this.#value(slot) : null;
      if (value !== null && value !== ANYTHING) return value as T;
    }
    return null;
  }

  #readOthers(): void {
    this.#read |= Dimension.others;
    let taken = 0;
    let others: string[] | null = null;
    this.#required = 0;
    const plan = this.#plan;
    for (let k = 0; k < plan.length; k++) {
      const slot = plan.slot(k);
      const { dimension, negated, label, mentions } = slot.kind;
      const isTaken = dimension === Dimension.others || (taken & dimension) !== 0;
      const value = isTaken ? null : this.#value(slot);
      if (value === ANYTHING) continue;
      this.#required |= mentions;
      if (value !== null) taken |= dimension;
      else {
        others ??= [];
        others.push(`${negated ? "! " : ""}${label} ${this.#texts(slot)}`);
      }
    }
    this.#others = others === null ? NO_WORDS : others.sort();
  }

  #texts({ word, words }: Slot): string {
    if (words === 1) return this.#text(word);
    return Array.from({ length: words }, (_, k) => this.#text(word + k)).join(" ");
  }

  #text(word: number): string {
    const words = this.#words as Scanner;
    return words.text(words.spans[2 * word] as number, words.spans[2 * word + 1] as number);
  }

  #value({ kind: { dimension, label }, word, words }: Slot): unknown {
    const family = this.#family;
    const context = { family };
    if (family === 4 && words === 1 && (dimension & (Dimension.source | Dimension.destination)) !== 0) {
      const scanner = this.#words as Scanner;
      const plain = readPlainIpv4(
        scanner.bytes,
        scanner.spans[2 * word] as number,
        scanner.spans[2 * word + 1] as number,
      );
      if (plain !== null) return plain.mask === 0n ? ANYTHING : plain;
    }
    const text = words === 0 ? "" : this.#text(word);
    switch (dimension) {
      case Dimension.source:
      case Dimension.destination: {
        const value = accepted(addressMask.parse(text, context));
        return value !== null && value.mask === 0n ? ANYTHING : value;
      }
      case Dimension.inInterface:
      case Dimension.outInterface: {
        const value = accepted(interfacePattern.parse(text, context));
        return value?.wildcard && value.name === "" ? ANYTHING : value;
      }
      case Dimension.protocol: {
        const number = accepted(protocol.parse(text, context))?.number ?? null;
        return number === 0 ? ANYTHING : number;
      }
      case Dimension.sourcePorts:
      case Dimension.destinationPorts: {
        if (label.startsWith("-m multiport")) return accepted(portList.parse(text, context));
        const range = accepted(portRange.parse(text, context));
        return range === null ? null : [range];
      }
      case Dimension.states:
        return text.split(",").sort();
      case Dimension.others:
        return null;
    }
  }
}

function accepted<T>(result: { readonly value: T } | { readonly expected: string }): T | null {
  return "value" in result ? result.value : null;
}
