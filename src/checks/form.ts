import { CORE, type Shape, type ShapeOption } from "../../grammar/shape.ts";

const SAYS_NOTHING: ReadonlySet<string> = new Set(["comment"]);

/** Whether a rule of this form asks nothing of a packet. */
export const isUnconditional = ({ options, matches }: Shape): boolean =>
  matches.every(({ name }) => name !== null && SAYS_NOTHING.has(name)) && options.every(({ owner }) => owner !== CORE);

/** The option of a match, of the core or of the target with that flag; `undefined` where the form has none. */
export const optionOf = ({ options }: Shape, flag: string): ShapeOption | undefined =>
  options.find(({ record }) => record?.flag === flag);

export const hasMatch = ({ matches }: Shape, ...names: readonly string[]): boolean =>
  matches.some(({ name }) => name !== null && names.includes(name));
