import type { Node } from "./ast.ts";
import type { Block, Judge } from "./block.ts";
import { byteString, displayLength } from "./bytes.ts";
import type { LineReader } from "./line-reader.ts";
import { type Mentions, mentionsOf } from "./mentions.ts";
import { nodeOf } from "./node-of.ts";
import type { Problem } from "./problem.ts";
import type { Scanner } from "./scanner.ts";
import type { Shape } from "./shape.ts";
import type { Source } from "./source.ts";
import { isPlain, mentionsInColumn, targetIn, type Unkept } from "./unkept.ts";
import type { ExtensionRecord } from "./vocabulary/record.ts";

/** A node of more than one line: a newline stood inside quotes, or the line was wrapped. */
export interface Join {
  readonly node: number;
  /** Lines beyond the first, of this node and all such nodes before it. */
  readonly linesSoFar: number;
}

/** A place in a file as people count: line and column from 1, columns in code points of the displayed line. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a rule may name, and its target where that is an extension: all that a form alone tells at once. */
export type FormTest = (mentions: Mentions, target: ExtensionRecord | null) => boolean;

const DASH = 45;
const COLON = 58;

interface Columns {
  readonly source: Source;
  readonly reader: LineReader;
  readonly starts: Int32Array;
  /** As unkept.ts says. */
  readonly shapes: Int32Array;
  readonly unkept: Unkept;
  readonly joins: readonly Join[];
  readonly fileNodes: readonly number[];
  readonly blocks: readonly Block[];
  readonly problems: readonly Problem[];
  readonly isCounted: boolean;
  readonly refused: Uint8Array;
  readonly judge: Judge | null;
}

/**
 * A parsed source: one node per line, kept as two integers each. A node is made from its bytes when it is asked for, so a million lines
 * cost eight megabytes. The nodes tile the source: printed one after the other they are its bytes.
 */
export class Ast implements Iterable<Node> {
  readonly source: Source;
  readonly problems: readonly Problem[];
  /** There are more problems of some kind than are kept. */
  readonly isCounted: boolean;
  /** Whose iptables judged the rules; `null`: the one that each block's header names. */
  readonly judge: Judge | null;
  readonly blocks: readonly Block[];
  readonly #columns: Columns;
  readonly #hasJoins: boolean;
  /** The node whose words the scanner holds, -1 where that is not known. */
  #held = -1;
  readonly #mentions: Mentions[] = [];

  constructor(columns: Columns) {
    this.source = columns.source;
    this.problems = columns.problems;
    this.isCounted = columns.isCounted;
    this.judge = columns.judge;
    this.blocks = columns.blocks;
    this.#columns = columns;
    this.#hasJoins = columns.joins.length > 0;
  }

  /** Number of nodes. */
  get length(): number {
    return this.#columns.starts.length;
  }

  /** The node, made anew at each call. */
  node(index: number): Node {
    return nodeOf(this.read(index), index, this.line(index));
  }

  *[Symbol.iterator](): Iterator<Node> {
    for (let index = 0; index < this.length; index++) yield this.node(index);
  }

  /** Whether iptables-restore refuses the node's line: a problem of severity error says why, unless it is one of too many. */
  isRefused(index: number): boolean {
    return this.#columns.refused[index] === 1;
  }

  /** Number of the form of a node's line among those that are kept; negative where it is not. */
  shapeId(index: number): number {
    return this.#columns.shapes[index] as number;
  }

  /** The same of all nodes. */
  get shapeIds(): Int32Array {
    return this.#columns.shapes;
  }

