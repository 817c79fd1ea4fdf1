import type { MatchNode, OptionNode } from "../../../grammar/ast.ts";
import type { Variable } from "../trace/worlds.ts";
import { not, type RuleContext, type Test, unknown } from "./decision.ts";

/** What a match asks of a packet: every test must hold. */
export type MatchSemantics = (match: MatchNode, context: RuleContext) => readonly Test[];

/** The test of one option from its typed values; `undefined` where the option asks nothing by itself. */
export type OptionSemantics = (values: readonly unknown[], context: RuleContext, match: MatchNode) => Test | undefined;

/** Semantics of a match whose options each ask for something, alone and negated alone. */
export function eachOption(options: Readonly<Record<string, OptionSemantics>>): MatchSemantics {
  const byFlag = new Map(Object.entries(options));
  return (match, context) => {
    const tests: Test[] = [];
    for (const option of match.options) {
      const semantics = byFlag.get(flagOf(option));
      const values = valuesOf(option, context);
      const test =
        semantics === undefined || values === null
          ? notUnderstood(match.name, option)
          : semantics(values, context, match);
      if (test !== undefined)
        tests.push(option.negated && semantics !== undefined && values !== null ? negate(test) : test);
    }
    return tests;
  };
}

/** Semantics of a match that the model of a packet cannot decide. `own`: each rule has its own state, so rules differ even if they read the same. */
export function unknownBecause(reason: string, own = false): MatchSemantics {
  return (match, context) => {
    const text = matchText(match);
    const variable: Variable = {
      key: own ? `${context.rule} ${text}` : text,
      holds: `${text} matches`,
      fails: `${text} does not match`,
      reason,
    };
    return [() => unknown(variable)];
  };
}

/** Semantics of one option that cannot be decided. */
export function optionUnknown(name: string, flag: string, reason: string): OptionSemantics {
  return (_values, _context, match) => {
    const option = match.options.find((candidate) => flagOf(candidate) === flag);
    const text = `-m ${name} ${flag}${(option?.values ?? []).map((word) => ` ${word.text}`).join("")}`;
    const variable: Variable = { key: text, holds: `${text} matches`, fails: `${text} does not match`, reason };
    return () => unknown(variable);
  };
}

export const negate =
  (test: Test): Test =>
  (packet, node) =>
    not(test(packet, node));

export const flagOf = (option: OptionNode): string => option.record?.flag ?? option.flag.text;

export const hasFlag = (owner: { readonly options: readonly OptionNode[] }, flag: string): boolean =>
  owner.options.some((option) => flagOf(option) === flag);

/** The typed value of the first option of that flag; `null` when it is not there or was refused. */
export function firstValue<T>(options: readonly OptionNode[], flag: string, context: RuleContext): T | null {
  const option = options.find((candidate) => flagOf(candidate) === flag);
  return option === undefined ? null : ((valuesOf(option, context)?.[0] as T | undefined) ?? null);
}

/** The typed values of an option; `null` when one of them is refused or missing, or the option is not known. */
export function valuesOf(option: OptionNode, { family }: RuleContext): readonly unknown[] | null {
  const { record } = option;
  if (record === null) return null;
  const values: unknown[] = [];
  for (let i = 0; i < option.values.length; i++) {
    const read = record.codecs[i]?.parse(option.values[i]!.text, { family });
    if (read === undefined || !("value" in read)) return null;
    values.push(read.value);
  }
  return values.length < record.codecs.length && record.arity !== "optional" ? null : values;
}

/** A match as the rule spells it: `-m limit --limit 5/min`. */
export const matchText = (match: MatchNode): string => [`-m ${match.name}`, ...match.options.map(optionText)].join(" ");

export const optionText = (option: OptionNode): string =>
  [...(option.negated ? ["!"] : []), option.flag.text, ...option.values.map((word) => word.text)].join(" ");

/** The test of an option whose meaning or value is not known. */
export function notUnderstood(owner: string, option: OptionNode): Test {
  const text = `${owner === "" ? "" : `-m ${owner} `}${optionText(option)}`;
  const variable: Variable = {
    key: text,
    holds: `${text} matches`,
    fails: `${text} does not match`,
    reason: "the option or its value is not known",
  };
  return () => unknown(variable);
}
