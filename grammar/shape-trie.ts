import { Growing } from "./growing.ts";
import { Expects, type Keyword, WORD } from "./keyword.ts";
import { longestTarget, targetWord } from "./spellings.ts";

const SPACE = 32;
const TAB = 9;
const LF = 10;
const CR = 13;
const QUOTE = 34;
const BANG = 33;
const COLON = 58;
const BRACKET = 91;
const CLOSING_BRACKET = 93;
const BACKSLASH = 92;

/** What a free word of a rule is. */
const VALUE = 1;
/** The name of a chain after `-j`: any word that is no target extension. */
const NAME = 2;
/** `[12:34]` */
const COUNTERS = 3;

/** Node 0 stands for none; rules begin at 1. */
const RULES = 1;
const NO_SHAPE = -1;
/** A line of more words is left to the scanner. */
const MOST_WORDS = 400;

/**
 * The kept shapes of a text as a tree of words: a line is read by walking it, and its shape is what the tree has where the line ends.
 * What the scanner reads follows from the words before alone, so a line that fits needs no scanner; one that does not costs one look.
 * Integers in typed arrays and one loop, because nearly every byte of a dump passes through here, mostly before V8 has optimised much.
 */
export class ShapeTrie {
  readonly #bytes: Uint8Array;
  /** The shape of `:CHAIN POLICY [packets:bytes]`. */
  #chains = NO_SHAPE;
  /** Of each node: what a free word is here, where it leads, the first edge for a word of fixed text, the shape of a line that ends. */
  readonly #kinds = new Growing(64);
  readonly #free = new Growing(64);
  readonly #edges = new Growing(64);
  readonly #shapes = new Growing(64);
  /** Of each edge: the next one of its node, where it leads, its text as a place in `#texts`. */
  readonly #siblings = new Growing(64);
  readonly #targets = new Growing(64);
  readonly #starts = new Growing(64);
  readonly #ends = new Growing(64);
  #texts = new Uint8Array(1024);
  #used = 0;
  /** Of the line that was found last: the first byte behind its text, the first byte of the next line, and the number of its words. */
  end = 0;
  next = 0;
  count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let node = 0; node <= RULES; node++) this.#node();
    // edge 0 stands for none
    for (const column of [this.#siblings, this.#targets, this.#starts, this.#ends]) column.push(0);
  }

  /**
   * Reads the line at `start`, which ends at an LF or at `limit`.
   * @param spans - takes start and end of word k at 2k and 2k + 1
   * @returns the shape's number, or -1 where the line is none of the kept shapes
   */
  find(start: number, limit: number, spans: Int32Array): number {
    // V8 optimises what it has seen: a dump has its chains first, and code for both would be optimised twice
    return this.#bytes[start] === COLON ? this.#findChain(start, limit, spans) : this.#findRule(start, limit, spans);
  }

  /** `:CHAIN POLICY [packets:bytes]`; quotes mean nothing here. */
  #findChain(start: number, limit: number, spans: Int32Array): number {
    const bytes = this.#bytes;
    let from = start;
    for (let word = 0; word < 2; word++) {
      let to = from;
      while (to < limit && (bytes[to] as number) > SPACE) to++;
      if (to === from || to >= limit || bytes[to] !== SPACE) return NO_SHAPE;
      spans[word << 1] = from;
      spans[(word << 1) + 1] = to;
      from = to + 1;
    }
    const end = this.#countersEnd(from, limit);
    if (end < 0 || (end < limit && bytes[end] === SPACE)) return NO_SHAPE;
    spans[4] = from;
    spans[5] = end;
    this.#endAt(3, end, limit);
    return this.#chains;
  }

  #endAt(count: number, end: number, limit: number): void {
    this.count = count;
    this.end = end;
    this.next = end >= limit ? limit : this.#bytes[end] === CR ? Math.min(end + 2, limit) : end + 1;
  }

  #findRule(start: number, limit: number, spans: Int32Array): number {
    const bytes = this.#bytes;
    const kinds = this.#kinds.values;
    const free = this.#free.values;
    const edges = this.#edges.values;
    const texts = this.#texts;
    let node = RULES;
    let count = 0;
    let from = start;
    for (;;) {
      let to = from;
      let isFixed = false;
      for (let edge = edges[node] as number, before = 0; edge !== 0; edge = this.#siblings.values[edge] as number) {
        const textStart = this.#starts.values[edge] as number;
        const length = (this.#ends.values[edge] as number) - textStart;
        let k = 0;
        while (k < length && bytes[from + k] === texts[textStart + k]) k++;
        if (k === length && from + length <= limit && this.#isEnd(from + length, limit)) {
          to = from + length;
          isFixed = true;
          if (before !== 0) this.#moveToFront(node, edge, before);
          node = this.#targets.values[edge] as number;
          break;
        }
        before = edge;
      }
      if (!isFixed) {
        const kind = kinds[node] as number;
        if (kind === 0) return NO_SHAPE;
        to = this.#freeWord(kind, from, limit);
        if (to <= from) return NO_SHAPE;
        node = free[node] as number;
      }
      spans[count << 1] = from;
      spans[(count << 1) + 1] = to;
      count++;
      if (to >= limit || bytes[to] !== SPACE) break;
      from = to + 1;
    }
    this.#endAt(count, spans[(count << 1) - 1] as number, limit);
    return this.#shapes.values[node] as number;
  }

  /** Keeps the shape of a line that the scanner has read, where its words allow it. */
  add(words: readonly Keyword[], count: number, spans: Int32Array, shape: number): void {
    if (words[0] === WORD.chain) {
      if (count === 3 && words[1] === WORD.value && words[2] === WORD.counters) this.#chains = shape;
      return;
    }
    if (count > MOST_WORDS || !areFixed(words, count) || !this.#isSingleSpaced(count, spans)) return;
    let node = RULES;
    for (let k = 0; k < count; k++) {
      const kind = kindOf(words[k] as Keyword);
      node =
        kind === 0
          ? this.#childOfText(node, spans[k << 1] as number, spans[(k << 1) + 1] as number)
          : this.#childOfFree(node, kind);
    }
    this.#shapes.set(node, shape);
  }

  #node(): number {
    for (const column of [this.#kinds, this.#free, this.#edges]) column.push(0);
    this.#shapes.push(NO_SHAPE);
    return this.#kinds.length - 1;
  }

  #childOfFree(node: number, kind: number): number {
    if (this.#kinds.get(node) === 0) {
      this.#kinds.set(node, kind);
      this.#free.set(node, this.#node());
    }
    return this.#free.get(node);
  }

  #childOfText(node: number, start: number, end: number): number {
    const bytes = this.#bytes;
    const texts = this.#texts;
    for (let edge = this.#edges.get(node); edge !== 0; edge = this.#siblings.get(edge)) {
      const from = this.#starts.get(edge);
      if (this.#ends.get(edge) - from !== end - start) continue;
      let k = 0;
      while (k < end - start && texts[from + k] === bytes[start + k]) k++;
      if (k === end - start) return this.#targets.get(edge);
    }
    const made = this.#node();
    const edge = this.#siblings.length;
    this.#siblings.push(this.#edges.get(node));
    this.#targets.push(made);
    this.#keepText(start, end);
    this.#edges.set(node, edge);
    return made;
  }

  #keepText(start: number, end: number): void {
    const { length } = this.#texts;
    if (this.#used + end - start > length) {
      const more = new Uint8Array(Math.max(length * 2, this.#used + end - start));
      more.set(this.#texts);
      this.#texts = more;
    }
    this.#texts.set(this.#bytes.subarray(start, end), this.#used);
    this.#starts.push(this.#used);
    this.#used += end - start;
    this.#ends.push(this.#used);
  }

  /** The edge taken last is tried first. */
  #moveToFront(node: number, edge: number, before: number): void {
    this.#siblings.set(before, this.#siblings.get(edge));
    this.#siblings.set(edge, this.#edges.get(node));
    this.#edges.set(node, edge);
  }

  /** Behind the free word at `from`; anything else where the scanner has to look. */
  #freeWord(kind: number, from: number, limit: number): number {
    const bytes = this.#bytes;
    let i = from;
    if (kind === COUNTERS) return this.#countersEnd(from, limit);
    if (kind === NAME && bytes[i] === QUOTE) return -1;
    if (bytes[i] === QUOTE) {
      for (i++; i < limit && bytes[i] !== QUOTE; i++) if (bytes[i] === BACKSLASH || bytes[i] === LF) return -1;
      return i < limit && this.#isEnd(i + 1, limit) ? i + 1 : -1;
    }
    for (; i < limit; i++) {
      const code = bytes[i] as number;
      if (code === SPACE || code === LF || (code === CR && (i + 1 === limit || bytes[i + 1] === LF))) break;
      if (code === TAB || code === QUOTE) return -1;
    }
    if (i === from + 1 && bytes[from] === BANG) return -1;
    return kind === NAME && i - from <= longestTarget() && this.#isTarget(from, i) ? -1 : i;
  }

  /** Behind `[packets:bytes]`, two numbers; -1 where it is not just so. */
  #countersEnd(start: number, limit: number): number {
    const bytes = this.#bytes;
    if (start + 4 >= limit || bytes[start] !== BRACKET) return -1;
    let i = start + 1;
    while (i < limit && isDigit(bytes[i] as number)) i++;
    if (i === start + 1 || bytes[i] !== COLON) return -1;
    const colon = i++;
    while (i < limit && isDigit(bytes[i] as number)) i++;
    if (i === colon + 1 || i >= limit || bytes[i] !== CLOSING_BRACKET) return -1;
    return this.#isEnd(i + 1, limit) ? i + 1 : -1;
  }

  #isTarget(start: number, end: number): boolean {
    return targetWord(String.fromCharCode(...this.#bytes.subarray(start, end))) !== undefined;
  }

  /** Whether a word ends here: at a blank or at the end of the line. */
  #isEnd(at: number, limit: number): boolean {
    if (at >= limit) return true;
    const code = this.#bytes[at];
    return code === SPACE || code === LF || (code === CR && (at + 1 === limit || this.#bytes[at + 1] === LF));
  }

  #isSingleSpaced(count: number, spans: Int32Array): boolean {
    for (let k = 1; k < count; k++) {
      const end = spans[(k << 1) - 1] as number;
      if (spans[k << 1] !== end + 1 || this.#bytes[end] !== SPACE) return false;
    }
    return true;
  }
}

/** Whether what the scanner makes of each word follows from the words before it, whatever a free word says. */
function areFixed(words: readonly Keyword[], count: number): boolean {
  for (let k = 0; k < count; k++) {
    const word = words[k] as Keyword;
    const before = words[k - 1];
    if (word.role === "Counters" && word !== WORD.counters) return false;
    if (word === WORD.name ? before?.role !== "Jump" : !KEPT_ROLES.has(word.role)) return false;
    // how many values follow depends on what they are
    if (word.expects === Expects.optional || word.expects === Expects.loose) return false;
    if (word.command !== null && word.command.least !== word.command.most) return false;
    if (word === WORD.value && before?.expects === Expects.protocol) return false;
  }
  return true;
}

const KEPT_ROLES: ReadonlySet<string> = new Set([
  "Value",
  "Name",
  "Counters",
  "Bang",
  "Match",
  "Jump",
  "Command1",
  "Command2",
  "Flag0",
  "Flag1",
  "Flag2",
]);

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

function kindOf(word: Keyword): number {
  return word === WORD.value ? VALUE : word === WORD.name ? NAME : word === WORD.counters ? COUNTERS : 0;
}