  /** The form of a node's line; parsed again where its source has too many forms to keep. */
  shape(index: number): Shape {
    const id = this.#columns.shapes[index] as number;
    return id >= 0 ? (this.#columns.reader.memo.shapes[id] as Shape) : this.read(index).shape;
  }

  /** The forms of all lines that are well-formed; `null` where they are too many to keep. */
  get shapes(): readonly Shape[] | null {
    const { memo } = this.#columns.reader;
    return memo.isFull ? null : memo.shapes;
  }

  /** The extension that `-j` names; cheaper than the shape where that is not kept. */
  targetRecord(index: number): ExtensionRecord | null {
    const column = this.#columns.shapes[index] as number;
    return column < 0 ? targetIn(column) : (this.#columns.reader.memo.shapes[column] as Shape).targetRecord;
  }

  /** What a rule may name. */
  mentions(index: number): Mentions {
    const column = this.#columns.shapes[index] as number;
    return column < 0 ? mentionsInColumn(column) : this.#mentionsOf(column);
  }

  #mentionsOf(form: number): Mentions {
    let known = this.#mentions[form];
    if (known === undefined) {
      known = mentionsOf(this.#columns.reader.memo.shapes[form] as Shape);
      this.#mentions[form] = known;
    }
    return known;
  }

  /** Which nodes have a form that passes the test; `null`: none has, as most of the few dozen forms of a text tell at once. */
  passing(test: FormTest): ((index: number) => boolean) | null {
    const { shapes, reader } = this.#columns;
    const { memo } = reader;
    const passes = Uint8Array.from(memo.shapes, ({ targetRecord }, form) =>
      Number(test(this.#mentionsOf(form), targetRecord)),
    );
    if (!memo.isFull && !passes.includes(1)) return null;
    return (index) => {
      const form = shapes[index] as number;
      return form >= 0 ? passes[form] === 1 : test(mentionsInColumn(form), targetIn(form));
    };
  }

  /** Raw bytes of a node without its line end: from the first byte of its own text (blanks and noise before it left out). */
  read(index: number): LineReader {
    const { reader, starts, fileNodes } = this.#columns;
    this.#held = -1;
    const start = starts[index] as number;
    const form = this.shapeId(index);
    if (form < 0 || !reader.readAgain(start, this.offset(index + 1), form, this.#hasJoins))
      reader.read(start, this.#limit(start), fileNodes.includes(index));
    return reader;
  }

  /** Whether the node begins with `-A `, as nearly all do. */
  isAppend(index: number): boolean {
    const start = this.offset(index);
    const { bytes } = this.source;
    return bytes[start] === DASH && bytes[start + 1] === 65 && bytes[start + 2] === 32;
  }

  /** First byte of a node's own text, and behind its last: without line end, and blanks and noise before it. */
  textSpan(index: number): { readonly start: number; readonly end: number } {
    const start = this.offset(index);
    if (this.source.bytes[start] === COLON || this.isAppend(index)) return { start, end: this.#lineEnd(index) };
    const { textStart, end } = this.read(index);
    return { start: textStart, end };
  }

  #lineEnd(index: number): number {
    const { bytes } = this.source;
    let end = this.offset(index + 1);
    if (bytes[end - 1] === 10) end--;
    return bytes[end - 1] === 13 ? end - 1 : end;
  }

  /** The words of a node as spans, and their keywords; valid until the next read. */
  words(index: number): Scanner {
    const { reader, starts, shapes, unkept } = this.#columns;
    if (this.#held === index) return reader.scanner;
    const shape = shapes[index] as number;
    const start = starts[index] as number;
    if (shape >= 0 && reader.readAgain(start, this.offset(index + 1), shape, this.#hasJoins)) {
      this.#held = index;
      return reader.scanner;
    }
    if (isPlain(shape) && unkept.recall(index, start, reader.scanner)) {
      this.#held = index;
      return reader.scanner;
    }
    return this.read(index).scanner;
  }

  /** Word `k` of a rule's node as iptables reads it. */
  word(index: number, k: number): string {
    const scanner = this.words(index);
    const { spans } = scanner;
    return k < scanner.count ? scanner.text(spans[k << 1] as number, spans[(k << 1) + 1] as number) : "";
  }

  /** Where the file ends in which the byte at `start` is. */
  #limit(start: number): number {
    return this.source.files.length === 1 ? this.source.bytes.length : this.source.fileAt(start).end;
  }

  /** First byte of a node. */
  offset(index: number): number {
    return this.#columns.starts[index] ?? this.source.bytes.length;
  }

  /** Line of a node in its file, from 1. */
  line(index: number): number {
    const { fileNodes, joins } = this.#columns;
    let first = 0;
    for (const node of fileNodes) if (node <= index) first = node;
    return index - first + 1 + linesBefore(joins, index) - linesBefore(joins, first);
  }

  /** The node that holds the byte at `offset`. */
  nodeAt(offset: number): number {
    const { starts } = this.#columns;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** File, line and column of a byte. */
  place(offset: number): Place {
    const node = this.nodeAt(offset);
    const { lines } = this.source;
    const at = this.source.lineOffset(offset);
    let lineStart = this.offset(node);
    let line = this.line(node);
    for (let i = lineStart; i < at; i++) {
      if (lines[i] !== 10) continue;
      line++;
      lineStart = i + 1;
    }
    return {
      file: this.source.fileAt(offset).name,
      line,
      column: at === lineStart ? 1 : displayLength(byteString(lines, lineStart, at)) + 1,
    };
  }
}

/** Lines beyond the first of all nodes before `index`. */
function linesBefore(joins: readonly Join[], index: number): number {
  let low = 0;
  let high = joins.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((joins[middle] as Join).node < index) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : (joins[low - 1] as Join).linesSoFar;
}
