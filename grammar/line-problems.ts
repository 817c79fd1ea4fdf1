import { distance } from "fastest-levenshtein";
import type { Block } from "./block.ts";
import type { LineReader } from "./line-reader.ts";
import type { Problem } from "./problem.ts";
import type { Shape, ShapeOption } from "./shape.ts";
import type { Codec } from "./values/codec.ts";
import { allMatches, coreOptions } from "./vocabulary/index.ts";

/** iptables-restore reads lines into a buffer of 10,240 bytes and words into one of 1,024 (xshared.h); more words than 255 it refuses. */
const LONGEST_LINE = 10_239;
const LONGEST_WORD = 1023;
const MOST_WORDS = 253;
/** So many problems of one kind are kept; the rest is counted. */
const MOST_OF_A_KIND = 10_000;

/** What is to be looked at in every line of one shape. */
interface Plan {
  readonly values: readonly { readonly word: number; readonly option: ShapeOption; readonly codec: Codec<unknown> }[];
  readonly oddities: boolean;
}

type Found = Omit<Problem, "node">;

/** Turns what the reader saw into problems, at most one of severity error per line, noise once per file. */
export class LineProblems {
  readonly #reader: LineReader;
  readonly #values: boolean;
  readonly #plans: (Plan | undefined)[] = [];
  readonly #problems: Problem[] = [];
  readonly #counts = new Map<string, number>();
  /** Problems that are said once with a count: by what is said. */
  #repeated = new Map<string, { problem: Problem; count: number; word: (count: number) => string }>();
  #fileStart = 0;
  #fileEnd = 0;
  #crlf = 0;
  #lf = 0;

  constructor(reader: LineReader, values: boolean) {
    this.#reader = reader;
    this.#values = values;
  }

  beginFile(start: number, end: number): void {
    this.#fileStart = start;
    this.#fileEnd = end;
    this.#crlf = 0;
    this.#lf = 0;
  }

