import { type Keyword, WORD } from "./keyword.ts";
import { beginsCounters, isCommand, isCommit, isDash, isEllipsis, lineStart, skipBlanks } from "./line-start.ts";
import { isShape, itemsOf, type Outline } from "./outline.ts";
import { Scanner } from "./scanner.ts";
import { type Shape, shapeWith } from "./shape.ts";
import { ShapeMemo } from "./shape-memo.ts";
import { ruleShape } from "./shape-of.ts";

const LF = 10;
const CR = 13;
/** An unclosed quote is looked for on so many lines, and no further. */
const MOST_JOINED_LINES = 8;

const BLANK: Shape = shapeWith({ kind: "blank" });
const NOISE: Shape = shapeWith({ kind: "noise" });
const UNTERMINATED: Shape = shapeWith({
  kind: "bad",
  error: {
    checkId: "syntax-error",
    word: -1,
    message: "a quote that is not closed on its line",
    expected: 'a closing "',
  },
});

/**
 * Reads one line after the other, or one line again: what it says of a line depends on the bytes from the line's start on alone.
 * Its fields describe the line read last.
 */
export class LineReader {
  readonly bytes: Uint8Array;
  readonly scanner: Scanner;
  readonly memo: ShapeMemo;
  /** First byte of the line. */
  start = 0;
  /** First byte behind blanks and noise before the line's own text. */
  textStart = 0;
  /** Behind the last byte of the text; the line end (LF or CR LF) follows. */
  end = 0;
  /** First byte of the next line. */
  next = 0;
  /** Lines beyond the first: a newline stood inside quotes. */
  joined = 0;
  /** What the line is, in short. */
  outline: Outline = BLANK;

  /** `mostShapes`: so many forms of lines are kept. */
  constructor(bytes: Uint8Array, mostShapes: number) {
    this.bytes = bytes;
    this.scanner = new Scanner(bytes);
    this.memo = new ShapeMemo(mostShapes);
  }

  /** The line's whole form; made when asked for where it is not kept. */
  get shape(): Shape {
    const { outline } = this;
    if (isShape(outline)) return outline;
    const { words, count, plain } = this.scanner;
    const { countersWord } = outline;
    const shape = ruleShape(words, count, plain, -1, countersWord, itemsOf(words, count, countersWord + 1));
    this.outline = shape;
    return shape;
  }

  /** Reads the line at `start`; its file ends at `limit`, and begins with this line where `first`. */
  read(start: number, limit: number, first: boolean): void {
    this.start = start;
    this.joined = 0;
    const bytes = this.bytes;
    this.#endLine(start, limit);
    const bom =
      first && start + 3 <= this.end && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
    this.#text(bom ? start + 3 : start, limit, true);
  }

  /**
   * Reads a rule again whose form is kept: its words need only to be cut. The next line begins at `next`.
   * @param mayJoin - a newline may stand within
   * @returns false where it is to be read like any other line
   */
  readAgain(start: number, next: number, form: number, mayJoin: boolean): boolean {
    const { bytes, scanner, memo } = this;
    const shape = memo.shapes[form] as Shape;
    const words = memo.words[form] as readonly Keyword[];
    const first = bytes[start];
    const isRule = first === 45 ? bytes[start + 1] !== 45 : first === 91 && words[0] === WORD.counters;
    // a note is all that is left of the line
    if (!shape.plain || !isRule || words[shape.words - 1] === WORD.note) return false;
    const lineEnd = bytes[next - 1] === LF ? next - 1 : next;
    const end = bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    scanner.split(start, end);
    const newline = mayJoin ? bytes.indexOf(LF, start) : -1;
    // noise before it, a newline within
    if (scanner.count !== shape.words || (newline >= 0 && newline < end)) return false;
    scanner.hold(words, shape.words);
    this.start = start;
    this.textStart = start;
    this.joined = 0;
    this.end = end;
    this.next = next;
    this.outline = shape;
    return true;
  }

