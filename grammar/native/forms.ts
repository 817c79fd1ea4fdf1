import {
  areSame,
  BACKSLASH,
  BANG,
  BRACKET,
  byteAt,
  CLOSING_BRACKET,
  COLON,
  COMMA,
  CR,
  copyOf,
  hashOf,
  isDigit,
  LF,
  mix,
  QUOTE,
  SPACE,
  TAB,
} from "./bytes.ts";
import { LONGEST_CHAIN } from "./chain-class.ts";
import { Column, put } from "./column.ts";
import { SeenTexts } from "./seen.ts";
import { isSurely } from "./values.ts";
import { zeros } from "./zeros.ts";

/** What a word of a rule is; the numbers are those of known-lines.ts. */
const TEXT = 0;
const _VALUE = 1;
/** The name of a chain after `-j`: any word that is no target extension. */
const NAME = 2;
/** `[12:34]` */
const COUNTERS = 3;

/** What of a word the judgement of its line can depend on besides the form; the numbers are those of rule-groups.ts. */
const BYTES = 1;
const NUMBERS_ASIDE = 2;
const LISTED = 3;
const LENGTH = 4;

/** Types of values from here on are questions of seen texts; those below are told by their bytes, negative ones by their length. */
const FIRST_QUESTION = 16;
export const MOST_WORDS = 250;
/** So many values of a line may be in doubt. */
const MOST_DOUBTS = 4;
/** Letters of the longest name of a target, or more. */
const LONGEST_EXTENSION = 16;

/** Node 0 stands for none. */
const ROOT = 1;
export const NO_FORM = -1;

/**
 * The known forms of rules as a tree of words: a line is read by walking it. What the scanner makes of a word follows from the words before
 * it alone, and so does the type of a value; so one walk finds the form, cuts the words and judges the values.
 */
export class Forms {
  /** Of each node: what a free word is here, where it leads, its type, what it weighs, the first edge for a word of fixed text, the form of a line that ends. */
  private kinds: Column = new Column();
  private free: Column = new Column();
  private types: Column = new Column();
  private weights: Column = new Column();
  private edges: Column = new Column();
  private ends: Column = new Column();
  /** Of each edge: the next one of its node, where it leads, its text. */
  private siblings: Column = new Column();
  private targets: Column = new Column();
  private texts: Column = new Column();
  private lengths: Column = new Column();
  /** Of each form: the numbers of its words, -1 where there is none. */
  readonly chainWords: Column = new Column();
  readonly targetWords: Column = new Column();
  readonly valueWords: Column = new Column();
  readonly seen: SeenTexts = new SeenTexts();
  /** Names of targets that are no chains. */
  readonly extensions: SeenTexts = new SeenTexts();
  /** Of the line that was walked last: first byte and end of word k at 2k and 2k + 1, the number of words, what its judgement depends on. */
  readonly spans: StaticArray<i32> = zeros<i32>(MOST_WORDS * 2 + 2);
  count: i32 = 0;
  weight: u64 = 0;
  /** Of its words those that are perhaps no values of their types: their numbers, their types. */
  doubts: i32 = 0;
  readonly doubtWords: StaticArray<i32> = zeros<i32>(MOST_DOUBTS);
  readonly doubtTypes: StaticArray<i32> = zeros<i32>(MOST_DOUBTS);

  constructor() {
    this.node();
    this.node();
    this.edge(0, 0, 0, 0);
  }

  /**
   * Walks the line at `from`, which ends in LF.
   * @param isRight - its values are known to be right: they are taken note of instead of judged
   * @returns its form, or -1
   */
  walk(from: i32, family: i32, isRight: bool): i32 {
    this.doubts = 0;
    let node = ROOT;
    let at = from;
    let count = 0;
    let weight: u64 = 1;
    for (;;) {
      if (count === MOST_WORDS) return NO_FORM;
      let to = this.fixedEnd(node, at);
      if (to !== 0) node = this.taken;
      else {
        const kind = this.kinds.get(node);
        to = kind === TEXT ? 0 : this.freeEnd(kind, at);
        if (to === 0) return NO_FORM;
        const type = this.types.get(node);
        if (type !== 0 && !this.isRight(type, at, to, family, isRight) && !this.doubt(count, type, isRight))
          return NO_FORM;
        const weighs = this.weights.get(node);
        if (weighs !== 0) weight = mix(weight, weigh(weighs, at, to));
        node = this.free.get(node);
      }
      put(this.spans, count << 1, at);
      put(this.spans, (count << 1) + 1, to);
      count++;
      if (byteAt(to) !== SPACE) break;
      at = to + 1;
    }
    if (byteAt(unchecked(this.spans[(count << 1) - 1])) !== LF) return NO_FORM;
    this.count = count;
    this.weight = weight;
    return this.ends.get(node);
  }

  private taken: i32 = 0;

  /** Behind the word of fixed text that stands at `at`, 0 where the node knows none; `taken`: where it leads. */
  private fixedEnd(node: i32, at: i32): i32 {
    let before = 0;
    for (let edge = this.edges.get(node); edge !== 0; edge = this.siblings.get(edge)) {
      const length = this.lengths.get(edge);
      if (areSame(at, this.texts.get(edge), length) && isEnd(at + length)) {
        if (before !== 0) {
          // the edge taken last is tried first
          this.siblings.set(before, this.siblings.get(edge));
          this.siblings.set(edge, this.edges.get(node));
          this.edges.set(node, edge);
        }
        this.taken = this.targets.get(edge);
        return at + length;
      }
      before = edge;
    }
    return 0;
  }

