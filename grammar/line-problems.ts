import type { Block, Judge } from "./block.ts";
import { byteString } from "./bytes.ts";
import { hasOdd, type Keyword, WORD } from "./keyword.ts";
import { LineEnds } from "./line-ends.ts";
import type { LineReader } from "./line-reader.ts";
import { isNearlyCommit } from "./line-start.ts";
import { nearest, nearestOption } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import { type Found, ProblemList } from "./problem-list.ts";
import { RestoreProblems } from "./restore-problems.ts";
import { type Shape, TARGET } from "./shape.ts";
import type { Tear } from "./tear.ts";
import { ValueProblems } from "./value-problems.ts";
import { allMatches } from "./vocabulary/index.ts";

/** iptables-restore reads lines into a buffer of 10,240 bytes, and takes at most 255 words with its own two (xshared.h). */
const LONGEST_LINE = 10_239;
const MOST_WORDS = 253;
const TABLES = ["filter", "nat", "mangle", "raw", "security"];
const NEWLINE = "a newline inside quotes; iptables-restore cannot read this back";
const UNKNOWN_OPTION = { checkId: "unknown-option", severity: "error" } as const;
const REFUSED = "iptables-restore refuses this";

/** Turns what the reader saw of each line into problems: at most one of severity error per line, noise once per file. */
export class LineProblems {
  readonly #reader: LineReader;
  readonly #list = new ProblemList();
  readonly #values: ValueProblems | null;
  readonly #restore: RestoreProblems;
  #block: Block | null | undefined;
  /** The option whose value alone was told of the line told last. */
  #refusedOption: Keyword | null = null;
  /** Of the file that is read. */
  readonly ends = new LineEnds(this.#list);

  /** @param judge - whose iptables is asked; left out: the one that each block's header names */
  constructor(reader: LineReader, values: boolean, judge?: Judge) {
    this.#reader = reader;
    this.#values = values ? new ValueProblems(reader, this.#list, judge) : null;
    this.#restore = new RestoreProblems(reader, this.#list, judge);
  }

  /** How many cases of anything there were so far. */
  get cases(): number {
    return this.#list.cases;
  }

  line(node: number, block: Block | null): void {
    this.#refusedOption = null;
    const reader = this.#reader;
    const { outline } = reader;
    if (reader.next > reader.end) this.ends.line(reader.bytes, reader.end, reader.next, node);
    if (reader.next - reader.start > LONGEST_LINE + 1) this.#tooLong(node);
    if (reader.textStart > reader.start) this.#before(node);
    switch (outline.kind) {
      case "rule":
      case "command":
      case "chain":
        this.#rule(node, block);
        return;
      case "bad":
        this.#bad(node);
        return;
      case "noise":
        this.#noise(node, block);
        return;
      case "commit":
        if (reader.end > reader.textStart + 6)
          this.#syntax(node, reader.textStart, 6, `blanks after COMMIT; ${REFUSED}`, "COMMIT and nothing else");
        return;
      case "table":
        this.#table(node, block?.table ?? "");
        return;
      default:
    }
  }

  /** Whether nothing is wrong with the rule that the reader holds but the value that was just told, on which nothing else depends. */
  isRightButForValue(block: Block | null): boolean {
    return this.#refusedOption !== null && this.#restore.isRightBut(this.#refusedOption, block);
  }

  /**
   * Asks about a value of a rule with which nothing else is wrong, and says so where it is refused.
   * @param option - whose value it is, the one at that place
   */
  refuses(node: number, block: Block | null, option: Keyword, place: number, start: number, end: number): boolean {
    const values = this.#values;
    if (values === null) return false;
    this.#enter(block);
    values.begin();
    return !values.takes(option, place, start, end) && values.tellRefused(node);
  }

  #enter(block: Block | null): void {
    if (block === this.#block) return;
    this.#block = block;
    this.#values?.enter(block);
  }

  endFile(): void {
    this.ends.endFile();
    this.#list.flush();
  }

  /** `start` to `end`: the line that opens the table. */
  missingCommit(block: Block, start: number, end: number): void {
    // a table that iptables does not know has its finding already
    if (!TABLES.includes(block.table ?? "")) return;
    this.#list.add(block.firstNode, {
      checkId: "missing-commit",
      severity: "error",
      offset: start,
      length: end - start,
      message: `table "${block.table}" has no COMMIT: the text was cut off, or iptables-restore refuses it`,
      expected: "COMMIT after the last rule",
    });
  }

  torn(node: number, { start, tail }: Tear): void {
    this.#list.add(node, {
      checkId: "text-around-rules",
      severity: "info",
      offset: start,
      length: tail,
      message: "a warning of iptables stood in the middle of this line; the line was put together again",
    });
  }

  wrapped(node: number): void {
    const { textStart, end } = this.#reader;
    this.#list.once(
      "wrapped",
      node,
      { checkId: "text-around-rules", severity: "info", offset: textStart, length: end - textStart },
      (count) =>
        `${counted(count, "line")} wrapped on the way here (a terminal, a mail); ${count === 1 ? "it was" : "they were"} put together again`,
    );
  }

  all(): Problem[] {
    return this.#list.all();
  }

  get isCounted(): boolean {
    return this.#list.isCounted;
  }

  /** By node: whether it has an error; empty where none has. */
  refused(nodes: number): Uint8Array {
    return this.#list.refused(nodes);
  }

  /** All problems so far, which are then forgotten. */
  drain(): Problem[] {
    this.#list.flush();
    const all = this.#list.all();
    this.#list.clear();
    return all;
  }

  #rule(node: number, block: Block | null): void {
    const reader = this.#reader;
    const { outline } = reader;
    if (reader.joined > 0) {
      this.#line(node, { checkId: "newline-in-quotes", message: NEWLINE, expected: "a comment on one line" });
      return;
    }
    const values = this.#values;
    this.#enter(block);
    const isPlain = outline.kind === "rule" && outline.plain && reader.scanner.count <= MOST_WORDS;
    if (isPlain && values?.isShort === true) {
      if (this.#restore.isSurelyRight(block, values)) return;
    } else values?.begin();
    const odd = hasOdd(reader.scanner);
    if (!odd && isPlain && values?.tellRefused(node) === true) {
      this.#refusedOption = values.refusedOption;
      return;
    }
    if (odd && this.#oddity(node, reader.shape)) return;
    if (outline.kind === "rule" && reader.scanner.count > MOST_WORDS) {
      const message = `${reader.scanner.count} words; ${REFUSED}`;
      this.#line(node, { checkId: "too-many-words", message, expected: `at most ${MOST_WORDS} words` });
      return;
    }
    const { errors } = this.#list;
    const right = values?.check(node) === true;
    if (odd && this.#list.errors === errors) this.#oldOrNoted(node, reader.shape);
    // of an odd line it was said already that it is refused
    if (right && !odd && outline.kind === "rule") this.#restore.check(node, block);
  }

  /** What the form of the line alone shows; true where it was worth an error. */
  #oddity(node: number, shape: Shape): boolean {
    if (shape.countersWord >= 0 && this.#reader.scanner.words[shape.countersWord] === WORD.cutCounters) {
      const isChain = shape.kind === "chain";
      this.#atWord(node, shape.countersWord, {
        checkId: "syntax-error",
        severity: isChain ? "info" : "error",
        message: isChain
          ? "counters cut short; iptables-restore reads them with --counters alone"
          : `counters without an end; ${REFUSED}`,
        expected: "[packets:bytes]",
      });
      if (!isChain) return true;
    }
    const foreign = shape.matches.find((match) => match.record === null);
    if (foreign !== undefined) this.#unknownExtension(node, "match", foreign.word);
    const unknown = shape.options.find((option) => option.record === null);
    if (unknown !== undefined && foreign === undefined) {
      if (unknown.owner === TARGET && shape.targetRecord === null && shape.targetWord >= 0) {
        this.#unknownExtension(node, "target", shape.targetWord);
        return false;
      }
      if (this.#list.countsAlone(node, UNKNOWN_OPTION)) return true;
      const flag = this.#text(unknown.flagWord);
      const expected = "an option of the core or of an extension named before it";
      this.#atWord(node, unknown.flagWord, {
        checkId: UNKNOWN_OPTION.checkId,
        severity: UNKNOWN_OPTION.severity,
        message: `unknown option "${flag}"; ${REFUSED}`,
        expected,
        suggestion: () => nearestOption(flag, shape),
      });
      return true;
    }
    return false;
  }

  /** What iptables-restore refuses although it is plain what is meant. */
  #oldOrNoted(node: number, shape: Shape): void {
    if (shape.noteWord >= 0) {
      this.#atWord(node, shape.noteWord, {
        checkId: "trailing-text",
        severity: "warning",
        message: `text after the rule; ${REFUSED}`,
        expected: "the rule alone: iptables knows no comment at the end of a line",
      });
      return;
    }
    const old = shape.options.find((option) => option.bangWord > option.flagWord);
    if (old === undefined) return;
    const flag = this.#text(old.flagWord);
    this.#atWord(node, old.bangWord, {
      checkId: "old-negation",
      severity: "warning",
      message: `"!" after ${flag}, the spelling before iptables 1.4.3; ${REFUSED} today`,
      expected: `"!" before ${flag}`,
    });
  }

  #unknownExtension(node: number, kind: "match" | "target", word: number): void {
    const name = this.#text(word);
    const suggestion = (): string | null =>
      kind === "match"
        ? nearest(
            name,
            allMatches.map((match) => match.name),
          )
        : null;
    const { offset, length } = this.#word(word);
    const found = { checkId: "unknown-extension", severity: "info", offset, length, suggestion } as const;
    const unknown = kind === "match" ? "what it asks of a packet is unknown" : "what it does with a packet is unknown";
    this.#list.once(
      `${kind} ${name}`,
      node,
      found,
      (count) => `${kind} "${name}" is not known to iptlint (${counted(count, "rule")}); ${unknown}`,
    );
  }

  #bad(node: number): void {
    const { shape, scanner, textStart, end } = this.#reader;
    const error = shape.error;
    if (error === null || this.#list.countsAlone(node, { checkId: error.checkId, severity: "error" })) return;
    const last = scanner.count - 1;
    const word = error.word < 0 ? last : Math.min(error.word, last);
    if (word < 0) {
      this.#syntax(node, textStart, end - textStart, error.message, error.expected ?? "a line of iptables-save");
      return;
    }
    const seen = this.#text(word);
    const atEnd = error.word > last || seen === "";
    this.#atWord(node, word, {
      checkId: error.checkId,
      severity: "error",
      message:
        error.checkId === "missing-value"
          ? `"${seen}" has no value`
          : atEnd
            ? error.message
            : `${error.message}: "${seen}"`,
      expected: error.expected ?? undefined,
      suggestion: () => (error.checkId === "syntax-error" ? nearestOption(seen, shape) : null),
    });
  }

  #table(node: number, name: string): void {
    if (TABLES.includes(name)) return;
    const { textStart, end } = this.#reader;
    this.#list.add(node, {
      checkId: "unknown-table",
      severity: "error",
      offset: textStart,
      length: end - textStart,
      message: `iptables has no table "${name.slice(0, 40)}"`,
      expected: "filter, nat, mangle, raw or security",
      suggestion: () => nearest(name, TABLES),
    });
  }

  #tooLong(node: number): void {
    const { start, end } = this.#reader;
    const message = `a line of ${end - start} bytes; iptables-restore cuts lines at ${LONGEST_LINE} bytes and reads the rest as a new line`;
    this.#list.add(node, {
      checkId: "line-too-long",
      severity: "warning",
      offset: start,
      length: end - start,
      message,
    });
  }

  #before(node: number): void {
    const { start, textStart, outline, bytes } = this.#reader;
    // iptables-restore takes blanks before a rule without counters, and before nothing else
    if (
      (bytes[start] === 32 || bytes[start] === 9) &&
      bytes[textStart] !== 91 &&
      (outline.kind === "rule" || outline.kind === "bad")
    )
      return;
    this.#list.once(
      "before",
      node,
      { checkId: "text-around-rules", severity: "info", offset: start, length: textStart - start },
      (count) =>
        `text that is not iptables-save's before ${counted(count, "line")} (a prompt, a log prefix, indentation); what stands behind it was read`,
    );
  }

  #noise(node: number, block: Block | null): void {
    const { textStart, end } = this.#reader;
    const place = { checkId: "text-around-rules", offset: textStart, length: end - textStart } as const;
    const isInTable = block !== null && block.table !== null && !block.committed;
    if (isInTable && isNearlyCommit(byteString(this.#reader.bytes, textStart, Math.min(end, textStart + 80))))
      this.#syntax(node, textStart, end - textStart, `a COMMIT that is none; ${REFUSED}`, "COMMIT and nothing else");
    else if (isInTable)
      this.#list.once(
        "noise in table",
        node,
        { ...place, severity: "warning" },
        (count) => `${counted(count, "line")} inside a table neither a rule nor a chain; ${REFUSED}`,
      );
    else
      this.#list.once(
        "noise",
        node,
        { ...place, severity: "info" },
        (count) => `${counted(count, "line")} not iptables-save's (a prompt, a command, prose)`,
      );
  }

  #syntax(node: number, offset: number, length: number, message: string, expected: string): void {
    this.#list.add(node, { checkId: "syntax-error", severity: "error", offset, length, message, expected });
  }

  /** A problem of the line as a whole. */
  #line(node: number, { checkId, message, expected }: Pick<Found, "checkId" | "message" | "expected">): void {
    const { textStart: offset, end } = this.#reader;
    this.#list.add(node, { checkId, severity: "error", offset, length: end - offset, message, expected });
  }

  #atWord(node: number, word: number, found: Omit<Found, "offset" | "length">): void {
    const { offset, length } = this.#word(word);
    const { checkId, severity, message, expected, suggestion } = found;
    this.#list.add(node, { checkId, severity, offset, length, message, expected, suggestion });
  }

  #word(word: number): { offset: number; length: number } {
    const { spans } = this.#reader.scanner;
    const offset = spans[word << 1] as number;
    return { offset, length: (spans[(word << 1) + 1] as number) - offset };
  }

  #text(word: number): string {
    const { offset, length } = this.#word(word);
    return this.#reader.scanner.text(offset, offset + Math.min(length, 80));
  }
}

const counted = (count: number, noun: string): string => (count === 1 ? `1 ${noun}` : `${count} ${noun}s`);
