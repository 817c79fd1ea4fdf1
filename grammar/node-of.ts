import type { Counters, MatchNode, Node, OptionNode, RuleCommand, RuleNode, TargetNode, Word } from "./ast.ts";
import { byteString } from "./bytes.ts";
import type { LineReader } from "./line-reader.ts";
import { CORE, type Shape, type ShapeMatch, type ShapeOption, TARGET } from "./shape.ts";

/** The node of the line that the reader holds; written out field by field, as there may be a million of them. */
export function nodeOf(reader: LineReader, index: number, line: number): Node {
  const { shape, scanner, start: offset, next } = reader;
  const length = next - offset;
  const words: Word[] = [];
  for (let k = 0; k < scanner.count; k++) words.push(wordAt(reader, k));
  switch (shape.kind) {
    case "table": {
      const name = (words[0]?.text === "*" ? words[1]?.text : words[0]?.text.slice(1)) ?? "";
      return { index, line, offset, length, words, kind: "table", name };
    }
    case "chain": {
      const given = countersOf(words[shape.countersWord]);
      const word = words[shape.chainWord]?.text ?? "";
      const isDeclared = shape.command === null;
      const name = isDeclared ? word.slice(1) : word;
      const policy = words[shape.policyWord]?.text ?? (isDeclared ? "" : "-");
      const counters = isDeclared ? given : (setCounters(shape, words) ?? given);
      return { index, line, offset, length, words, kind: "chain", name, policy, counters };
    }
    case "rule":
      return ruleNode(reader, index, line, shape, words);
    case "command":
      return { index, line, offset, length, words, kind: "command", command: shape.command?.name ?? "" };
    case "comment":
      return { index, line, offset, length, words, kind: "comment", text: words[0]?.text ?? "" };
    case "commit":
    case "blank":
    case "noise":
    case "bad":
      return { index, line, offset, length, words, kind: shape.kind };
  }
}

function wordAt(reader: LineReader, k: number): Word {
  const { scanner, shape, bytes } = reader;
  const start = scanner.spans[k << 1] as number;
  const end = scanner.spans[(k << 1) + 1] as number;
  const raw = byteString(bytes, start, end);
  const quotes = (shape.kind === "rule" || shape.kind === "command" || shape.kind === "bad") && raw.includes('"');
  return { text: quotes ? scanner.text(start, end) : raw, offset: start, length: end - start, quoted: quotes };
}

function ruleNode(
  { start, next }: LineReader,
  index: number,
  line: number,
  shape: Shape,
  words: readonly Word[],
): RuleNode {
  const matches: (MatchNode & { readonly options: OptionNode[] })[] = [];
  for (let k = 0; k < shape.matches.length; k++) {
    const { name, word, record } = shape.matches[k] as ShapeMatch;
    matches.push({ name: name ?? words[word]?.text ?? "", word: words[word] ?? null, record, options: [] });
  }
  const ofTarget: OptionNode[] = [];
  const options: OptionNode[] = [];
  for (let k = 0; k < shape.options.length; k++) {
    const option = shape.options[k] as ShapeOption;
    const { owner } = option;
    const all = owner === CORE ? options : owner === TARGET ? ofTarget : matches[owner]?.options;
    all?.push(optionNode(option, words));
  }
  const targetWord = words[shape.targetWord];
  const target: TargetNode | null =
    targetWord === undefined
      ? null
      : { name: targetWord.text, word: targetWord, goto: shape.goto, record: shape.targetRecord, options: ofTarget };
  const number = words[shape.numberWord]?.text;
  return {
    index,
    line,
    offset: start,
    length: next - start,
    words,
    kind: "rule",
    command: (shape.command?.name ?? "append") as RuleCommand,
    ruleNumber: number !== undefined && /^\d{1,9}$/.test(number) ? Number(number) : null,
    chain: words[shape.chainWord] as Word,
    counters: countersOf(words[shape.countersWord]) ?? setCounters(shape, words),
    options,
    matches,
    target,
  };
}

function optionNode(option: ShapeOption, words: readonly Word[]): OptionNode {
  const bang = words[option.bangWord] ?? null;
  return {
    flag: words[option.flagWord] as Word,
    record: option.record,
    bang,
    negated: bang !== null,
    values: valuesOf(option.valueWords, words),
  };
}

function valuesOf(places: readonly number[], words: readonly Word[]): Word[] {
  const values: Word[] = [];
  for (let k = 0; k < places.length; k++) values.push(words[places[k] as number] as Word);
  return values;
}

function countersOf(word: Word | undefined): Counters | null {
  const found = word === undefined ? null : /^\[(\d{1,20}):(\d{1,20})\]$/.exec(word.text);
  return found === null ? null : { packets: BigInt(found[1] as string), bytes: BigInt(found[2] as string) };
}

/** `-c 7 8` or `-c 7,8` */
function setCounters(shape: Shape, words: readonly Word[]): Counters | null {
  const option = shape.options.find((each) => each.record?.flag === "--set-counters");
  if (option === undefined) return null;
  const text = option.valueWords.map((k) => words[k]?.text ?? "").join(",");
  const found = /^(\d{1,20}),(\d{1,20})$/.exec(text);
  return found === null ? null : { packets: BigInt(found[1] as string), bytes: BigInt(found[2] as string) };
}
