import { CORE, type Shape, TARGET } from "../../../grammar/shape.ts";
import { holeRoles, type Role, roles, type Slot } from "./slot.ts";
import { type Claim, slots } from "./slots.ts";
import { type Form, formKey, isBareNoise, optionKey } from "./template.ts";

/** How rules of one shape fill one slot: which word is which value. Made once per shape and role. */
export interface Candidate {
  readonly slot: Slot;
  readonly claim: Claim;
  /** Words that must be these texts. */
  readonly constants: readonly { readonly word: number; readonly text: string }[];
  /** Word numbers of the values by hole; for a hole that is not in this form there is none. */
  readonly holes: ReadonlyMap<string, number>;
  /** Role numbers the target chain may have; `null` when the target is no chain. */
  readonly targets: readonly number[] | null;
  /** Hole that the target chain fills: `SVC`, or "". */
  readonly targetHole: string;
  /** The hole that holds the rule's last value, `store.valueStart`; "" where that is none of them. */
  readonly valueHole: string;
  /** Word number of the comment, -1 when there is none. */
  readonly comment: number;
  /** The slot's comment; its group 1 is the name of the Service port, if the comment holds one. `null`: the slot has no comment. */
  readonly pattern: RegExp | null;
}

interface Entry {
  readonly slot: Slot;
  readonly claim: Claim;
  readonly form: Form;
}

const entriesByRole: (ReadonlyMap<string, readonly Entry[]> | undefined)[] = [];

/** Forms of a role's slots: key of the form -> entries. */
function entriesOf(role: number): ReadonlyMap<string, readonly Entry[]> {
  const known = entriesByRole[role];
  if (known !== undefined) return known;
  const byKey = new Map<string, Entry[]>();
  entriesByRole[role] = byKey;
  slots.forEach((slot, index) => {
    if (slot.role !== roles[role]) return;
    for (const form of slot.template.forms) {
      const entries = byKey.get(form.key) ?? [];
      byKey.set(form.key, entries);
      entries.push({ slot, claim: index + 2, form });
    }
  });
  return byKey;
}

const lostByKey = new Map<string, boolean>();

/** Whether a form with the key is that of a rule which lost something (lost-slots.ts), and no whole rule of the same chain has it as well. */
const isLostKey = (key: string): boolean =>
  slots.some(
    (slot) =>
      slot.name.startsWith("lost ") && slot.template.forms.some((form) => form.key === key && !isWhole(slot, form)),
  );

function isWhole(lost: Slot, form: Form): boolean {
  const said = (slot: Slot, { key, values, target }: Form): string =>
    JSON.stringify([slot.template.comment?.source, key, values.filter(({ hole }) => hole === null), target]);
  return slots.some(
    (slot) =>
      slot.role === lost.role &&
      !slot.name.startsWith("lost ") &&
      slot.template.forms.some((whole) => said(slot, whole) === said(lost, form)),
  );
}

/** Whether a rule of the shape may have lost something that kube-proxy wrote. */
export function mayBeLost(shape: Shape): boolean {
  const key = keyOfShape(shape);
  if (key === null) return false;
  const known = lostByKey.get(key) ?? isLostKey(key);
  lostByKey.set(key, known);
  return known;
}

/** Roles of the chains that rules of the slot lead to; `null` where they lead to none. */
export function targetRoles({ template, role }: Slot): readonly number[] | null {
  const target = template.forms[0]?.target;
  return target?.kind === "chain" ? rolesNamed(target.name, role) : null;
}

const NO_CANDIDATES: readonly Candidate[] = [];

/** The slots of `role` whose forms have exactly the options of `shape`. */
export function planFor(shape: Shape, role: number): readonly Candidate[] {
  const key = keyOfShape(shape);
  const entries = key === null ? undefined : entriesOf(role).get(key);
  if (entries === undefined) return NO_CANDIDATES;
  const words = wordsByOption(shape);
  const comment = commentWord(shape);
  return entries.map(({ slot, claim, form }) => {
    const constants: { word: number; text: string }[] = [];
    const holes = new Map<string, number>();
    for (const value of form.values) {
      const word = words.get(value.option)?.[value.index] ?? -1;
      if (value.hole === null) constants.push({ word, text: value.text });
      else holes.set(value.hole, word);
    }
    const isChain = form.target.kind === "chain";
    return {
      slot,
      claim,
      constants,
      holes,
      targets: isChain ? rolesNamed(form.target.name, slot.role) : null,
      targetHole: isChain && form.target.name in holeRoles ? form.target.name : "",
      valueHole: [...holes].find(([, word]) => word === shape.valueWord)?.[0] ?? "",
      comment,
      pattern: slot.template.comment,
    };
  });
}

/** Key of a shape in the terms of templates; `null` for what no template can say (unknown options, `-g`). */
function keyOfShape(shape: Shape): string | null {
  if (shape.kind !== "rule" || shape.goto) return null;
  const options: string[] = [];
  const used = new Set<number>();
  for (const { record, bangWord, owner } of shape.options) {
    if (record === null) return null;
    if (owner >= 0) used.add(owner);
    const extension = owner === CORE || owner === TARGET ? null : (shape.matches[owner]?.name ?? null);
    if (extension === "comment") continue;
    options.push(optionKey(extension, record.short ?? record.flag, bangWord >= 0));
  }
  for (const [index, { name }] of shape.matches.entries()) {
    if (name === null) return null;
    if (!used.has(index) && !isBareNoise(name)) options.push(`-m ${name}`);
  }
  const target = shape.targetWord < 0 ? "" : (shape.targetRecord?.name ?? "chain");
  return formKey(options, target);
}

function wordsByOption(shape: Shape): ReadonlyMap<string, readonly number[]> {
  const words = new Map<string, readonly number[]>();
  for (const { record, bangWord, owner, valueWords } of shape.options) {
    if (record === null) continue;
    const extension = owner === CORE || owner === TARGET ? null : (shape.matches[owner]?.name ?? null);
    words.set(optionKey(extension, record.short ?? record.flag, bangWord >= 0), valueWords);
  }
  return words;
}

function commentWord(shape: Shape): number {
  for (const { owner, valueWords } of shape.options)
    if (owner >= 0 && shape.matches[owner]?.name === "comment") return valueWords[0] ?? -1;
  return -1;
}

function rolesNamed(name: string, role: Role): readonly number[] {
  const table = role.includes(" ") ? role.slice(0, role.indexOf(" ")) : "nat";
  const named = holeRoles[name] ?? [`${table} ${name}` as Role];
  return named.map((one) => roles.indexOf(one));
}
