import { columnsOf, takeColumns, wrapProse } from "./columns.ts";
import { forTerminal } from "./escape.ts";

/** A row of a frame: a piece of the line, or marks under the row above. */
export interface FrameRow {
  readonly kind: "text" | "marks" | "label";
  /** Escaped. */
  readonly text: string;
}

/** Which part of a line to point at: 0-based code points. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface FrameOptions {
  /** Columns that a row may take. */
  readonly width: number;
  readonly unicode: boolean;
}

/** A piece of a line that is moved to the next row as a whole: a flag with its values. */
interface Piece {
  /** Escaped. */
  text: string;
  start: number;
  end: number;
}

interface Row {
  text: string;
  pieces: { column: number; piece: Piece }[];
}

const indent = "   ";
/** A word is shown whole up to here: no chain name, address or service name comes near. */
const longestWholeWord = 200;
const wordHead = 60;
const wordTail = 20;
const mostRows = 8;

/**
 * Shows one line of a dump within a width: broken before flags, never inside a name; very long words (comments, mostly) and very
 * long lines lose their middle, but never the part that `span` points at.
 * @param line - decoded, not escaped, without its line end
 * @param span - `null`: the line as a whole
 */
export function frameLine(line: string, span: Span | null, label: string | null, options: FrameOptions): FrameRow[] {
  const rows = layOut(splitLine(line, span, options), options.width);
  const shown = windowRows(rows, span);
  const out: FrameRow[] = [];
  let marked = false;
  for (const row of shown) {
    if (row === null) {
      out.push({ kind: "label", text: options.unicode ? "…" : "..." });
      continue;
    }
    out.push({ kind: "text", text: row.text });
    const marks = span === null ? "" : marksUnder(row, span);
    if (marks !== "") {
      out.push({ kind: "marks", text: marks });
      marked = true;
    }
  }
  addLabel(out, label, marked, options);
  return out;
}

function addLabel(rows: FrameRow[], label: string | null, marked: boolean, options: FrameOptions): void {
  if (label === null || label === "") return;
  const text = forTerminal(label, options.unicode);
  const at = marked ? rows.findLastIndex((row) => row.kind === "marks") : rows.length - 1;
  const row = rows[at];
  const joint = marked ? " " : "  <- ";
  if (row !== undefined && columnsOf(row.text) + joint.length + columnsOf(text) <= options.width) {
    rows[at] = { kind: row.kind, text: `${row.text}${joint}${text}` };
  } else {
    const lines = wrapProse(`^ ${text}`, options.width, 2);
    rows.splice(at + 1, 0, ...lines.map((line): FrameRow => ({ kind: "label", text: line })));
  }
}

/** Cuts a line before each flag (`-s`, `! -s`) so that a flag and its values stay together. */
function splitLine(line: string, span: Span | null, options: FrameOptions): Piece[][] {
  const groups: Piece[][] = [];
  let previous = "";
  for (const { text, start, end } of shownWords(line, span, options)) {
    const opens = groups.length === 0 || text === "!" || (text.startsWith("-") && previous !== "!");
    if (opens) groups.push([]);
    groups.at(-1)?.push({ text: shorten(text, start, span, options), start, end });
    previous = text;
  }
  return groups;
}

/** Words that may get into one of the rows that are shown: of a line of a million words the first, the last, and those near the span. */
function* shownWords(line: string, span: Span | null, { width }: FrameOptions): Generator<Word> {
  const reach = width * mostRows;
  if (line.length <= 6 * reach) {
    yield* wordsOf(line);
    return;
  }
  const near: Word[] = [];
  /** The last words, the next one in the place of the oldest. */
  const last: Word[] = [];
  let count = 0;
  for (const word of wordsOf(line)) {
    const isNear = span !== null && word.end > span.start - reach && word.start < span.start + reach;
    if (count < reach) yield word;
    else if (isNear) near.push(word);
    else last[count % reach] = word;
    count++;
  }
  for (const word of last) if (word !== undefined && word.place >= count - reach) near.push(word);
  yield* near.sort((a, b) => a.place - b.place);
}

/** Words at blanks; a quoted one may hold blanks. Positions are code points. */
function* wordsOf(line: string): Generator<Word> {
  let place = 0;
  let point = 0;
  // nearly no line has any: code points and UTF-16 units are the same then
  const hasPairs = /[\udc00-\udfff]/.test(line);
  for (let begin = 0; begin <= line.length; ) {
    const end = wordEnd(line, begin);
    const points = hasPairs ? pointsIn(line, begin, end) : end - begin;
    if (end > begin) yield { text: line.slice(begin, end), start: point, end: point + points, place: place++ };
    begin = end + 1;
    point += points + 1;
  }
}

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Its number in the line. */
  readonly place: number;
}

/** The blank behind the word that begins there, or the end of the line. */
function wordEnd(line: string, begin: number): number {
  let quoted = false;
  for (let k = begin; k < line.length; k++) {
    const code = line.charCodeAt(k);
    if (code === space && !quoted) return k;
    if (code === quote) quoted = !quoted;
    else if (code === backslash && quoted) k++;
  }
  return line.length;
}

