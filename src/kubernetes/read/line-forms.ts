import type { Scanner } from "../../../grammar/scanner.ts";
import { NONE, type RuleId } from "../../netfilter/ruleset.ts";
import type { RuleStore } from "../../netfilter/store.ts";
import type { Candidate } from "../templates/plan.ts";
import { roles } from "../templates/slot.ts";
import type { Claim } from "../templates/slots.ts";
import { isCopy, isTextAt, nameStartBefore, QUOTE, SPACE } from "./line-bytes.ts";

/** Forms of one shape: kinds of targets, of comments. Rules of further ones are read word by word. */
const MOST_FORMS = 8;

/** How rules of one shape fill one slot. */
interface LineForm {
  readonly claim: Claim;
  /** Role of the target; `NONE`: no chain, or one without a role. */
  readonly target: number;
  /** What stands before the last value: from the slot's constant on, or from the end of the name. -1: nothing is asked. */
  readonly tailStart: number;
  readonly tailEnd: number;
  /** The comment's name stands before the tail. */
  readonly isNamed: boolean;
}

/**
 * Which slot a rule fills, told by bytes alone: from its last value backwards stands the same as in a rule of its shape that was read in
 * full. The next of a hundred thousand such rules needs no words.
 */
export class LineForms {
  readonly #store: RuleStore;
  /** By role, by number of the shape. */
  readonly #byRole: (LineForm[] | undefined)[][] = roles.map(() => []);

  constructor(store: RuleStore) {
    this.#store = store;
  }

  /** The slot that a rule in a chain of this role fills, `NONE` where no known form shows it. */
  claim(rule: RuleId, role: number, target: number): Claim {
    const forms = (this.#byRole[role] as (LineForm[] | undefined)[])[this.#store.shapeId(rule)];
    if (forms === undefined) return NONE;
    for (let i = 0; i < forms.length; i++) {
      const form = forms[i] as LineForm;
      if (form.target === target && (form.tailStart === NONE || this.#hasTail(form, rule))) return form.claim;
    }
    return NONE;
  }

  /** The slot of all rules of the form, whatever they say. */
  claimOfForm(rule: RuleId, role: number, target: number): Claim {
    const forms = (this.#byRole[role] as (LineForm[] | undefined)[])[this.#store.shapeId(rule)];
    const form = forms?.find((each) => each.target === target);
    return form?.tailStart === NONE ? form.claim : NONE;
  }

  /** Remembers that rules of the form with such a target fill the slot, whatever they say. */
  keepTarget(rule: RuleId, role: number, claim: Claim, target: number): void {
    this.#keep(rule, role, { claim, target, tailStart: NONE, tailEnd: NONE, isNamed: false });
  }

  /** Remembers a slot's only constant, which stands before the rule's last value. */
  keepConstant(rule: RuleId, role: number, { claim, constants }: Candidate, target: number, { spans }: Scanner): void {
    const start = spans[(constants[0]?.word ?? 0) << 1] as number;
    const tailEnd = this.#store.valueStart(rule);
    const { bytes } = this.#store;
    if (tailEnd <= start || bytes[start] === QUOTE || bytes[start - 1] !== SPACE) return;
    this.#keep(rule, role, { claim, target, tailStart: start - 1, tailEnd, isNamed: false });
  }

  /** Remembers what follows the name in a comment that says which slot it is. */
  keepComment(
    rule: RuleId,
    role: number,
    { claim, comment, slot }: Candidate,
    target: number,
    { spans }: Scanner,
  ): void {
    const { afterName } = slot.template;
    if (afterName === null) return;
    const tailEnd = this.#store.valueStart(rule);
    const tailStart = (spans[(comment << 1) + 1] as number) - 1 - afterName.length;
    const form = { claim, target, tailStart, tailEnd, isNamed: true };
    const isSaid = isTextAt(this.#store.bytes, tailStart, `${afterName}"`);
    if (isSaid && tailStart < tailEnd && this.#hasTail(form, rule)) this.#keep(rule, role, form);
  }

  #keep(rule: RuleId, role: number, form: LineForm): void {
    const shape = this.#store.shapeId(rule);
    if (shape < 0) return;
    const byShape = this.#byRole[role] as (LineForm[] | undefined)[];
    const forms = byShape[shape] ?? [];
    byShape[shape] = forms;
    if (forms.length < MOST_FORMS) forms.push(form);
  }

  #hasTail({ tailStart, tailEnd, isNamed }: LineForm, rule: RuleId): boolean {
    const { bytes } = this.#store;
    const start = this.#store.valueStart(rule) - (tailEnd - tailStart);
    return (
      start >= 0 && isCopy(bytes, tailStart, tailEnd, start) && (!isNamed || nameStartBefore(bytes, start) !== NONE)
    );
  }
}
