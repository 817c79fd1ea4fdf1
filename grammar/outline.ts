import type { CommandRecord } from "./commands.ts";
import { type Keyword, WORD } from "./keyword.ts";
import type { ParsedItem } from "./parsed.ts";
import { parseItem } from "./parser.ts";
import type { Scanner } from "./scanner.ts";
import { kindOfCommand, type Shape, type ShapeKind } from "./shape.ts";
import { keyOfRoles, usualItems } from "./usual-forms.ts";

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

/** The longest sequence of roles that is remembered as an item: their numbers have five bits each. */
const LONGEST_ITEM = 6;
/** Items by their roles, with word numbers from 0; `null`: these roles are none. */
const items = new Map<number, ParsedItem | null>(usualItems.map(([roles, item]) => [keyOfRoles(roles), item]));
/** Those of at most three words, once they were asked for: by the same keys their places in a list, from 1. */
const shortPlaces = new Uint16Array(1 << 15);
const shortItems: (ParsedItem | null)[] = [null];

const goesOn = ({ role }: Keyword): boolean => role === "Value" || role === "Name" || role === "OldBang";

/** Behind the last word of the item that begins at word `k`; beyond `count` where the line ends with a `!`. */
function endOfItem(words: readonly Keyword[], k: number, count: number): number {
  let end = words[k] === WORD.bang ? k + 2 : k + 1;
  while (end < count && goesOn(words[end] as Keyword)) end++;
  return end;
}

/**
 * The outline of a rule whose shape is not kept: Chevrotain parses each sequence of roles that is an item once. `null` where the line is no row of items, or breaks a rule that needs the whole of it.
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
    const end = endOfItem(words, k, count);
    if (end > count || itemAt(words, k, end) === null) return null;
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

/** The item that these words are, with word numbers from 0. An item is grammatical or not by its roles alone. */
function itemAt(words: readonly Keyword[], start: number, end: number): ParsedItem | null {
  if (end - start > LONGEST_ITEM) return null;
  let key = 0;
  for (let k = start; k < end; k++) key = key * 32 + (words[k] as Keyword).roleNumber;
  const place = shortPlaces[key];
  const known = place === undefined ? items.get(key) : place === 0 ? undefined : shortItems[place];
  return known === undefined ? learnItem(key, words.slice(start, end)) : known;
}

function learnItem(key: number, words: readonly Keyword[]): ParsedItem | null {
  let item = items.get(key);
  if (item === undefined) item = parseItem(words);
  items.set(key, item);
  if (key < shortPlaces.length) shortPlaces[key] = shortItems.push(item) - 1;
  return item;
}

/** The items of a line that has an outline: the same as Chevrotain makes of the whole line. */
export function itemsOf(words: readonly Keyword[], count: number, start: number): ParsedItem[] {
  const found: ParsedItem[] = [];
  for (let k = start; k < count; ) {
    const end = endOfItem(words, k, count);
    const item = itemAt(words, k, end);
    if (item !== null) found.push(movedBy(item, k));
    k = end;
  }
  return found;
}

const single: (readonly number[])[] = [];

function movedBy({ kind, word, bang, values }: ParsedItem, by: number): ParsedItem {
  const [first] = values;
  let moved: readonly number[];
  if (first === undefined) moved = values;
  else if (values.length > 1) moved = values.map((value) => value + by);
  else {
    moved = single[first + by] ?? [first + by];
    single[first + by] = moved;
  }
  return { kind, word: word + by, bang: bang < 0 ? bang : bang + by, values: moved };
}
