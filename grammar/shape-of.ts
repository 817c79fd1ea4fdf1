import type { Keyword } from "./keyword.ts";
import type { ParsedItem, ParsedLine } from "./parsed.ts";
import { parseWords } from "./parser.ts";
import {
  CORE,
  kindOfCommand,
  type Shape,
  type ShapeError,
  type ShapeMatch,
  type ShapeOption,
  shapeWith,
  TARGET,
} from "./shape.ts";
import type { ExtensionRecord } from "./vocabulary/record.ts";

/** Parses a line, given as its keywords, into its shape; `known`: what Chevrotain makes of it, where that is known already. */
export function shapeOf(
  line: readonly Keyword[],
  words: number,
  plain: boolean,
  id: number,
  known: ParsedLine | null = null,
): Shape {
  const parsed = known ?? parseWords(line, words);
  if (typeof parsed === "number")
    return shapeWith({ id, words, plain, kind: "bad", error: errorAt(line.slice(0, words), parsed) });
  if (parsed.kind === "rule") return ruleShape(line, words, plain, id, parsed.counters, parsed.items);
  if (parsed.kind !== "chain") return shapeWith({ id, words, plain, kind: parsed.kind });
  return shapeWith({
    id,
    words,
    plain,
    kind: "chain",
    chainWord: 0,
    policyWord: parsed.policy,
    countersWord: parsed.counters,
  });
}

/** The shape of a rule, given as its items. */
export function ruleShape(
  line: readonly Keyword[],
  words: number,
  plain: boolean,
  id: number,
  counters: number,
  items: readonly ParsedItem[],
): Shape {
  const options: ShapeOption[] = [];
  const matches: ShapeMatch[] = [];
  let command: ParsedItem | null = null;
  let jump: ParsedItem | null = null;
  let noteWord = -1;
  const bad = (word: number, message: string, expected: string): Shape =>
    shapeWith({ id, words, plain, kind: "bad", error: { checkId: "syntax-error", word, message, expected } });

  for (const item of items) {
    const word = line[item.word] as Keyword;
    if (item.kind === "command") {
      if (command !== null) return bad(item.word, "a second command on one line", "one command, such as -A CHAIN");
      command = item;
    } else if (item.kind === "match") {
      const { extension } = line[item.values[0] as number] as Keyword;
      matches.push({
        name: extension === null ? null : extension.name,
        record: extension,
        word: item.values[0] as number,
      });
    } else if (item.kind === "jump") {
      if (jump !== null) return bad(item.word, "a second -j or -g on one line", "at most one target");
      jump = item;
    } else if (item.kind === "note") {
      noteWord = item.word;
    } else {
      if (word.brings && word.extension !== null)
        matches.push({ name: word.extension.name, record: word.extension, word: -1 });
      const owner = ownerOf(word, matches, jump !== null);
      options.push({ record: word.option, flagWord: item.word, bangWord: item.bang, valueWords: item.values, owner });
    }
  }

  if (command === null) return bad(0, "no command on this line", "-A CHAIN");
  const record = (line[command.word] as Keyword).command;
  const kind = record === null ? "command" : kindOfCommand(record);
  const targetWord = jump === null ? -1 : (jump.values[0] as number);
  return {
    id,
    kind,
    words,
    plain,
    command: record,
    commandWord: command.word,
    chainWord: command.values.length > 0 ? (command.values[0] as number) : -1,
    numberWord: kind === "rule" && command.values.length > 1 ? (command.values[1] as number) : -1,
    policyWord:
      kind !== "rule" && command.values.length > 1 && record?.name === "policy" ? (command.values[1] as number) : -1,
    countersWord: counters,
    noteWord,
    valueWord: lastValue(options, matches),
    targetFlagWord: jump === null ? -1 : jump.word,
    targetWord,
    targetRecord: jump === null ? null : (line[targetWord] as Keyword).extension,
    goto: jump !== null && (line[jump.word] as Keyword).option?.flag === "--goto",
    options,
    matches,
    error: null,
  };
}

function lastValue(options: readonly ShapeOption[], matches: readonly ShapeMatch[]): number {
  for (let k = options.length - 1; k >= 0; k--) {
    const { valueWords, owner } = options[k] as ShapeOption;
    const last = valueWords[valueWords.length - 1];
    if (last !== undefined && matches[owner]?.name !== "comment") return last;
  }
  return -1;
}

function ownerOf(word: Keyword, matches: readonly ShapeMatch[], hasTarget: boolean): number {
  const extension: ExtensionRecord | null = word.extension;
  if (extension === null) return word.option !== null ? CORE : hasTarget ? TARGET : matches.length - 1;
  if (extension.kind === "target") return TARGET;
  for (let k = matches.length - 1; k >= 0; k--) if (matches[k]?.record === extension) return k;
  return CORE;
}

function errorAt(line: readonly Keyword[], word: number): ShapeError {
  const before = line[word - 1];
  const found = line[word];
  const error = (message: string, expected: string | null): ShapeError => ({
    checkId: "syntax-error",
    word,
    message,
    expected,
  });
  if (found === undefined) {
    if (before === undefined || before.role === "Counters") return error("the line ends without a command", "-A CHAIN");
    if (before.role === "Bang") return error("nothing follows the !", "an option");
    if (line[0]?.role === "Chain") return error("the chain has no policy", "ACCEPT, DROP or - after the chain's name");
    return {
      checkId: "missing-value",
      word: lastFlag(line),
      message: "an option without its value",
      expected: "a value",
    };
  }
  if (found.role === "Bang") return error("two ! in a row", "an option after !");
  if (before?.role === "Bang")
    return error("the ! stands before something that cannot be negated", "an option after !");
  if (found.role === "Counters")
    return error("counters in an unexpected place", "counters at the beginning of the line");
  return error("a word that no option takes", line.some((each) => each.command !== null) ? "an option" : "-A CHAIN");
}

function lastFlag(line: readonly Keyword[]): number {
  for (let word = line.length - 1; word > 0; word--) {
    const role = line[word]?.role;
    if (role !== "Value" && role !== "OldBang") return word;
  }
  return 0;
}