  #endLine(from: number, limit: number): void {
    const found = this.bytes.indexOf(LF, from);
    const lineEnd = found < 0 || found >= limit ? limit : found;
    this.next = lineEnd < limit ? lineEnd + 1 : limit;
    this.end = lineEnd > from && this.bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
  }

  /** `fresh`: nothing of the line was set aside as noise yet. A line is tried at most twice. */
  #text(start: number, limit: number, fresh: boolean): void {
    this.textStart = start;
    switch (start < this.end ? this.bytes[start] : 0) {
      case 45:
        this.#rule(start, limit);
        if (!fresh || this.outline.kind !== "bad") return;
        if (lineStart(this.bytes, start + 1, this.end, start + 2) > 0) this.#text(start + 1, limit, false);
        else if (isDash(this.bytes, start, this.end)) this.#noise();
        return;
      case 91:
        if (!beginsCounters(this.bytes, start, this.end)) {
          this.#other(start, limit, fresh);
          return;
        }
        this.#rule(start, limit);
        if (fresh && this.#isStamp()) this.#behindNoise(start, limit);
        return;
      case 58:
        this.scanner.declaration(start, this.end, WORD.chain);
        break;
      case 42:
        this.scanner.declaration(start, this.end, WORD.table);
        break;
      case 35:
        this.scanner.single(start, this.end, WORD.comment);
        break;
      default:
        this.#other(start, limit, fresh);
        return;
    }
    this.outline = this.memo.outline(this.scanner);
  }

  #other(start: number, limit: number, fresh: boolean): void {
    const first = skipBlanks(this.bytes, start, this.end);
    if (first === this.end) {
      this.scanner.count = 0;
      this.outline = BLANK;
    } else if (isCommit(this.bytes, first, this.end)) {
      this.textStart = first;
      this.scanner.single(first, first + 6, WORD.commit);
      this.outline = this.memo.outline(this.scanner);
    } else if (first > start && "-:*#[".includes(String.fromCharCode(this.bytes[first] as number))) {
      this.#text(first, limit, fresh);
    } else {
      this.#noise();
      if (fresh) this.#behindNoise(start, limit);
    }
  }

  /** Looks for a line behind text that is not iptables-save's; what was found before stays where there is none. */
  #behindNoise(start: number, limit: number): void {
    const behind = lineStart(this.bytes, start + 1, this.end);
    if (behind >= 0) this.#text(behind, limit, false);
    else if (isEllipsis(this.bytes, start, this.end)) this.#noise();
  }

  /** Whether the line begins with somebody else's brackets: no command follows them, or they are closed and hold no colon. */
  #isStamp(): boolean {
    const { bytes, end, outline } = this;
    const { words, spans, count } = this.scanner;
    const closed = spans[1] as number;
    if (words[0] === WORD.cutCounters && bytes[closed - 1] === 93)
      return !bytes.subarray(spans[0], closed).includes(58);
    return (
      outline.kind === "bad" && outline !== UNTERMINATED && !(count > 1 && isCommand(bytes, spans[2] as number, end))
    );
  }

  #noise(): void {
    this.scanner.count = 0;
    this.outline = NOISE;
  }

  #rule(start: number, limit: number): void {
    this.scanner.rule(start, this.end);
    if (this.scanner.unterminated) {
      if (!this.#join(limit)) {
        this.outline = UNTERMINATED;
        return;
      }
      this.scanner.rule(start, this.end);
      if (this.scanner.unterminated) {
        this.outline = UNTERMINATED;
        return;
      }
    }
    this.outline = this.memo.outline(this.scanner);
  }

  /** Moves the line's end behind the line that closes the quote, if one of the next does and none before it begins a line of its own. */
  #join(limit: number): boolean {
    const { end, next } = this;
    let from = next;
    for (let lines = 1; lines <= MOST_JOINED_LINES && from < limit && !this.#beginsLine(from, limit); lines++) {
      this.#endLine(from, limit);
      for (let i = from; i < this.end; i++) {
        if (this.bytes[i] === 92) i++;
        else if (this.bytes[i] === 34) {
          this.joined = lines;
          return true;
        }
      }
      from = this.next;
    }
    this.end = end;
    this.next = next;
    return false;
  }

  #beginsLine(from: number, limit: number): boolean {
    const first = this.bytes[from] as number;
    if (first === 58 || first === 42 || first === 35 || first === 91) return true;
    if (first === 45) return this.bytes[from + 1] === 65 || this.bytes[from + 1] === 73;
    return first === 67 && String.fromCharCode(...this.bytes.subarray(from, Math.min(from + 6, limit))) === "COMMIT";
  }
}
