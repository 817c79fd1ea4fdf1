import { ByteTable } from "./byte-table.ts";
import { byteString } from "./bytes.ts";
import { Context } from "./context.ts";
import { Expects, type Keyword, keywordOf, WORD } from "./keyword.ts";
import { isCommand, skipBlanks, takesCounters } from "./line-start.ts";
import { isSpelledOnce, longestTarget, matchWord, protocolWord, targetWord } from "./spellings.ts";

const SPACE = 32;
const TAB = 9;
const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const DASH = 45;
const CLOSING = 93;

/**
 * Cuts a line into words and says of each word what it is. Reading is that of add_param_to_argv (iptables/xshared.c): blanks part
 * words, only `"` quotes, a backslash escapes inside quotes alone, a closing quote ends the word.
 */
export class Scanner {
  readonly bytes: Uint8Array;
  /** Start and end of word k at 2k and 2k + 1. */
  spans = new Int32Array(1024);
  /** The keyword of each word. */
  words: readonly Keyword[];
  readonly #ownWords: Keyword[] = [];
  /** Words that were met: names by what was expected, options by the keyword before or by the context. */
  readonly #met: ByteTable;
  readonly #keywords: Keyword[] = [];
  /** What the first words of the line have loaded, and how many words that are. */
  #context = root;
  #loaded = 0;
  /** Of the bytes of the word that may be a keyword. */
  #wordHash = 0;
  count = 0;
  /** Of the keyword numbers of the line. */
  hash = 0;
  /** The last word's quote was not closed on the line. */
  unterminated = false;
  /** Every word is parted from the next by blanks: no `--dport=80`, no `-ptcp`, no glued counters. */
  plain = true;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.words = this.#ownWords;
    this.#met = new ByteTable(bytes, MOST_MET);
  }

  /** Scans the rule that begins at `start`; the line ends before `end`. */
  rule(start: number, end: number): void {
    const bytes = this.bytes;
    this.#reset();
    this.#context = root;
    this.#loaded = 0;
    let expects: number = Expects.option;
    let values = 0;
    let last: Keyword = WORD.start;
    let i = start;
    for (;;) {
      while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
      if (i >= end) break;
      if (expects === Expects.value) {
        if (last.negatable && bytes[i] === 33 && values === last.values && this.#isLone(i, end)) {
          this.#push(i, i + 1, WORD.oldBang);
          i++;
          continue;
        }
        const stop = this.#wordEnd(i, end);
        this.#push(i, stop, WORD.value);
        if (--values === 0) expects = Expects.option;
        else if (last.command !== null && last.values - values >= last.command.least) expects = Expects.optional;
        i = stop;
        continue;
      }
      if (expects === Expects.optional || expects === Expects.loose) {
        if (bytes[i] !== 45 && !(bytes[i] === 33 && this.#isLone(i, end))) {
          const stop = this.#wordEnd(i, end);
          this.#push(i, stop, WORD.value);
          if (expects === Expects.optional && --values === 0) expects = Expects.option;
          i = stop;
          continue;
        }
        expects = Expects.option;
      }
      if (expects === Expects.protocol && bytes[i] === 33 && this.#isLone(i, end)) {
        this.#push(i, i + 1, WORD.oldBang);
        i++;
        continue;
      }
      if (expects === Expects.option && this.count === 0 && bytes[i] === 91) {
        i = this.#counters(i, end);
        continue;
      }
      let stop = this.#keywordEnd(i, end);
      let word = this.#keyword(expects, last, i, stop);
      if (word === WORD.note) stop = end;
      else if (expects === Expects.option && (word === WORD.unknownFlag || word === WORD.stray)) {
        const joined = this.#context.joined(this.text(i, stop));
        if (joined !== undefined) {
          word = joined.keyword;
          this.plain = false;
          const flagEnd = i + joined.length;
          this.#push(i, flagEnd, word);
          last = word;
          expects = word.expects;
          values = word.values;
          // behind an equals sign stands the value, also where that is nothing
          i = bytes[flagEnd] === 61 ? flagEnd + 1 : flagEnd;
          if (i === flagEnd || expects === Expects.match || expects === Expects.target) continue;
          const isProtocol = expects === Expects.protocol;
          this.#push(i, stop, isProtocol ? (protocolWord(this.text(i, stop)) ?? WORD.value) : WORD.value);
          values--;
          expects = values > 0 ? Expects.value : Expects.option;
          i = stop;
          continue;
        }
      }
      this.#push(i, stop, word);
      i = stop;
      if (word === WORD.bang && expects === Expects.option) continue;
      values = word.values;
      expects = expects === Expects.option ? word.expects : Expects.option;
      if (word !== WORD.name && word !== WORD.value) last = word;
    }
  }

  /** What the word is that stands behind `last`; its hash was made just now. */
  #keyword(expects: number, last: Keyword, start: number, end: number): Keyword {
    const isOption = expects === Expects.option;
    const hash = this.#wordHash;
    const kind = isOption ? last.id << 3 : expects;
    let known = this.#met.find(kind, hash, start, end);
    if (known >= 0) return this.#keywords[known] as Keyword;
    if (!isOption) {
      const word = this.#name(expects, start, end);
      if (!OF_ANY_TEXT.has(word)) this.#remember(kind, hash, start, end, word);
      return word;
    }
    const context = this.#load();
    // contexts have negative kinds
    if (context.id >= 0) known = this.#met.find(~context.id, hash, start, end);
    if (known >= 0) return this.#keywords[known] as Keyword;
    const word = context.option(this.text(start, end));
    if (OF_ANY_TEXT.has(word)) return word;
    if (isSureBehind(last, word) && word.bytes.length === end - start) this.#remember(kind, hash, start, end, word);
    else if (context.id >= 0) this.#remember(~context.id, hash, start, end, word);
    return word;
  }

  /** The word as the name of a match or a target, or as a protocol. */
  #name(expects: number, start: number, end: number): Keyword {
    if (expects === Expects.target && end - start > longestTarget()) return WORD.name;
    const text = this.text(start, end);
    if (expects === Expects.protocol) return protocolWord(text) ?? WORD.value;
    return (expects === Expects.match ? matchWord(text) : targetWord(text)) ?? WORD.name;
  }

  #remember(kind: number, hash: number, start: number, end: number, word: Keyword): void {
    const made = this.#met.add(kind, hash, start, end);
    if (made >= 0) this.#keywords[made] = word;
  }

  /** What the words so far have loaded; most words are known without it. */
  #load(): Context {
    const words = this.#ownWords;
    let context = this.#context;
    for (let k = this.#loaded; k < this.count; k++) {
      const word = words[k] as Keyword;
      const before = words[words[k - 1] === WORD.oldBang ? k - 2 : k - 1]?.expects;
      if (word.brings || (word.role === "Name" && before === Expects.match))
        context = context.load(word.extension, false);
      else if (word.role === "Name") context = context.load(word.extension, true);
      else if (word.role === "Value" && before === Expects.protocol) context = context.speaking(word.text);
    }
    this.#context = context;
    this.#loaded = this.count;
    return context;
  }

  /** Scans a `:CHAIN POLICY [p:b]` or `*table` line: words of anything but blanks, no quotes (iptables-restore.c uses strtok). */
  declaration(start: number, end: number, first: Keyword): void {
    const bytes = this.bytes;
    this.#reset();
    for (let i = start; ; ) {
      while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
      if (i >= end) break;
      let stop = i;
      while (stop < end && bytes[stop] !== SPACE && bytes[stop] !== TAB) stop++;
      this.#push(
        i,
        stop,
        this.count === 0 ? first : this.count === 2 && first === WORD.chain ? this.#ofChain(i, stop) : WORD.value,
      );
      i = stop;
    }
  }

  /** The whole line as one word. */
  single(start: number, end: number, word: Keyword): void {
    this.#reset();
    this.#push(start, end, word);
  }

  /** Cuts the line of a plain shape again; for reading values of a line whose shape is known. */
  split(start: number, end: number): void {
    const bytes = this.bytes;
    let spans = this.spans;
    let n = 0;
    for (let i = start; ; ) {
      while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
      if (i >= end) break;
      if (n + 2 > spans.length) spans = this.#grow();
      spans[n++] = i;
      i = this.#wordEnd(i, end);
      spans[n++] = i;
    }
    this.count = n >> 1;
  }

  /** Whether word `k` of the line that was split last is written just so; a word in quotes never is. */
  is(k: number, text: string): boolean {
    const start = this.spans[k << 1] as number;
    if ((this.spans[(k << 1) + 1] as number) - start !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (this.bytes[start + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  /** A word as iptables reads it: without quotes and escapes. */
  text(start: number, end: number): string {
    const raw = byteString(this.bytes, start, end);
    return raw.includes('"') ? unquote(raw) : raw;
  }

  /** Takes over a line whose words and spans are known. */
  hold(words: readonly Keyword[], count: number): void {
    this.#reset();
    this.words = words;
    this.count = count;
  }

  /**
   * Takes over a line whose words one blank parts.
   * @param numbers - of the keywords of one line after the other, from `first` on those of this one; 0 stands between lines
   * @param lengths - of their words
   * @param start - where the line begins
   */
  recall(numbers: Uint16Array, lengths: Uint16Array, first: number, start: number): void {
    this.#reset();
    const words = this.#ownWords;
    let spans = this.spans;
    let at = start;
    let k = 0;
    for (let number = numbers[first] as number; number !== 0; number = numbers[first + k] as number) {
      const n = k << 1;
      if (n + 2 > spans.length) spans = this.#grow();
      const end = at + (lengths[first + k] as number);
      spans[n] = at;
      spans[n + 1] = end;
      words[k++] = keywordOf(number);
      at = end + 1;
    }
    this.count = k;
  }

  #reset(): void {
    this.words = this.#ownWords;
    this.count = 0;
    this.hash = 0;
    this.unterminated = false;
    this.plain = true;
  }

  #push(start: number, end: number, word: Keyword): void {
    const n = this.count++;
    if (n << 1 >= this.spans.length) this.#grow();
    this.spans[n << 1] = start;
    this.spans[(n << 1) + 1] = end;
    this.#ownWords[n] = word;
    this.hash = (Math.imul(this.hash, 31) + word.id) | 0;
  }

  #grow(): Int32Array<ArrayBuffer> {
    const more = new Int32Array(this.spans.length * 2);
    more.set(this.spans);
    this.spans = more;
    return more;
  }

  #wordEnd(i: number, end: number): number {
    const bytes = this.bytes;
    for (let j = i; j < end; j++) {
      const c = bytes[j];
      if (c === SPACE || c === TAB) return j;
      if (c !== QUOTE) continue;
      for (j++; j < end && bytes[j] !== QUOTE; j++) if (bytes[j] === BACKSLASH) j++;
      if (j < end) return j + 1;
      this.unterminated = true;
    }
    return end;
  }

  #isLone(i: number, end: number): boolean {
    return i + 1 < end && (this.bytes[i + 1] === SPACE || this.bytes[i + 1] === TAB);
  }

  /** Behind the word at `i`, which may be a keyword; hashes its bytes. */
  #keywordEnd(i: number, end: number): number {
    const bytes = this.bytes;
    let hash = 17;
    let stop = i;
    for (; stop < end; stop++) {
      const c = bytes[stop] as number;
      if (c === SPACE || c === TAB) break;
      if (c === QUOTE) {
        stop = this.#wordEnd(i, end);
        break;
      }
      hash = Math.imul(hash, 31) + c;
    }
    this.#wordHash = hash | 0;
    return stop;
  }

  /** `[12:34]`, also where the command follows without a blank, where the end is missing, or where blanks stand within. */
  #counters(i: number, end: number): number {
    const { bytes } = this;
    let colon = i + 1;
    let stop = i + 1;
    for (; stop < end && bytes[stop] !== CLOSING; stop++) {
      const c = bytes[stop] as number;
      if (c === COLON && colon === i + 1) colon = stop;
      else if (c === DASH && isCommand(bytes, stop, end)) break;
      else if ((c === SPACE || c === TAB) && !this.#goesOn(stop, end)) break;
    }
    const isClosed = stop < end && bytes[stop] === CLOSING;
    if (isClosed) stop++;
    if (stop < end && bytes[stop] !== SPACE && bytes[stop] !== TAB) this.plain = false;
    this.#push(i, stop, (isClosed && colon > i + 1) || takesCounters(bytes, i, end) ? WORD.counters : WORD.cutCounters);
    return stop;
  }

  /** Whether counters go on behind blanks. */
  #goesOn(i: number, end: number): boolean {
    const next = skipBlanks(this.bytes, i, end);
    const c = next < end ? (this.bytes[next] as number) : 0;
    return c === CLOSING || (c >= 48 && c <= COLON);
  }

  /** iptables-restore without --counters does not read those of a chain. */
  #ofChain(i: number, stop: number): Keyword {
    return this.bytes[i] === 91 && this.bytes[stop - 1] !== CLOSING ? WORD.cutCounters : WORD.counters;
  }
}

