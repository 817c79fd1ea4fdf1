import type { Mentions } from "../../../grammar/mentions.ts";
import { NONE, type RuleId } from "../ruleset.ts";
import type { Conditions } from "./conditions.ts";
import { type Changes, CoverForm, hashOfForm, type Reader } from "./cover-form.ts";

/** Sets of dimensions beyond this many are not looked at: a dump of random rules shall not make this quadratic. */
const MOST_FORMS = 64;

/** Earlier rules of a chain after which no packet comes back, by what they ask for. */
export class CoverIndex {
  readonly #reader: Reader;
  readonly #forms: CoverForm[] = [];
  /** What all forms require. */
  #required: Mentions = ~0;
  readonly #after: Changes;
  /** The one to which a rule was added last. */
  #last: CoverForm | null = null;

  constructor(reader: Reader, after: Changes) {
    this.#reader = reader;
    this.#after = after;
  }

  /** Takes a rule that `find` was asked for just now. */
  add(rule: RuleId, conditions: Conditions, position: number): void {
    this.#formOf(rule, conditions)?.add(rule, conditions, position);
  }

  /** Rules with the same dimensions and widths; `null` where there are too many others. */
  #formOf(rule: RuleId, conditions: Conditions): CoverForm | null {
    // most rules are like the one before
    if (this.#last?.isOf(conditions) === true) return this.#last;
    this.#last = this.#knownForm(rule, conditions);
    return this.#last;
  }

  #knownForm(rule: RuleId, conditions: Conditions): CoverForm | null {
    const hash = hashOfForm(conditions);
    const { length } = this.#forms;
    for (let k = 0; k < length; k++) {
      const form = this.#forms[k] as CoverForm;
      if (form.hash === hash && form.isOf(conditions)) return form;
    }
    if (length >= MOST_FORMS) return null;
    const form = new CoverForm(this.#reader.read(rule), this.#reader);
    this.#forms.push(form);
    this.#required &= form.mentioned;
    return form;
  }

  /** Whether a rule that mentions this may be covered. */
  mayCover(mentions: Mentions): boolean {
    return this.#forms.length > 0 && (this.#required & ~mentions) === 0;
  }

  /** The rule that takes all packets that a rule asks for, which mentions this. */
  find(rule: RuleId, conditions: Conditions, mentions: Mentions): RuleId {
    const { dimensions } = conditions;
    const { length } = this.#forms;
    for (let k = 0; k < length; k++) {
      const form = this.#forms[k] as CoverForm;
      if ((form.mentioned & ~mentions) !== 0 || (form.dimensions & ~dimensions) !== 0) continue;
      if (form.other !== 0 && !conditions.mayHold(form.other)) continue;
      const found = form.find(rule, conditions, this.#after);
      if (found !== NONE) return found;
    }
    return NONE;
  }
}
