import type { Keyword } from "./keyword.ts";
import { type ParsedItem, parseRoles } from "./parser.ts";
import { CORE, EMPTY_SHAPE, type Shape, type ShapeError, type ShapeMatch, type ShapeOption, TARGET } from "./shape.ts";
import type { ExtensionRecord } from "./vocabulary/record.ts";

/** Parses a line, given as its keywords, into its shape. */
export function shapeOf(words: readonly Keyword[], count: number, plain: boolean, id: number): Shape {
  const line = words.slice(0, count);
  const base: Shape = { ...EMPTY_SHAPE, id, words: count, plain };
  const parsed = parseRoles(line.map((word) => word.role));
  if (typeof parsed === "number") return { ...base, kind: "bad", error: errorAt(line, parsed) };
  if (parsed.kind === "chain")
    return { ...base, kind: "chain", chainWord: 0, policyWord: parsed.policy, countersWord: parsed.counters };
  if (parsed.kind !== "rule") return { ...base, kind: parsed.kind };
  return ruleShape(base, line, parsed.counters, parsed.items);
}

function ruleShape(base: Shape, line: readonly Keyword[], counters: number, items: readonly ParsedItem[]): Shape {
  const options: ShapeOption[] = [];
  const matches: ShapeMatch[] = [];
  let command: ParsedItem | undefined;
  let jump: ParsedItem | undefined;
  let noteWord = -1;
  const bad = (word: number, message: string, expected: string | null): Shape => ({
    ...base,
    kind: "bad",
    error: { checkId: "syntax-error", word, message, expected },
  });

  for (const item of items) {
    const word = line[item.word] as Keyword;
    if (item.kind === "command") {
      if (command !== undefined) return bad(item.word, "a second command on one line", "one command, such as -A CHAIN");
      command = item;
    } else if (item.kind === "match") {
      const name = line[item.values[0] as number] as Keyword;
      matches.push({ name: name.extension?.name ?? null, record: name.extension, word: item.values[0] as number });
    } else if (item.kind === "jump") {
      if (jump !== undefined) return bad(item.word, "a second -j or -g on one line", "at most one target");
      jump = item;
    } else if (item.kind === "note") {
      noteWord = item.word;
    } else {
      if (word.brings !== null && word.extension !== null)
        matches.push({ name: word.extension.name, record: word.extension, word: -1 });
      options.push({
        record: word.option,
        flagWord: item.word,
        bangWord: item.bang,
        valueWords: item.values,
        owner: ownerOf(word, matches, jump !== undefined),
      });
    }
  }

  if (command === undefined) return bad(0, "no command on this line", "-A CHAIN");
  const record = (line[command.word] as Keyword).command;
  const takesRule = record !== null && RULE_COMMANDS.has(record.name);
  const shape: Shape = {
    ...base,
    kind: takesRule ? "rule" : record?.name === "new-chain" || record?.name === "policy" ? "chain" : "command",
    command: record,
    commandWord: command.word,
    chainWord: command.values[0] ?? -1,
    numberWord: takesRule ? (command.values[1] ?? -1) : -1,
    policyWord: record?.name === "policy" ? (command.values[1] ?? -1) : -1,
    countersWord: counters,
    noteWord,
    options,
    matches,
  };
  if (jump === undefined) return shape;
  const targetWord = jump.values[0] as number;
  return {
    ...shape,
    targetFlagWord: jump.word,
    targetWord,
    targetRecord: (line[targetWord] as Keyword).extension,
    goto: (line[jump.word] as Keyword).option?.flag === "--goto",
  };
}

const RULE_COMMANDS: ReadonlySet<string> = new Set(["append", "insert", "delete", "replace", "check"]);

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