/** Whether the option, spelled out, is what such a word means behind `last` whatever else was loaded. */
export function isSureBehind({ extension, stands }: Keyword, option: Keyword): boolean {
  if (option === WORD.bang) return true;
  if (option.brings || option.extension !== extension) return option.extension === null && isSpelledOnce(option);
  // what was loaded last is asked first
  return isSpelledOnce(option) || stands === Expects.match || stands === Expects.target;
}

/** So many keywords are remembered: a text has a few hundred in as many contexts. */
const MOST_MET = 1 << 15;

/** Words of which there are any number. */
const OF_ANY_TEXT: ReadonlySet<Keyword> = new Set([WORD.name, WORD.value, WORD.note, WORD.stray, WORD.unknownFlag]);

/** Removes quotes and escapes as add_param_to_argv does. */
export function unquote(raw: string): string {
  const last = raw.length - 1;
  if (raw[0] === '"' && !raw.includes("\\") && raw.indexOf('"', 1) === last) return raw.slice(1, last);
  let text = "";
  let open = false;
  let from = 0;
  for (let i = 0; i < raw.length; i++) {
    const c = raw.charCodeAt(i);
    if (c !== QUOTE && !(open && c === BACKSLASH)) continue;
    text += raw.slice(from, i);
    if (c === QUOTE) {
      open = !open;
      from = i + 1;
    } else {
      // what is escaped is taken as it is
      from = ++i;
    }
  }
  return text + raw.slice(from);
}

const root = new Context([], "", false, 0);
