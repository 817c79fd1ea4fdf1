import type { Block, Judge } from "./block.ts";
import { ByteTable, hashBytes } from "./byte-table.ts";
import { Expects, type Keyword } from "./keyword.ts";
import type { LineReader } from "./line-reader.ts";
import type { ProblemList } from "./problem-list.ts";
import type { Codec, Refusal } from "./values/codec.ts";
import type { Family, OptionRecord } from "./vocabulary/record.ts";

/** iptables-restore reads words into a buffer of 1,024 bytes (xshared.h). */
const LONGEST_WORD = 1023;

/** What people put where they took a value out: `<private_ip>`, `XX:XX:XX:XX:XX:XX`, `{{ var }}`, `${VAR}`, `x.x.x.x`. */
const PLACEHOLDER =
  /^(?:<.{0,80}>(?:[/:]\d{1,5})?|\{\{.{0,80}|\$\{?\w{1,80}\}?|[Xx*]{1,4}(?:[.:][Xx*]{1,4})+(?:\/[\dXx*]{1,3})?(?::\d{1,5})?|REDACTED|\.{3})$/;

const INVALID_VALUE = { checkId: "invalid-value", severity: "error" } as const;

const FIRST_OF_PLACEHOLDER: ReadonlySet<number> = new Set(Array.from("<{$Xx*R.", (char) => char.charCodeAt(0)));

/** A value of a line: which word, of which option. */
export interface Value {
  readonly word: number;
  readonly option: OptionRecord;
  readonly codec: Codec<unknown>;
}

/** A value that its codec does not take. */
interface RefusedValue {
  readonly start: number;
  readonly end: number;
  readonly codec: Codec<unknown>;
  readonly text: string;
  readonly refusal: Refusal;
}

/** So many values are remembered. */
const MOST_KNOWN = 1 << 14;

/** Asks the codec of every value of a line whether iptables would take it; says at most one problem per line. */
export class ValueProblems {
  readonly #reader: LineReader;
  readonly #list: ProblemList;
  /** Values that were found right where their bytes alone did not tell, by codec and family. */
  readonly #known: ByteTable;
  #family: Family | null = null;
  /** The value of the line that was refused last: it is asked about twice, first whether it is right, then what is wrong. */
  #last: RefusedValue | null = null;
  /** Whose value `takes` refused. */
  #refusedOption: Keyword | null = null;

  readonly #asked: Judge | undefined;

  constructor(reader: LineReader, list: ProblemList, judge: Judge | undefined) {
    this.#reader = reader;
    this.#list = list;
    this.#asked = judge;
    this.#known = new ByteTable(reader.bytes, MOST_KNOWN);
  }

  /** Says in which block the values of the rules that follow stand. */
  enter(block: Block | null): void {
    const judge = this.#asked ?? block?.header;
    this.#family = judge?.family ?? null;
    this.begin();
  }

  /** True: nothing to say. */
  check(node: number): boolean {
    const { words, count, spans } = this.#reader.scanner;
    const isShort = this.isShort;
    let option: OptionRecord | null = null;
    let place = 0;
    for (let k = 0; k < count; k++) {
      const word = words[k] as Keyword;
      if (word.role === "Value" || word.role === "Name") {
        const codec: Codec<unknown> | undefined = option?.codecs[place++];
        if (option === null || codec === undefined || (isShort && !isWeighty(word, codec))) continue;
        const start = spans[k << 1] as number;
        const end = spans[(k << 1) + 1] as number;
        if (!this.#isRight(node, option, codec, start, end)) return false;
      } else if (word.role !== "OldBang") {
        option = word.option;
        place = 0;
      }
    }
    return true;
  }

  /** Whether the line is no longer than a word may be: it has no word that is too long. */
  get isShort(): boolean {
    return this.#reader.end - this.#reader.textStart <= LONGEST_WORD;
  }

  /** Another line is asked about; the same place may hold other bytes by now. */
  begin(): void {
    this.#last = null;
    this.#refusedOption = null;
  }

  /** Whether the option takes the bytes as its value at that place, of a line that is short. */
  takes(keyword: Keyword, place: number, start: number, end: number): boolean {
    const { option, id } = keyword;
    if (option === null) return true;
    const codec = (weightyCodecs[id] ?? learnCodecs(id, option))[place];
    if (codec == null || this.#refusal(codec, start, end) === null) return true;
    this.#refusedOption = keyword;
    return false;
  }

  /** The option whose value `takes` refused; `null`: it refused none since `begin`. */
  get refusedOption(): Keyword | null {
    return this.#refusedOption;
  }

  /** Says what is wrong with the value that `takes` refused; false where it refused none of the line. */
  tellRefused(node: number): boolean {
    const option = this.#refusedOption?.option ?? null;
    if (option === null || this.#last === null) return false;
    const { start, end, text, refusal } = this.#last;
    this.#refused(node, option.flag, start, end - start, text, refusal.expected);
    return true;
  }

  #isRight(node: number, option: OptionRecord, codec: Codec<unknown>, offset: number, end: number): boolean {
    if (end - offset > LONGEST_WORD && this.#isTooLong(offset, end)) {
      this.#refused(node, option.flag, offset, end - offset, "", `at most ${LONGEST_WORD} bytes`);
      return false;
    }
    const refusal = this.#refusal(codec, offset, end);
    if (refusal === null) return true;
    const text = this.#reader.scanner.text(offset, end);
    this.#refused(node, option.flag, offset, end - offset, text, refusal.expected);
    return false;
  }

  /** What is expected instead of the value; `null`: it is right. */
  #refusal(codec: Codec<unknown>, start: number, end: number): Refusal | null {
    const { bytes, scanner } = this.#reader;
    const family = this.#family;
    if (this.#last?.start === start && this.#last.codec === codec) return this.#last.refusal;
    if (codec.accepts?.(bytes, start, end, family) === true) return null;
    const kind = numberOf(codec) * 16 + (family ?? 0);
    const hash = hashBytes(bytes, start, end);
    if (this.#known.find(kind, hash, start, end) >= 0) return null;
    const text = scanner.text(start, end);
    const result = codec.parse(text, { family });
    if (!("value" in result) && result.needsHost !== true) {
      this.#last = { start, end, codec, text, refusal: result };
      return result;
    }
    this.#known.add(kind, hash, start, end);
    return null;
  }

  /** Quotes and escapes can double the bytes of a word, no more, and do not count. */
  #isTooLong(offset: number, end: number): boolean {
    return end - offset > 2 * LONGEST_WORD + 2 || this.#reader.scanner.text(offset, end).length > LONGEST_WORD;
  }

  #refused(node: number, flag: string, offset: number, length: number, text: string, expected: string): void {
    if (length <= LONGEST_WORD && FIRST_OF_PLACEHOLDER.has(text.charCodeAt(0)) && PLACEHOLDER.test(text)) {
      this.#list.once(
        "placeholder",
        node,
        { checkId: "placeholder", severity: "info", offset, length, expected },
        (count) =>
          `${count === 1 ? "a placeholder stands" : `placeholders stand in ${count} rules`} where a value was taken out; what such a rule matches is not shown`,
      );
      return;
    }
    if (this.#list.countsAlone(node, INVALID_VALUE)) return;
    const message =
      length > LONGEST_WORD
        ? `a word of ${length} bytes; iptables-restore refuses this`
        : `${flag} cannot be "${text.slice(0, 80)}"; iptables-restore refuses this`;
    const { checkId, severity } = INVALID_VALUE;
    this.#list.add(node, { checkId, severity, offset, length, message, expected });
  }
}

/** By the numbers of keywords: the codecs of their values that can be wrong although no word is too long. */
const weightyCodecs: (readonly (Codec<unknown> | null)[] | undefined)[] = [];

function learnCodecs(id: number, { codecs }: OptionRecord): readonly (Codec<unknown> | null)[] {
  const made = codecs.map((codec) => (codec.takesUpTo === LONGEST_WORD ? null : codec));
  weightyCodecs[id] = made;
  return made;
}

/** Codecs of the values of a keyword; `null` for one that takes any text that is no longer than a word. */
export const codecsOf = ({ id, option }: Keyword): readonly (Codec<unknown> | null)[] =>
  option === null ? [] : (weightyCodecs[id] ?? learnCodecs(id, option));

const numbers = new Map<Codec<unknown>, number>();

function numberOf(codec: Codec<unknown>): number {
  const known = numbers.get(codec);
  if (known !== undefined) return known;
  numbers.set(codec, numbers.size);
  return numbers.size - 1;
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
