import type { CommandRecord } from "./commands.ts";
import { type Keyword, ROLES, WORD } from "./keyword.ts";
import { isItem } from "./parser.ts";
import type { Scanner } from "./scanner.ts";
import { kindOfCommand, type Shape, type ShapeKind } from "./shape.ts";

/** What is needed of every line while a text streams by; a shape has it all, and more. */
export type Outline = Pick<
  Shape,
  | "id"
  | "kind"
  | "plain"
  | "command"
  | "chainWord"
  | "numberWord"
  | "policyWord"
  | "countersWord"
  | "valueWord"
  | "targetWord"
  | "targetRecord"
>;

const NOT_MADE: Shape["options"] = [];

/** Whether an outline is a whole shape. */
export const isShape = (outline: Outline): outline is Shape => (outline as Shape).options !== NOT_MADE;

/** The longest sequence of roles that is remembered as an item. */
const LONGEST_ITEM = 6;
const CONTINUES: ReadonlySet<string> = new Set(["Value", "Name", "OldBang"]);
const roleNumbers = new Map<string, number>(ROLES.map((role, number) => [role, number + 1]));
const items = new Map<number, boolean>();

/**
 * The outline of a rule whose shape is not kept. An item is grammatical or not by its roles alone, so Chevrotain judges each sequence of
 * roles once; `null` where the line is no row of items, or breaks a rule that needs the whole of it.
 */
export function ruleOutline({ words, count, plain }: Scanner): Outline | null {
  let command: CommandRecord | null = null;
  let chainWord = -1;
  let numberWord = -1;
  let policyWord = -1;
  let targetWord = -1;
  const countersWord = words[0] === WORD.counters ? 0 : -1;
  for (let k = countersWord + 1; k < count; ) {
    const word = words[k] as Keyword;
    let end = word === WORD.bang ? k + 2 : k + 1;
    while (end < count && CONTINUES.has((words[end] as Keyword).role)) end++;
    if (end > count || !isKnownItem(words, k, end)) return null;
    if (word.command !== null) {
      if (command !== null) return null;
      command = word.command;
      if (end > k + 1) chainWord = k + 1;
      if (end > k + 2 && command.name === "policy") policyWord = k + 2;
      else if (end > k + 2) numberWord = k + 2;
    } else if (word.role === "Jump") {
      if (targetWord >= 0) return null;
      targetWord = k + 1;
    }
    k = end;
  }
  if (command === null) return null;
  const kind: ShapeKind = kindOfCommand(command);
  const targetRecord = targetWord < 0 ? null : (words[targetWord] as Keyword).extension;
  // the same properties in the same order as a shape: readers of outlines then meet objects of one form
  const outline: Shape = {
    id: -1,
    kind,
    words: count,
    plain,
    command,
    commandWord: -1,
    chainWord,
    numberWord: kind === "rule" ? numberWord : -1,
    policyWord,
    countersWord,
    noteWord: -1,
    valueWord: -1,
    targetFlagWord: -1,
    targetWord,
    targetRecord,
    goto: false,
    options: NOT_MADE,
    matches: [],
    error: null,
  };
  return outline;
}

function isKnownItem(words: readonly Keyword[], start: number, end: number): boolean {
  if (end - start > LONGEST_ITEM) return false;
  let key = 0;
  for (let k = start; k < end; k++) key = key * 32 + (roleNumbers.get((words[k] as Keyword).role) as number);
  const known = items.get(key);
  if (known !== undefined) return known;
  const judged = isItem(words.slice(start, end));
  items.set(key, judged);
  return judged;
}
