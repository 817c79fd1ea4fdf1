import type { Block, Judge } from "./block.ts";
import { Expects, type Keyword } from "./keyword.ts";
import type { LineReader } from "./line-reader.ts";
import type { ProblemList } from "./problem-list.ts";
import type { Codec } from "./values/codec.ts";
import type { Family, OptionRecord } from "./vocabulary/record.ts";

/** iptables-restore reads words into a buffer of 1,024 bytes (xshared.h). */
const LONGEST_WORD = 1023;

/** What people put where they took a value out: `<private_ip>`, `XX:XX:XX:XX:XX:XX`, `{{ var }}`, `${VAR}`, `x.x.x.x`. */
const PLACEHOLDER =
  /^(?:<.{0,80}>(?:[/:]\d{1,5})?|\{\{.{0,80}|\$\{?\w{1,80}\}?|[Xx*]{1,4}(?:[.:][Xx*]{1,4})+(?:\/[\dXx*]{1,3})?(?::\d{1,5})?|REDACTED|\.{3})$/;

/** A value of a line: which word, of which option. */
export interface Value {
  readonly word: number;
  readonly option: OptionRecord;
  readonly codec: Codec<unknown>;
}

interface Values {
  readonly all: readonly Value[];
  /** Those that can be wrong although no word is too long. */
  readonly weighty: readonly Value[];
}

/** Asks the codec of every value of a line whether iptables would take it; says at most one problem per line. */
export class ValueProblems {
  readonly #reader: LineReader;
  readonly #list: ProblemList;
  readonly #values: (Values | undefined)[] = [];

  readonly #last = new Map<Codec<unknown>, { offset: number; end: number; family: Family | null }>();

  readonly #asked: Judge | undefined;

  constructor(reader: LineReader, list: ProblemList, judge: Judge | undefined) {
    this.#reader = reader;
    this.#list = list;
    this.#asked = judge;
  }

  /** True: nothing to say. */
  check(node: number, block: Block | null): boolean {
    const reader = this.#reader;
    const shape = reader.outline.id;
    const judge = this.#asked ?? block?.header;
    const family = judge?.family ?? null;
    // a line that is no longer than a word may be has no word that is too long
    const isShort = reader.end - reader.textStart <= LONGEST_WORD;
    if (shape < 0) return this.#checkUnkept(node, family, isShort);
    const values = this.#values[shape] ?? this.#valuesOf(shape);
    const weighty = isShort ? values.weighty : values.all;
    for (let i = 0; i < weighty.length; i++) {
      const { word, option, codec } = weighty[i] as Value;
      if (!this.#isRight(node, family, word, option, codec)) return false;
    }
    return true;
  }

  /** The same of a line whose form is not kept: without a list of its values. */
  #checkUnkept(node: number, family: Family | null, isShort: boolean): boolean {
    const { words, count } = this.#reader.scanner;
    let option: OptionRecord | null = null;
    let place = 0;
    for (let k = 0; k < count; k++) {
      const word = words[k] as Keyword;
      if (word.role === "Value" || word.role === "Name") {
        const codec: Codec<unknown> | undefined = option?.codecs[place++];
        if (option === null || codec === undefined || (isShort && !isWeighty(word, codec))) continue;
        if (!this.#isRight(node, family, k, option, codec)) return false;
      } else if (word.role !== "OldBang") {
        option = word.option;
        place = 0;
      }
    }
    return true;
  }

  #isRight(node: number, family: Family | null, word: number, option: OptionRecord, codec: Codec<unknown>): boolean {
    const { bytes, scanner } = this.#reader;
    const offset = scanner.spans[word << 1] as number;
    const end = scanner.spans[(word << 1) + 1] as number;
    if (end - offset > LONGEST_WORD && this.#isTooLong(offset, end)) {
      this.#refused(node, option.flag, offset, end - offset, "", `at most ${LONGEST_WORD} bytes`);
      return false;
    }
    if (codec.accepts?.(bytes, offset, end, family) === true || this.#isLast(codec, offset, end, family)) return true;
    const text = scanner.text(offset, end);
    const result = codec.parse(text, { family });
    if ("value" in result || result.needsHost === true) {
      this.#last.set(codec, { offset, end, family });
      return true;
    }
    this.#refused(node, option.flag, offset, end - offset, text, result.expected);
    return false;
  }

  /** Forgets the values of the last line: its bytes are about to change. */
  forget(): void {
    this.#last.clear();
  }

  /** Quotes and escapes can double the bytes of a word, no more, and do not count. */
  #isTooLong(offset: number, end: number): boolean {
    return end - offset > 2 * LONGEST_WORD + 2 || this.#reader.scanner.text(offset, end).length > LONGEST_WORD;
  }

  /** Whether the codec was asked the same just before: real texts say `NEW` and `RELATED,ESTABLISHED` again and again. */
  #isLast(codec: Codec<unknown>, offset: number, end: number, family: Family | null): boolean {
    const last = this.#last.get(codec);
    if (last === undefined || last.end - last.offset !== end - offset || last.family !== family) return false;
    const { bytes } = this.#reader;
    for (let i = 0; i < end - offset; i++) if (bytes[last.offset + i] !== bytes[offset + i]) return false;
    return true;
  }

  #refused(node: number, flag: string, offset: number, length: number, text: string, expected: string): void {
    if (length <= LONGEST_WORD && PLACEHOLDER.test(text)) {
      this.#list.once(
        "placeholder",
        node,
        { checkId: "placeholder", severity: "info", offset, length, expected },
        (count) =>
          `${count === 1 ? "a placeholder stands" : `placeholders stand in ${count} rules`} where a value was taken out; what such a rule matches is not shown`,
      );
      return;
    }
    const message =
      length > LONGEST_WORD
        ? `a word of ${length} bytes; iptables-restore refuses this`
        : `${flag} cannot be "${text.slice(0, 80)}"; iptables-restore refuses this`;
    this.#list.add(node, { checkId: "invalid-value", severity: "error", offset, length, message, expected });
  }

  #valuesOf(shape: number): Values {
    const { words, count } = this.#reader.scanner;
    const values = { all: valuesIn(words, count), weighty: checkedValues(words, count) };
    this.#values[shape] = values;
    return values;
  }
}

/** The values of a line by its keywords. */
function valuesIn(words: readonly Keyword[], count: number): Value[] {
  const all: Value[] = [];
  let option: OptionRecord | null = null;
  let place = 0;
  for (let word = 0; word < count; word++) {
    const { role, option: named } = words[word] as Keyword;
    if (role === "Value" || role === "Name") {
      const codec = option?.codecs[place++];
      if (option !== null && codec !== undefined) all.push({ word, option, codec });
    } else if (role !== "OldBang") {
      option = named;
      place = 0;
    }
  }
  return all;
}

/** Those of them that can be wrong although no word is too long. */
export const checkedValues = (words: readonly Keyword[], count: number): Value[] =>
  valuesIn(words, count).filter(({ word, codec }) => isWeighty(words[word] as Keyword, codec));

/** What a keyword or any text may be is right as it stands. */
const isWeighty = (word: Keyword, codec: Codec<unknown>): boolean =>
  codec.takesUpTo !== LONGEST_WORD && word.stands !== Expects.protocol;