  line(node: number, block: Block | null): void {
    const reader = this.#reader;
    const { shape, scanner } = reader;
    if (reader.next > reader.end) this.#lineEnd(node);
    if (reader.next - reader.start > LONGEST_LINE + 1)
      this.#add(
        node,
        "line-too-long",
        "warning",
        reader.start,
        0,
        `a line of ${reader.end - reader.start} bytes; iptables-restore cuts lines at ${LONGEST_LINE} bytes and reads the rest as a new line`,
      );
    if (reader.textStart > reader.start) this.#setAside(node);
    if (reader.joined > 0)
      this.#add(
        node,
        "newline-in-quotes",
        "error",
        reader.textStart,
        0,
        "a newline inside quotes; iptables-restore cannot read this back",
        "a comment on one line",
      );
    switch (shape.kind) {
      case "rule":
      case "command":
      case "chain":
        break;
      case "bad":
        this.#bad(node);
        return;
      case "noise":
        this.#noise(node, block);
        return;
      case "commit":
        if (reader.end > reader.textStart + 6)
          this.#add(
            node,
            "syntax-error",
            "error",
            reader.textStart,
            6,
            "blanks after COMMIT; iptables-restore refuses this",
            "COMMIT and nothing else",
          );
        return;
      case "table":
        this.#table(node, block);
        return;
      default:
        return;
    }
    const plan = this.#plan(shape);
    if (plan.oddities && this.#oddity(node, shape)) return;
    if (scanner.count > MOST_WORDS && shape.kind === "rule")
      this.#add(
        node,
        "too-many-words",
        "error",
        reader.textStart,
        0,
        `${scanner.count} words; iptables-restore refuses this`,
        `at most ${MOST_WORDS} words`,
      );
    if (this.#values) this.#checkValues(node, plan, block);
  }

  endFile(lastNode: number): void {
    if (this.#crlf > 0 && this.#lf === 0)
      this.#add(
        Math.max(lastNode, 0),
        "carriage-returns",
        "info",
        this.#fileStart,
        0,
        "every line ends in CR LF; iptables-restore refuses such a text",
        "lines that end in LF",
      );
    for (const { problem, count, word } of this.#repeated.values()) this.#keep({ ...problem, message: word(count) });
    this.#repeated = new Map();
    void this.#fileEnd;
  }

  missingCommit(block: Block): void {
    const reader = this.#reader;
    this.#add(
      block.lastNode,
      "missing-commit",
      "error",
      reader.start,
      0,
      `table "${block.table}" has no COMMIT: the text was cut off, or iptables-restore refuses it`,
      "COMMIT after the last rule",
    );
  }

  /** All problems in the order of their places, each kind cut at a bound with the rest counted. */
  all(): Problem[] {
    for (const [checkId, count] of this.#counts) {
      const last = this.#problems.findLast((problem) => problem.checkId === checkId);
      if (count > MOST_OF_A_KIND && last !== undefined)
        this.#problems.push({
          ...last,
          message: `${count - MOST_OF_A_KIND} more lines of this kind`,
          expected: null,
          suggestion: null,
        });
    }
    return this.#problems.sort((a, b) => a.offset - b.offset);
  }

  #plan(shape: Shape): Plan {
    const known = shape.id >= 0 ? this.#plans[shape.id] : undefined;
    if (known !== undefined) return known;
    const plan = planOf(shape);
    if (shape.id >= 0) this.#plans[shape.id] = plan;
    return plan;
  }

  #keep(problem: Problem): void {
    const count = (this.#counts.get(problem.checkId) ?? 0) + 1;
    this.#counts.set(problem.checkId, count);
    if (count <= MOST_OF_A_KIND) this.#problems.push(problem);
  }

  /** `length` 0: to the end of the line. */
  #add(
    node: number,
    checkId: string,
    severity: Problem["severity"],
    offset: number,
    length: number,
    message: string,
    expected: string | null = null,
    suggestion: string | null = null,
  ): void {
    this.#keep({
      checkId,
      severity,
      node,
      offset,
      length: length || Math.max(0, this.#reader.end - offset),
      message,
      expected,
      suggestion,
    });
  }

  #once(key: string, node: number, found: Omit<Found, "message">, word: (count: number) => string): void {
    const known = this.#repeated.get(key);
    if (known !== undefined) known.count++;
    else this.#repeated.set(key, { problem: { ...found, node, message: "" }, count: 1, word });
  }

  #lineEnd(node: number): void {
    const { bytes, end, next } = this.#reader;
    const isCrlf = next - end === 2 && bytes[end] === 13;
    if (isCrlf) this.#crlf++;
    else this.#lf++;
    if (this.#crlf === 0 || this.#lf === 0) return;
    this.#once(
      "mixed-line-endings",
      node,
      {
        checkId: "mixed-line-endings",
        severity: "warning",
        offset: end,
        length: next - end,
        expected: "LF at the end of every line",
        suggestion: null,
      },
      () =>
        "lines that end in LF and lines that end in CR LF in one text; iptables-restore takes the CR for part of the last word",
    );
  }

  #setAside(node: number): void {
    const { start, textStart, shape, bytes } = this.#reader;
    const blanks = bytes[start] === 32 || bytes[start] === 9;
    if (blanks && (shape.kind === "rule" || shape.kind === "bad")) return;
    this.#once(
      "text-before-lines",
      node,
      {
        checkId: "text-around-rules",
        severity: "info",
        offset: start,
        length: textStart - start,
        expected: null,
        suggestion: null,
      },
      (count) =>
        `text that is not iptables-save's before ${count === 1 ? "a line" : `${count} lines`} (a prompt, a log prefix, indentation); what stands behind it was read`,
    );
  }

  #noise(node: number, block: Block | null): void {
    const { textStart, end } = this.#reader;
    if (block?.table != null && !block.committed) {
      if (this.#reader.shape.words === 0 && end - textStart > 0)
        this.#once(
          "noise-in-table",
          node,
          {
            checkId: "text-around-rules",
            severity: "warning",
            offset: textStart,
            length: end - textStart,
            expected: null,
            suggestion: null,
          },
          (count) =>
            `${count === 1 ? "a line that is" : `${count} lines that are`} neither a rule nor a chain inside a table; iptables-restore refuses this`,
        );
      return;
    }
    this.#once(
      "noise",
      node,
      {
        checkId: "text-around-rules",
        severity: "info",
        offset: textStart,
        length: end - textStart,
        expected: null,
        suggestion: null,
      },
      (count) =>
        `${count === 1 ? "a line that is" : `${count} lines that are`} not iptables-save's (a prompt, a command, prose)`,
    );
  }

  #bad(node: number): void {
    const { shape, scanner, textStart, end } = this.#reader;
    const error = shape.error;
    if (error === null) return;
    const last = scanner.count - 1;
    const word = error.word < 0 ? last : Math.min(error.word, last);
    const offset = word < 0 ? textStart : (scanner.spans[word << 1] as number);
    const wordEnd = word < 0 ? end : (scanner.spans[(word << 1) + 1] as number);
    const seen = word < 0 ? "" : scanner.text(offset, Math.min(wordEnd, offset + 80));
    const atEnd = error.word > last;
    const message =
      error.checkId === "missing-value"
        ? `"${seen}" has no value`
        : atEnd || seen === ""
          ? error.message
          : `${error.message}: "${seen}"`;
    this.#add(
      node,
      error.checkId,
      "error",
      offset,
      wordEnd - offset,
      message,
      error.expected,
      error.checkId === "syntax-error" ? near(seen, shape) : null,
    );
  }

  #table(node: number, block: Block | null): void {
    const name = block?.table ?? "";
    if (["filter", "nat", "mangle", "raw", "security"].includes(name)) return;
    const suggestion = nearest(name, ["filter", "nat", "mangle", "raw", "security"]);
    this.#add(
      node,
      "unknown-table",
      "error",
      this.#reader.textStart,
      0,
      `iptables has no table "${name.slice(0, 40)}"`,
      "filter, nat, mangle, raw or security",
      suggestion,
    );
  }

  /** Reports what the form of the line alone shows; true where that makes its values not worth a look. */
  #oddity(node: number, shape: Shape): boolean {
    const { scanner } = this.#reader;
    const start = (word: number): number => scanner.spans[word << 1] as number;
    const width = (word: number): number => (scanner.spans[(word << 1) + 1] as number) - start(word);
    const text = (word: number): string => scanner.text(start(word), start(word) + Math.min(width(word), 80));
    if (shape.noteWord >= 0)
      this.#add(
        node,
        "trailing-text",
        "warning",
        start(shape.noteWord),
        0,
        "text after the rule; iptables-restore refuses this",
        "the rule alone: iptables knows no comment at the end of a line",
      );
    const unknownMatch = shape.matches.find((match) => match.record === null);
    if (unknownMatch !== undefined) {
      const name = text(unknownMatch.word);
      const suggestion = nearest(
        name,
        allMatches.map((match) => match.name),
      );
      this.#once(
        `match ${name}`,
        node,
        {
          checkId: "unknown-extension",
          severity: "info",
          offset: start(unknownMatch.word),
          length: width(unknownMatch.word),
          expected: null,
          suggestion,
        },
        (count) =>
          `match "${name}" is not known to iptlint (${count === 1 ? "1 rule" : `${count} rules`}); what it asks of a packet is unknown`,
      );
    }
    const unknown = shape.options.find((option) => option.record === null);
    if (unknown !== undefined && unknownMatch === undefined) {
      this.#add(
        node,
        "unknown-option",
        "error",
        start(unknown.flagWord),
        width(unknown.flagWord),
        `unknown option "${text(unknown.flagWord)}"`,
        "an option of the core or of an extension named before it",
        near(text(unknown.flagWord), shape),
      );
      return true;
    }
    const old = shape.options.find((option) => option.bangWord > option.flagWord);
    if (old !== undefined)
      this.#add(
        node,
        "old-negation",
        "warning",
        start(old.bangWord),
        1,
        `"!" after ${text(old.flagWord)}: the spelling before iptables 1.4.3; iptables-restore refuses this today`,
        `"!" before ${text(old.flagWord)}`,
      );
    return false;
  }

  #checkValues(node: number, plan: Plan, block: Block | null): void {
    const { scanner, bytes } = this.#reader;
    const family = block?.header?.family ?? null;
    for (const { word, option, codec } of plan.values) {
      const start = scanner.spans[word << 1] as number;
      const end = scanner.spans[(word << 1) + 1] as number;
      if (codec.accepts?.(bytes, start, end, family) === true) continue;
      const text = scanner.text(start, end);
      const result = codec.parse(text, { family });
      if ("value" in result || result.needsHost === true) continue;
      if (end - start > LONGEST_WORD) {
        this.#add(
          node,
          "invalid-value",
          "error",
          start,
          end - start,
          `a word of ${end - start} bytes; iptables-restore refuses this`,
          `at most ${LONGEST_WORD} bytes`,
        );
        return;
      }
      const flag = option.record?.flag ?? "";
      this.#add(
        node,
        "invalid-value",
        "error",
        start,
        end - start,
        `${flag} cannot be "${text.slice(0, 80)}"; iptables-restore refuses this`,
        result.expected,
      );
      return;
    }
  }
}