  /** Behind the free word at `from`; 0 where the scanner has to look. */
  freeEnd(kind: i32, from: i32): i32 {
    if (kind === COUNTERS) return countersEnd(from);
    let at = from;
    if (byteAt(at) === QUOTE) {
      if (kind === NAME) return 0;
      for (at++; byteAt(at) !== QUOTE; at++) if (byteAt(at) === BACKSLASH || byteAt(at) === LF) return 0;
      return isEnd(at + 1) ? at + 1 : 0;
    }
    for (; ; at++) {
      const code = byteAt(at);
      if (code > QUOTE) continue;
      if (code === SPACE || code === LF) break;
      if (code === TAB || code === QUOTE || code === CR) return 0;
    }
    if (at === from || (at === from + 1 && byteAt(from) === BANG)) return 0;
    return kind === NAME && this.isExtension(from, at) ? 0 : at;
  }

  /** Whether the word is the name of a target that is no chain. */
  isExtension(from: i32, to: i32): bool {
    return to - from <= LONGEST_EXTENSION && this.extensions.has(0, from, to);
  }

  isRight(type: i32, from: i32, to: i32, family: i32, isRight: bool): bool {
    if (type < 0 && byteAt(from) !== QUOTE && to - from <= -type) return true;
    if (type < FIRST_QUESTION && isSurely(type, from, to, family)) return true;
    const question = (type << 3) | family;
    if (isRight) this.seen.add(question, from, to);
    return this.seen.has(question, from, to);
  }

  /** Leaves it to others whether the word is a value of the type; false where it may not be left. */
  doubt(word: i32, type: i32, isRight: bool): bool {
    if (isRight || this.doubts === MOST_DOUBTS) return false;
    put(this.doubtWords, this.doubts, word);
    put(this.doubtTypes, this.doubts++, type);
    return true;
  }

  /** Begins a form: what `word` and `end` say is added to it. */
  begin(): void {
    this.count = 0;
    this.place = ROOT;
  }

  private place: i32 = ROOT;

  word(kind: i32, type: i32, weight: i32, from: i32, to: i32): void {
    const node = this.place;
    if (kind === TEXT) {
      const known = this.fixedEnd(node, from);
      if (known === to) this.place = this.taken;
      else {
        const length = to - from;
        this.place = this.node();
        this.edges.set(node, this.edge(this.edges.get(node), this.place, copyOf(from, length), length));
      }
      return;
    }
    if (this.kinds.get(node) === TEXT) {
      this.kinds.set(node, kind);
      this.types.set(node, type);
      this.weights.set(node, weight);
      this.free.set(node, this.node());
    }
    this.place = this.free.get(node);
  }

  end(form: i32, chainWord: i32, targetWord: i32, valueWord: i32): void {
    this.ends.set(this.place, form);
    while (this.chainWords.length <= form) {
      this.chainWords.push(-1);
      this.targetWords.push(-1);
      this.valueWords.push(-1);
    }
    this.chainWords.set(form, chainWord);
    this.targetWords.set(form, targetWord);
    this.valueWords.set(form, valueWord);
  }

  private node(): i32 {
    this.kinds.push(TEXT);
    this.free.push(0);
    this.types.push(0);
    this.weights.push(0);
    this.edges.push(0);
    this.ends.push(NO_FORM);
    return this.kinds.length - 1;
  }

  private edge(sibling: i32, target: i32, text: i32, length: i32): i32 {
    this.siblings.push(sibling);
    this.targets.push(target);
    this.texts.push(text);
    this.lengths.push(length);
    return this.siblings.length - 1;
  }
}

function isEnd(at: i32): bool {
  const code = byteAt(at);
  return code === SPACE || code === LF;
}

/** Behind `[packets:bytes]`, two numbers; 0 where it is not just so. */
export function countersEnd(from: i32): i32 {
  if (byteAt(from) !== BRACKET) return 0;
  let at = digitsEnd(from + 1);
  if (at === from + 1 || byteAt(at) !== COLON) return 0;
  const colon = at;
  at = digitsEnd(colon + 1);
  if (at === colon + 1 || byteAt(at) !== CLOSING_BRACKET) return 0;
  return isEnd(at + 1) ? at + 1 : 0;
}

function digitsEnd(from: i32): i32 {
  let at = from;
  while (isDigit(byteAt(at))) at++;
  return at;
}

/** What of a word its line's judgement can depend on, as a number. */
export function weigh(weighs: i32, from: i32, to: i32): u64 {
  switch (weighs) {
    case BYTES:
      return ((<u64>(to - from)) << 32) | <u64>(<u32>hashOf(1, from, to));
    case NUMBERS_ASIDE:
      return formOf(from, to);
    case LENGTH:
      return to - from > LONGEST_CHAIN ? 2 : 1;
    case LISTED:
      if (to === from || (to - from === 2 && byteAt(from) === QUOTE)) return 3;
      for (let at = from; at < to; at++) if (byteAt(at) === COMMA) return 4;
      return 5;
    default:
      return 0;
  }
}

/** The same for every value of one form: `10.0.0.1:80` and `10.244.3.7:8080`. */
function formOf(from: i32, to: i32): u64 {
  let hash: u64 = 17;
  let wasDigit = false;
  for (let at = from; at < to; at++) {
    const code = byteAt(at);
    const digit = isDigit(code);
    if (!digit || !wasDigit) hash = mix(hash, digit ? 48 : <u64>code);
    wasDigit = digit;
  }
  return hash;
}
