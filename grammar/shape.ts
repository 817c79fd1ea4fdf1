import type { CommandRecord } from "./commands.ts";
import type { ExtensionRecord, OptionRecord } from "./vocabulary/record.ts";

/** Owner of an option that belongs to no match: the core, or the target. Otherwise the owner is the number of the match. */
export const CORE = -1;
export const TARGET = -2;

/** What kind of line a shape is of. */
export type ShapeKind = "table" | "chain" | "rule" | "command" | "commit" | "comment" | "blank" | "noise" | "bad";

/** An option of a shape: word numbers instead of words. */
export interface ShapeOption {
  readonly record: OptionRecord | null;
  readonly flagWord: number;
  /** Word number of the `!`, or -1. */
  readonly bangWord: number;
  readonly valueWords: readonly number[];
  /** Number of the match it belongs to, `CORE` or `TARGET`. */
  readonly owner: number;
}

export interface ShapeMatch {
  /** Name in the vocabulary; `null` where only the word says it. */
  readonly name: string | null;
  readonly record: ExtensionRecord | null;
  /** Word number of the name; -1 where the protocol brought the match. */
  readonly word: number;
}

/** A line's syntax error: at which word (the number of words: at the end), and in which words. */
export interface ShapeError {
  readonly checkId: "syntax-error" | "missing-value";
  readonly word: number;
  readonly message: string;
  readonly expected: string | null;
}

/**
 * The form of a line: everything but the text of its free words. All lines with the same sequence of keywords share one, so
 * Chevrotain parses each form once, and a reader plans once per form which word holds what.
 */
export interface Shape {
  /** Ordinal among the shapes kept of its text; -1 for one that is made again on each access. */
  readonly id: number;
  readonly kind: ShapeKind;
  /** How many words a line of this form has. */
  readonly words: number;
  /** Blanks alone part the words. */
  readonly plain: boolean;
  readonly command: CommandRecord | null;
  /** Word numbers; -1 where there is none. */
  readonly commandWord: number;
  readonly chainWord: number;
  readonly numberWord: number;
  readonly policyWord: number;
  readonly countersWord: number;
  readonly noteWord: number;
  /** The last value of the rule, that of a comment aside. */
  readonly valueWord: number;
  readonly targetFlagWord: number;
  readonly targetWord: number;
  readonly targetRecord: ExtensionRecord | null;
  readonly goto: boolean;
  readonly options: readonly ShapeOption[];
  readonly matches: readonly ShapeMatch[];
  readonly error: ShapeError | null;
}

const RULE_COMMANDS: ReadonlySet<string> = new Set(["append", "insert", "delete", "replace", "check"]);
const CHAIN_COMMANDS: ReadonlySet<string> = new Set(["new-chain", "policy"]);

/** Whether a line with this command is a rule, a chain's declaration, or neither. */
export const kindOfCommand = ({ name }: CommandRecord): "rule" | "chain" | "command" =>
  RULE_COMMANDS.has(name) ? "rule" : CHAIN_COMMANDS.has(name) ? "chain" : "command";

/** A shape with nothing in it but what is given. */
export function shapeWith(given: Partial<Shape>): Shape {
  return {
    id: given.id ?? -1,
    kind: given.kind ?? "blank",
    words: given.words ?? 0,
    plain: given.plain ?? true,
    command: given.command ?? null,
    commandWord: given.commandWord ?? -1,
    chainWord: given.chainWord ?? -1,
    numberWord: given.numberWord ?? -1,
    policyWord: given.policyWord ?? -1,
    countersWord: given.countersWord ?? -1,
    noteWord: given.noteWord ?? -1,
    valueWord: given.valueWord ?? -1,
    targetFlagWord: given.targetFlagWord ?? -1,
    targetWord: given.targetWord ?? -1,
    targetRecord: given.targetRecord ?? null,
    goto: given.goto ?? false,
    options: given.options ?? [],
    matches: given.matches ?? [],
    error: given.error ?? null,
  };
}
