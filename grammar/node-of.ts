import type { Counters, MatchNode, Node, OptionNode, RuleCommand, RuleNode, TargetNode, Word } from "./ast.ts";
import { byteString } from "./bytes.ts";
import type { LineReader } from "./line-reader.ts";
import { CORE, type Shape, type ShapeOption, TARGET } from "./shape.ts";

/** The node of the line that the reader holds. */
export function nodeOf(reader: LineReader, index: number, line: number): Node {
  const { shape, scanner } = reader;
  const words: Word[] = [];
  for (let k = 0; k < scanner.count; k++) words.push(wordAt(reader, k));
  const base = { index, line, offset: reader.start, length: reader.next - reader.start, words };
  switch (shape.kind) {
    case "table":
      return {
        ...base,
        kind: "table",
        name: (words[0]?.text === "*" ? words[1]?.text : words[0]?.text.slice(1)) ?? "",
      };
    case "chain": {
      const counters = countersOf(words[shape.countersWord]);
      const name = words[shape.chainWord]?.text ?? "";
      if (shape.command === null)
        return { ...base, kind: "chain", name: name.slice(1), policy: words[shape.policyWord]?.text ?? "", counters };
      return {
        ...base,
        kind: "chain",
        name,
        policy: words[shape.policyWord]?.text ?? "-",
        counters: setCounters(shape, words) ?? counters,
      };
    }
    case "rule":
      return ruleNode(base, shape, words);
    case "command":
      return { ...base, kind: "command", command: shape.command?.name ?? "" };
    case "comment":
      return { ...base, kind: "comment", text: words[0]?.text ?? "" };
    case "commit":
    case "blank":
    case "noise":
    case "bad":
      return { ...base, kind: shape.kind };
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
  base: Omit<RuleNode, "kind" | "command" | "ruleNumber" | "chain" | "counters" | "options" | "matches" | "target">,
  shape: Shape,
  words: readonly Word[],
): RuleNode {
  const ofMatches: OptionNode[][] = [];
  const ofTarget: OptionNode[] = [];
  const options: OptionNode[] = [];
  const matches: MatchNode[] = [];
  for (const { name, word, record } of shape.matches) {
    const own: OptionNode[] = [];
    ofMatches.push(own);
    matches.push({ name: name ?? words[word]?.text ?? "", word: words[word] ?? null, record, options: own });
  }
  for (const option of shape.options) {
    const { owner } = option;
    const all = owner === CORE ? options : owner === TARGET ? ofTarget : ofMatches[owner];
    all?.push(optionNode(option, words));
  }
  const targetWord = words[shape.targetWord];
  const target: TargetNode | null =
    targetWord === undefined
      ? null
      : { name: targetWord.text, word: targetWord, goto: shape.goto, record: shape.targetRecord, options: ofTarget };
  const number = words[shape.numberWord]?.text;
  return {
    ...base,
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
    values: option.valueWords.map((k) => words[k] as Word),
  };
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
