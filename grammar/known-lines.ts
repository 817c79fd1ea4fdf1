import { areFixed, isSingleSpaced } from "./fixed-words.ts";
import { invariant } from "./invariant.ts";
import { type Keyword, WORD } from "./keyword.ts";
import { KnownWords } from "./known-words.ts";
import type { LineReader } from "./line-reader.ts";
import { loadNative, type Native } from "./native.ts";
import { isShape, type Outline } from "./outline.ts";
import { weightyWords } from "./rule-groups.ts";
import { SALT } from "./salt.ts";
import { columnFor } from "./text-memory.ts";
import { checkedValues } from "./value-problems.ts";
import { addressMask } from "./values/address-mask.ts";
import type { Codec } from "./values/codec.ts";
import { byte, limitBurst, uint16 } from "./values/integer.ts";
import { fullMark, mark, setMark } from "./values/mark.ts";
import { natRange } from "./values/nat-range.ts";
import { portRange } from "./values/port.ts";
import { portList } from "./values/port-list.ts";
import { probability } from "./values/probability.ts";
import { range16 } from "./values/range.ts";
import { allTargets } from "./vocabulary/index.ts";
import type { Family } from "./vocabulary/record.ts";

const LF = 10;
/** So much of a text is handed over at once. */
const WINDOW = 1 << 18;
/** So many lines are not known before it is asked whether looking pays. */
const MOST_UNKNOWN = 4096;
/** So often it is found out whether a value is all that is wrong with a line of a form. */
const MOST_TRIES = 16;
/** A dump of kube-proxy's has not so many forms: these are added when they are met, others when they are met again. */
const USUAL_FORMS = 64;
/** A form is added in so many spellings at most. */
const MOST_SPELLINGS = 8;

// numbers of grammar/native/forms.ts: what a word is
const TEXT = 0;
const VALUE = 1;
const NAME = 2;
const COUNTERS = 3;

/** Types of values that the native half judges by itself: grammar/native/values.ts. All others are numbered from here on. */
const types = new Map<Codec<unknown>, number>([
  [addressMask, 1],
  [portRange, 2],
  [natRange, 3],
  [probability, 4],
  [portList, 5],
  [mark, 6],
  [fullMark, 6],
  [setMark, 6],
  [range16, 7],
  [byte, 8],
  [uint16, 9],
  [limitBurst, 10],
]);
const FIRST_QUESTION = 16;

const COLUMNS = ["starts", "forms", "ruleNodes", "ruleChains", "ruleTargets", "ruleValues", "chainNodes", "chains"];
type Column = (typeof COLUMNS)[number];
/** Those of keywords. */
const LINE_KEYWORDS = 12;
const KEYWORDS = 13;
const WORD_LENGTHS = 14;
/** The first of those of values that are in doubt. */
const DOUBTS = 15;

/** Words of one line after the other, a keyword 0 behind those of each: their keywords' numbers, their bytes; by line where they begin, -1 for other lines. */
export interface KnownWordColumns {
  readonly starts: Int32Array;
  readonly keywords: Uint16Array;
  readonly lengths: Uint16Array;
}

/** Values that are perhaps none, by line. */
export interface Doubts {
  readonly count: number;
  readonly lines: Int32Array;
  readonly words: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** All chains of a text: by number the table and the place of the name; by the hash of table and name the number plus one, and the hash. */
export interface NameColumns {
  readonly tables: Int32Array;
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly slots: Int32Array;
}

/**
 * Reads the lines of forms that were met before, many at a time, and numbers all chains: the half of the reader that nearly every byte of
 * a large dump passes through. It is compiled ahead (grammar/native), because most dumps are read before V8 has optimised anything.
 * It says nothing of a line but that it is right, or which of its values may be wrong: any other one is left to `LineReader`.
 */
export class KnownLines {
  readonly #native: Native;
  readonly #bytes: Uint8Array;
  #memory = new Uint8Array();
  /** The window holds these bytes of the text, at this place in memory. */
  #start = 0;
  #end = 0;
  /** How often each form was added: it may be spelled in some ways. */
  readonly #added: number[] = [];
  /** How often each form was met with a value that is wrong. */
  readonly #tries: number[] = [];
  /** Once no more forms are kept. */
  #words: KnownWords | null = null;
  readonly #surroundings = new Map<string, number>();
  /** Lines that were read, and those that were not known. */
  #known = 0;
  #unknown = 0;
  #last = new LastName(-1, 0, 0, -1);
  /** Of the lines read last: their number, where the line behind them begins, and whether that is one that others have to read. */
  count = 0;
  next = 0;
  isStuck = false;

  constructor(bytes: Uint8Array) {
    this.#native = loadNative();
    this.#bytes = bytes;
    // room for as many chains as a node of kube-proxy's has for its bytes
    let slots = 4096;
    while (slots < bytes.length / 128) slots *= 2;
    this.#native.reset(slots, SALT);
    current = this;
    this.#nameExtensions();
  }