function planOf(shape: Shape): Plan {
  const values: { word: number; option: ShapeOption; codec: Codec<unknown> }[] = [];
  for (const option of shape.options)
    option.valueWords.forEach((word, k) => {
      const codec = option.record?.codecs[k];
      if (codec !== undefined) values.push({ word, option, codec });
    });
  const oddities =
    shape.noteWord >= 0 ||
    shape.matches.some((match) => match.record === null) ||
    shape.options.some((option) => option.record === null || option.bangWord > option.flagWord);
  return { values, oddities };
}

/** The known spelling that a word of this line is nearest to, or `null`. */
function near(word: string, shape: Shape): string | null {
  if (!word.startsWith("-")) return null;
  const spellings: string[] = [];
  const add = (options: readonly { flag: string; aliases?: readonly string[] }[]): void => {
    for (const option of options) spellings.push(option.flag, ...(option.aliases ?? []));
  };
  add(coreOptions);
  for (const match of shape.matches) if (match.record !== null) add(match.record.options);
  if (shape.targetRecord !== null) add(shape.targetRecord.options);
  return nearest(word, spellings);
}

function nearest(word: string, candidates: readonly string[]): string | null {
  if (word.length > 40) return null;
  let best: string | null = null;
  let least = Math.min(3, Math.ceil(word.length / 3) + 1);
  for (const candidate of candidates) {
    const steps = distance(word, candidate);
    if (steps < least && steps > 0) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}
