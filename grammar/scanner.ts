import { byteString } from "./bytes.ts";
import { Context } from "./context.ts";
import { Expects, type Keyword, keywordOf, WORD } from "./keyword.ts";
import { isCommand, skipBlanks, takesCounters } from "./line-start.ts";
import { longestTarget, matchWord, protocolWord, targetWord } from "./spellings.ts";

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
  }

  /** Scans the rule that begins at `start`; the line ends before `end`. */
  rule(start: number, end: number): void {
    const bytes = this.bytes;
    this.#reset();
    let context = root;
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
      let word = last.guess;
      let stop = word !== null && word.stands === expects ? this.#matches(word, i, end) : 0;
      if (stop === 0) {
        word = last.otherGuess;
        stop = word !== null && word.stands === expects ? this.#matches(word, i, end) : 0;
      }
      if (stop === 0 || word === null || (expects === Expects.option && !isOption(word, last, context))) {
        stop = this.#wordEnd(i, end);
        word = this.#known(expects, context, i, stop);
        if (word === null) {
          word = this.#classify(expects, context, i, stop);
          if (word === WORD.note) stop = end;
          else if (expects === Expects.option && (word === WORD.unknownFlag || word === WORD.stray)) {
            const joined = context.joined(this.text(i, stop));
            if (joined !== undefined) {
              word = joined.keyword;
              this.plain = false;
              const flagEnd = i + joined.length;
              this.#push(i, flagEnd, word);
              if (bytes[flagEnd] === 61) {
                // the value is what follows the equals sign, also where that is nothing
                const valueIs =
                  word.expects === Expects.protocol
                    ? (protocolWord(this.text(flagEnd + 1, stop)) ?? WORD.value)
                    : WORD.value;
                if (word.expects === Expects.match || word.expects === Expects.target) {
                  i = flagEnd + 1;
                  if (word.brings) context = context.load(word.extension, false);
                  expects = word.expects;
                  last = word;
                  continue;
                }
                this.#push(flagEnd + 1, stop, valueIs);
                if (word.brings) context = context.load(word.extension, false);
                if (word.expects === Expects.protocol) context = context.speaking(valueIs.text);
                last = word;
                values = word.values - 1;
                expects = values > 0 ? Expects.value : Expects.option;
                i = stop;
              } else {
                if (word.brings) context = context.load(word.extension, false);
                last = word;
                expects = word.expects;
                values = word.values;
                i = flagEnd;
              }
              continue;
            }
          }
        }
        if (word.role !== "Stray" && word.role !== "Note" && word !== WORD.name && word !== WORD.value)
          if (last.guess !== word) {
            last.otherGuess = last.guess;
            last.guess = word;
          }
      }
      this.#push(i, stop, word);
      i = stop;
      if (expects === Expects.option) {
        if (word === WORD.bang) {
          last = word;
          continue;
        }
        if (word.brings) context = context.load(word.extension, false);
        expects = word.expects;
        values = word.values;
      } else {
        if (expects === Expects.match) context = context.load(word.extension, false);
        else if (expects === Expects.target) {
          // most rules end with their target: what it loads matters to a word that follows alone
          if (skipBlanks(bytes, i, end) < end) context = context.load(word.extension, true);
        } else context = context.speaking(word.text);
        expects = Expects.option;
      }
      if (word !== WORD.name && word !== WORD.value) last = word;
    }
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
    let n = 0;
    for (let i = start; ; ) {
      while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
      if (i >= end) break;
      const stop = this.#wordEnd(i, end);
      if (n + 2 > this.spans.length) this.#grow();
      this.spans[n++] = i;
      this.spans[n++] = stop;
      i = stop;
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
   * Gives the words of the line that was split last their keywords.
   * @param numbers - of one line after the other, from `start` on those of this one; 0 stands between lines
   * @returns false where the line has not as many words as were split
   */
  name(numbers: Uint16Array, start: number): boolean {
    for (let k = 0; k < this.count; k++) {
      const number = numbers[start + k] as number;
      if (number === 0) return false;
      this.#ownWords[k] = keywordOf(number);
    }
    this.words = this.#ownWords;
    return true;
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

  #grow(): void {
    const more = new Int32Array(this.spans.length * 2);
    more.set(this.spans);
    this.spans = more;
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

  /** The end of the keyword if the word at `i` is exactly it, else 0. */
  #matches(word: Keyword, i: number, end: number): number {
    const want = word.bytes;
    const stop = i + want.length;
    if (want.length === 0 || stop > end) return 0;
    const bytes = this.bytes;
    for (let k = 0; k < want.length; k++) if (bytes[i + k] !== want[k]) return 0;
    return stop === end || bytes[stop] === SPACE || bytes[stop] === TAB ? stop : 0;
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

  /** A word met before, found by its length and some of its bytes. */
  #known(expects: number, context: Context, i: number, stop: number): Keyword | null {
    const words = expects === Expects.option ? context.met : met[expects];
    const word = words?.get(this.#mixed(i, stop));
    return word !== undefined && this.#matches(word, i, stop) === stop ? word : null;
  }

  #mixed(i: number, stop: number): number {
    const { bytes } = this;
    const length = stop - i;
    const [second, middle, last] = [
      bytes[i + 2] as number,
      bytes[i + (length >> 1)] as number,
      bytes[stop - 1] as number,
    ];
    return (((((length << 7) ^ second) << 7) ^ middle) << 7) ^ last;
  }

  #classify(expects: number, context: Context, i: number, stop: number): Keyword {
    if (expects === Expects.target && stop - i > longestTarget()) return WORD.name;
    const text = this.text(i, stop);
    const word =
      expects === Expects.option
        ? context.option(text)
        : expects === Expects.match
          ? (matchWord(text) ?? WORD.name)
          : expects === Expects.target
            ? (targetWord(text) ?? WORD.name)
            : (protocolWord(text) ?? WORD.value);
    // not what is written shorter, or in quotes
    if (word.bytes.length === stop - i) {
      if (expects === Expects.option) context.remember(this.#mixed(i, stop), word);
      else met[expects]?.set(this.#mixed(i, stop), word);
    }
    return word;
  }
}

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

const root = new Context([], "", false, true);

/** Names of matches and targets, and protocols, that were met before. */
const met: readonly (Map<number, Keyword> | undefined)[] = Object.values(Expects).map((expects) =>
  expects === Expects.match || expects === Expects.target || expects === Expects.protocol ? new Map() : undefined,
);

/** Whether the word is an option here, behind `last`. */
function isOption(word: Keyword, last: Keyword, { seen }: Context): boolean {
  if (word === WORD.bang) return true;
  // the core is always there, and the extension that was spoken of just now
  if (word.unique && (word.extension === null || word.extension === last.extension)) return true;
  for (let k = 0; k < seen.length; k++) if (seen[k] === word) return true;
  return false;
}