  /** Says where the lines that follow stand. `surroundings`: what the judgement of rules depends on besides. */
  enter(table: number, surroundings: string, family: Family | null, isNft: boolean): void {
    let number = this.#surroundings.get(surroundings);
    if (number === undefined) {
      number = this.#surroundings.size;
      this.#surroundings.set(surroundings, number);
    }
    this.#native.enter(table, number, family ?? 0, isNft);
  }

  /**
   * Reads lines from `start` on, where a line begins, up to the first that is not known; none reaches beyond `limit`.
   * @param node - number of the first line
   * @returns how many
   */
  read(start: number, limit: number, node: number): number {
    this.count = 0;
    this.next = start;
    if (this.#isPointless) return 0;
    if ((start < this.#start || start >= this.#end || this.#end > limit) && !this.#fill(start, limit)) return 0;
    this.count = this.#native.read(start - this.#start, this.#end - this.#start, this.#start, node);
    this.next = this.#start + this.#native.nextOffset();
    this.isStuck = Boolean(this.#native.stuck());
    this.#known += this.count;
    if (this.isStuck) this.#unknown++;
    return this.count;
  }

  /** Two looks at every line are too many where hardly two lines are alike. */
  get #isPointless(): boolean {
    return this.#unknown > MOST_UNKNOWN && this.#unknown > 2 * this.#known;
  }

  /** A column of what was read last; it is another one after the next call. */
  column(name: Column): Int32Array {
    const native = this.#native;
    const length = name.startsWith("rule")
      ? native.ruleCount()
      : name.startsWith("chain")
        ? native.chainCount()
        : this.count;
    return this.#columnAt(COLUMNS.indexOf(name), length);
  }

  /** Words of lines that were read last and whose forms are not kept. */
  words(): KnownWordColumns {
    const native = this.#native;
    const starts = this.#columnAt(LINE_KEYWORDS, this.count);
    const column = (number: number): Uint16Array =>
      new Uint16Array(native.memory.buffer, native.column(number), native.keywordTotal());
    return { starts, keywords: column(KEYWORDS), lengths: column(WORD_LENGTHS) };
  }

  /** Values of lines that were read last and that may be wrong: in which line, which word, where it begins and ends. `null`: there are none. */
  doubts(): Doubts | null {
    const count = this.#native.doubtCount();
    if (count === 0) return null;
    const [lines, words, starts, ends] = [0, 1, 2, 3].map((k) => this.#columnAt(DOUBTS + k, count)) as [
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    return { count, lines, words, starts, ends };
  }

  /** These of the doubts were none: the same values are right from now on. Columns that were given out are no longer valid. */
  areRight(doubts: readonly number[]): void {
    for (const doubt of doubts) this.#native.valueIsRight(doubt);
  }

  /**
   * Takes note of the line that the reader holds: its form was met, and nothing is wrong with it.
   * @param butForValue - nothing but a value
   */
  learn({ outline, scanner, start, textStart, end, next, joined, bytes }: LineReader, butForValue = false): void {
    if (start < this.#start || next > this.#end || textStart !== start || joined > 0 || next !== end + 1) return;
    const { words, count, spans } = scanner;
    if (outline.id < 0) {
      if (butForValue) return;
      const isRule = outline.plain && outline.command?.name === "append" && outline.targetRecord?.name !== "TCPMSS";
      if (!isRule || !areFixed(words, count) || !isSingleSpaced(bytes, spans, count)) return;
      this.#knownWords().learn(words, count, spans, this.#start);
      return;
    }
    if (!isShape(outline)) return;
    if (outline.kind === "chain") {
      if (count === 3 && words[0] === WORD.chain && words[2] === WORD.counters) this.#native.chainsAre(outline.id);
      return;
    }
    if (outline.command?.name !== "append" || outline.targetRecord?.name === "TCPMSS") return;
    const added = this.#added[outline.id];
    // where hardly two lines are alike, most forms are met once
    if (added === undefined) this.#added[outline.id] = 0;
    if (added === undefined && outline.id >= USUAL_FORMS) return;
    const at = start - this.#start;
    if (this.#native.learn(at, !butForValue)) return;
    if (added === MOST_SPELLINGS || !areFixed(words, count) || !isSingleSpaced(bytes, spans, count)) return;
    this.#added[outline.id] = (added ?? 0) + 1;
    this.#add(outline, words, count, spans);
    this.#native.learn(at, !butForValue);
  }

  /** Whether it pays to find out that a line of the form that the reader holds is right but for a value. Asked of each such line. */
  mayLearn({ outline: { id } }: LineReader): boolean {
    if (id < 0) return false;
    const tries = (this.#tries[id] ?? 0) + 1;
    this.#tries[id] = tries;
    return tries <= MOST_TRIES;
  }

  #knownWords(): KnownWords {
    if (this.#words === null) {
      this.#words = new KnownWords(this.#native, typeNumber);
      // looking may pay from now on
      this.#known = this.#unknown = 0;
    }
    return this.#words;
  }

  #add(
    { id, chainWord, targetWord, targetRecord, valueWord }: Outline,
    words: readonly Keyword[],
    count: number,
    spans: Int32Array,
  ): void {
    const native = this.#native;
    const typeOf: number[] = [];
    const weightOf: number[] = [];
    for (const { word, codec } of checkedValues(words, count)) typeOf[word] = typeNumber(codec);
    for (const { word, weight } of weightyWords(words, count)) weightOf[word] = weight;
    native.begin();
    for (let k = 0; k < count; k++)
      native.word(
        kindOf(words[k] as Keyword),
        typeOf[k] ?? 0,
        weightOf[k] ?? 0,
        (spans[k << 1] as number) - this.#start,
        (spans[(k << 1) + 1] as number) - this.#start,
      );
    native.end(id, chainWord, targetRecord === null ? targetWord : -1, valueWord);
  }

  /** Number of the chain in its table; a name not met before gets the next number. */
  intern(table: number, start: number, end: number): number {
    // most rules stand in the chain of the rule before
    if (!this.#last.is(this.#bytes, table, start, end))
      this.#last = new LastName(table, start, end, this.#intern(table, start, end));
    return this.#last.number;
  }

  #intern(table: number, start: number, end: number): number {
    if (start >= this.#start && end <= this.#end)
      return this.#native.intern(table, start - this.#start, end - this.#start, start);
    this.#put(start, end);
    return this.#native.intern(table, 0, end - start, start);
  }

  /** How many chains were numbered. */
  get nameCount(): number {
    return this.#native.nameCount();
  }

  /** All chains so far, as columns of their own. */
  names(): NameColumns {
    invariant(current === this, "no other text is read meanwhile");
    const count = this.nameCount;
    const copy = (number: number, length: number): Int32Array => {
      const column = columnFor(this.#bytes, length);
      column.set(this.#columnAt(number, length));
      return column;
    };
    return {
      tables: copy(8, count),
      starts: copy(9, count),
      lengths: copy(10, count),
      slots: copy(11, this.#native.slotCount()),
    };
  }

  #columnAt(number: number, length: number): Int32Array {
    const at = this.#native.column(number);
    return new Int32Array(this.#native.memory.buffer, at, length);
  }

  /** Hands over the lines from `start` on that end before `limit`; false where there is none, or not so soon. */
  #fill(start: number, limit: number): boolean {
    const most = Math.min(start + WINDOW, limit);
    const end = this.#bytes.subarray(start, most).lastIndexOf(LF) + 1 + start;
    if (end === start) return false;
    this.#put(start, end);
    this.#end = end;
    return true;
  }

  /** Puts bytes of the text into the window. */
  #put(start: number, end: number): void {
    const at = this.#room(end - start);
    this.#memory.set(this.#bytes.subarray(start, end), at);
    this.#start = start;
    this.#end = start;
  }

  /** Where in memory so many bytes can be put. */
  #room(bytes: number): number {
    const at = this.#native.room(bytes);
    const { buffer } = this.#native.memory;
    // a memory that grew is another one
    if (buffer !== this.#memory.buffer) this.#memory = new Uint8Array(buffer);
    return at;
  }

  /** A word behind `-j` is a chain unless it is one of these. */
  #nameExtensions(): void {
    const names = allTargets.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    const at = this.#room(WINDOW);
    let end = 0;
    for (const name of names) {
      for (let i = 0; i < name.length; i++) this.#memory[at + end + i] = name.charCodeAt(i);
      this.#native.extension(end, end + name.length);
      end += name.length;
    }
  }
}

/** A name that was asked for by itself. */
class LastName {
  readonly #table: number;
  readonly #start: number;
  readonly #length: number;
  readonly number: number;

  constructor(table: number, start: number, end: number, number: number) {
    this.#table = table;
    this.#start = start;
    this.#length = end - start;
    this.number = number;
  }

  is(bytes: Uint8Array, table: number, start: number, end: number): boolean {
    if (table !== this.#table || end - start !== this.#length) return false;
    for (let k = 0; k < this.#length; k++) if (bytes[start + k] !== bytes[this.#start + k]) return false;
    return true;
  }
}

/** Who read last. */
let current: KnownLines | undefined;

function typeNumber(codec: Codec<unknown>): number {
  if (codec.takesBare !== undefined) return -codec.takesBare;
  let type = types.get(codec);
  if (type === undefined) {
    type = FIRST_QUESTION + types.size;
    types.set(codec, type);
  }
  return type;
}

const kindOf = (word: Keyword): number =>
  word === WORD.value ? VALUE : word === WORD.name ? NAME : word === WORD.counters ? COUNTERS : TEXT;