function pointsIn(line: string, start: number, end: number): number {
  let points = 0;
  for (let k = start; k < end; k++) if (!isLowSurrogate(line.charCodeAt(k))) points++;
  return points;
}

const [space, quote, backslash] = [0x20, 0x22, 0x5c];

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

function shorten(word: string, start: number, span: Span | null, { unicode }: FrameOptions): string {
  if (word.length <= longestWholeWord) return forTerminal(word, unicode);
  const dots = unicode ? "…" : "...";
  const piece = (from: number, to: number) => forTerminal(sliceWhole(word, from, to), unicode);
  const pointed = span === null ? 0 : Math.min(Math.max(span.start - start - wordHead / 2, 0), word.length);
  const from = pointed > wordHead ? pointed : 0;
  const head = from === 0 ? piece(0, wordHead) : `${piece(0, wordTail)}${dots}${piece(from, from + wordHead)}`;
  const tail = Math.max(from + wordHead, word.length - wordTail);
  return tail >= word.length ? head : `${head}${dots}${piece(tail, word.length)}`;
}

/** `slice` that leaves surrogate pairs together. */
function sliceWhole(text: string, from: number, to: number): string {
  const whole = (at: number) => (isLowSurrogate(text.charCodeAt(at)) ? at - 1 : at);
  return text.slice(whole(from), to >= text.length ? to : whole(to));
}

function layOut(groups: readonly Piece[][], width: number): Row[] {
  const rows: Row[] = [{ text: "", pieces: [] }];
  let row = rows[0] as Row;
  const nextRow = () => {
    row = { text: indent, pieces: [] };
    rows.push(row);
  };
  const place = (piece: Piece) => {
    row.pieces.push({ column: columnsOf(row.text), piece });
    row.text += piece.text;
  };
  for (const group of groups) {
    const whole = group.reduce((sum, piece) => sum + columnsOf(piece.text) + 1, -1);
    const fits = (columns: number) => columnsOf(row.text) + (row.pieces.length > 0 ? 1 : 0) + columns <= width;
    if (row.pieces.length > 0 && !fits(whole) && whole <= width - indent.length) nextRow();
    for (const piece of group) {
      const columns = columnsOf(piece.text);
      if (row.pieces.length > 0 && !fits(Math.min(columns, width - indent.length))) nextRow();
      if (row.pieces.length > 0) row.text += " ";
      if (columnsOf(row.text) + columns <= width) place(piece);
      else
        for (const part of chop(piece, width - indent.length)) {
          if (row.pieces.length > 0 && !fits(columnsOf(part.text))) nextRow();
          place(part);
        }
    }
  }
  return rows;
}

/** A word that is wider than a row: broken behind a blank where there is one in its second half. */
function chop(piece: Piece, width: number): Piece[] {
  const parts: Piece[] = [];
  for (let rest = piece.text; rest !== ""; ) {
    let part = takeColumns(rest, width);
    const blank = part.lastIndexOf(" ");
    if (part.length < rest.length && blank > part.length / 2) part = part.slice(0, blank + 1);
    parts.push({ ...piece, text: part });
    rest = rest.slice(part.length);
  }
  return parts;
}

/** All rows, or the first, those around the span and the last with `null` for what is left out between. */
function windowRows(rows: readonly Row[], span: Span | null): (Row | null)[] {
  if (rows.length <= mostRows) return [...rows];
  const first =
    span === null
      ? 0
      : Math.max(
          0,
          rows.findIndex((row) => overlaps(row, span)),
        );
  const keep = new Set([0, rows.length - 1]);
  for (let k = first - 1; k < first + mostRows - 3; k++) if (k >= 0 && k < rows.length) keep.add(k);
  const shown: (Row | null)[] = [];
  let last = -1;
  for (const k of [...keep].sort((a, b) => a - b)) {
    if (k > last + 1) shown.push(null);
    shown.push(rows[k] as Row);
    last = k;
  }
  return shown;
}

function overlaps(row: Row, span: Span): boolean {
  return row.pieces.some(({ piece }) => piece.start < span.end && piece.end > span.start);
}

/** `   ^^^^` under the words of a row that the span touches, exact where the word is shown as it is. */
function marksUnder(row: Row, span: Span): string {
  let from = -1;
  let to = -1;
  for (const { column, piece } of row.pieces) {
    if (piece.start >= span.end || piece.end <= span.start) continue;
    const whole = columnsOf(piece.text);
    const exact = whole === piece.end - piece.start;
    const begin = column + (exact ? Math.max(0, span.start - piece.start) : 0);
    const end = column + (exact ? Math.min(whole, span.end - piece.start) : whole);
    if (from < 0) from = begin;
    to = end;
  }
  return from < 0 ? "" : " ".repeat(from) + "^".repeat(Math.max(1, to - from));
}
