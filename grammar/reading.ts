import { type Block, type Header, type Judge, readHeader } from "./block.ts";
import { byteString } from "./bytes.ts";
import { findWraps } from "./find-wraps.ts";
import { Growing } from "./growing.ts";
import { type Keyword, keywordOf } from "./keyword.ts";
import { KnownLines, type KnownWordColumns } from "./known-lines.ts";
import { LineProblems } from "./line-problems.ts";
import type { LineReader } from "./line-reader.ts";
import { LineReader as Reader } from "./line-reader.ts";
import { isNearlyCommit } from "./line-start.ts";
import type { LineVisitor, ParseOptions } from "./parse.ts";
import { MOST_SHAPES } from "./shape-memo.ts";
import type { Source } from "./source.ts";
import { Ast, type Join } from "./syntax-tree.ts";
import { Unkept } from "./unkept.ts";

/** What takes lines of known forms many at a time. */
export interface ColumnVisitor extends LineVisitor {
  /** Number of the table that the block's chains are in; -1: each of its lines is told for itself. */
  tableOf(block: Block): number;
  /** Lines of the block with the table's number were read, from `node` on. */
  lines(known: KnownLines, node: number): void;
}

/** A dump's lines have more bytes than this on average. */
const SHORT_LINE = 48;

/** Most header comments are short; one that is longer is no header. */
const LONGEST_HEADER = 200;

/** Makes what takes a text's lines as columns. */
type MakeColumns = (source: Source, known: KnownLines) => ColumnVisitor;

/** What `parse` does; `columns` is asked instead of the options' visitor, and once more where lines turn out to be wrapped. */
export function readText(source: Source, options: ParseOptions, columns?: MakeColumns): Ast {
  const { ast, odd } = new Reading(source, options, columns).all();
  const wraps = odd.length === 0 || options.unwrap === false ? [] : findWraps(ast, odd);
  if (wraps.length === 0) return ast;
  return new Reading(source.unwrapped(wraps), options, columns).all().ast;
}

const isValue = ({ role }: Keyword): boolean => role === "Value" || role === "Name";

/** One way through a text. */
class Reading {
  readonly #source: Source;
  readonly #reader: LineReader;
  readonly #known: KnownLines;
  /** Lines of known forms need not be told one by one. */
  readonly #takesKnown: boolean;
  readonly #visitor: LineVisitor | undefined;
  readonly #columns: ColumnVisitor | undefined;
  readonly #starts: Growing;
  readonly #shapes: Growing;
  readonly #judge: Judge | null;
  readonly #unkept: Unkept;
  readonly #joins: Join[] = [];
  readonly #blocks: Block[] = [];
  readonly #problems: LineProblems;
  readonly #fileNodes: number[] = [];
  #block: Block | null = null;
  /** The block that the reader of known lines is in, and its table; -1: it is not asked. */
  #entered: Block | null = null;
  #table = -1;
  #header: Header | null = null;
  /** The last line that is nearly a COMMIT. */
  #nearlyCommit = -1;
  /** Nodes that may be parts of wrapped lines. */
  readonly #odd: number[] = [];
  #tears = 0;
  #wraps = 0;
  /** Where the next line stands that was put together. */
  #nextMended = Number.POSITIVE_INFINITY;
  #tableStart = 0;
  #tableEnd = 0;

  constructor(source: Source, options: ParseOptions, columns: MakeColumns | undefined) {
    this.#source = source;
    this.#starts = Growing.forLines(source.bytes, SHORT_LINE);
    this.#shapes = Growing.forLines(source.bytes, SHORT_LINE);
    const { memo = true } = options;
    this.#reader = new Reader(source.bytes, typeof memo === "number" ? memo : memo ? MOST_SHAPES : 0);
    this.#known = new KnownLines(source.bytes);
    this.#unkept = new Unkept(source.bytes.length);
    this.#columns = columns?.(source, this.#known);
    this.#visitor = this.#columns ?? options.visitor?.(source);
    this.#takesKnown = memo !== false && memo !== 0 && options.values !== false && this.#visitor === this.#columns;
    this.#judge = options.judge ?? null;
    this.#problems = new LineProblems(this.#reader, options.values ?? true, options.judge);
    this.#findMended();
  }

  all(): { readonly ast: Ast; readonly odd: readonly number[] } {
    for (const file of this.#source.files) this.#file(file.start, file.end, file.name);
    const ast = this.#ast();
    for (const { checkId, node } of ast.problems) if (checkId === "trailing-text") this.#odd.push(node);
    return { ast, odd: this.#odd.sort((a, b) => a - b) };
  }

  #file(start: number, end: number, name: string): void {
    const reader = this.#reader;
    this.#block = null;
    this.#header = null;
    this.#fileNodes.push(this.#starts.length);
    this.#problems.ends.beginFile();
    for (let at = start; at < end; at = reader.next) {
      if (this.#table >= 0) at = this.#readKnown(at, end);
      if (at === end) break;
      reader.read(at, end, at === start);
      const node = this.#starts.length;
      this.#starts.push(at);
      this.#structure(node, name);
      this.#shapes.push(this.#unkept.column(reader, node));
      if (reader.joined > 0) this.#joined(node, reader.joined);
      const { cases } = this.#problems;
      this.#problems.line(node, this.#block);
      const isMended = this.#nextMended < reader.next;
      if (isMended) this.#mended(node);
      this.#visitor?.line(reader, node, this.#block);
      const isIn = this.#table >= 0 && this.#entered === this.#block;
      if (isIn && !isMended) this.#learn(this.#problems.cases - cases);
      if (reader.outline.kind === "commit") this.#block = null;
      if (this.#takesKnown) this.#enter();
    }
    this.#endBlock();
    this.#problems.endFile();
  }

  /** @param cases - how many were found in the line that the reader holds */
  #learn(cases: number): void {
    const reader = this.#reader;
    if (cases === 0) this.#known.learn(reader);
    else if (cases === 1 && this.#known.mayLearn(reader) && this.#problems.isRightButForValue(this.#block))
      this.#known.learn(reader, true);
  }

  /** Says to the reader of known lines in which block the next line stands. */
  #enter(): void {
    const block = this.#block;
    if (block === this.#entered) return;
    this.#entered = block;
    this.#table = block === null ? -1 : this.#columns === undefined ? 0 : this.#columns.tableOf(block);
    if (this.#table < 0 || block === null) return;
    const header = this.#judge ?? block.header;
    const judge = `${header?.family} ${header?.backend} ${header?.version} ${block.table}`;
    this.#known.enter(this.#table, judge, header?.family ?? null, header?.backend === "nft");
  }

  /** Reads lines of known forms as long as there are some; the place of the first other one. */
  #readKnown(start: number, end: number): number {
    const known = this.#known;
    // a line that was put together has its own finding, and lines that end otherwise have one together
    const limit = Math.min(end, this.#nextMended);
    if (!this.#problems.ends.isPlain) return start;
    let at = start;
    while (known.read(at, limit, this.#starts.length) > 0) {
      const node = this.#starts.length;
      this.#starts.append(known.column("starts"));
      this.#shapes.append(known.column("forms"));
      const words = known.words();
      this.#unkept.append(node, words);
      this.#problems.ends.add(known.count);
      this.#columns?.lines(known, node);
      this.#judgeDoubts(node, words);
      if (this.#block !== null) this.#block.lastNode = this.#starts.length - 1;
      at = known.next;
      if (known.isStuck) break;
    }
    return at;
  }

  /** Judges values of known lines from `node` on that may be wrong; of each line that has one, the first is told. */
  #judgeDoubts(node: number, { starts: wordStarts, keywords }: KnownWordColumns): void {
    const doubts = this.#known.doubts();
    if (doubts === null) return;
    const { count, lines, words, starts, ends } = doubts;
    const right: number[] = [];
    let refused = -1;
    for (let k = 0; k < count; k++) {
      const line = lines[k] as number;
      if (line === refused) continue;
      const form = this.#shapes.get(node + line);
      const keywordAt = (word: number): Keyword =>
        form < 0
          ? keywordOf(keywords[(wordStarts[line] as number) + word] as number)
          : (this.#reader.memo.words[form]?.[word] as Keyword);
      let word = (words[k] as number) - 1;
      let place = 0;
      for (; isValue(keywordAt(word)); word--) place++;
      const [start, end] = [starts[k] as number, ends[k] as number];
      if (this.#problems.refuses(node + line, this.#block, keywordAt(word), place, start, end)) refused = line;
      else right.push(k);
    }
    this.#known.areRight(right);
  }

  #ast(): Ast {
    return new Ast({
      source: this.#source,
      reader: this.#reader,
      starts: this.#starts.view(),
      shapes: this.#shapes.view(),
      unkept: this.#unkept,
      joins: this.#joins,
      fileNodes: this.#fileNodes,
      blocks: this.#blocks,
      problems: this.#problems.all(),
      isCounted: this.#problems.isCounted,
      refused: this.#problems.refused(this.#starts.length),
      judge: this.#judge,
    });
  }

  #joined(node: number, lines: number): void {
    this.#joins.push({ node, linesSoFar: (this.#joins.at(-1)?.linesSoFar ?? 0) + lines });
    this.#odd.push(node);
  }

  /** Says which lines were put together. */
  #mended(node: number): void {
    const { tears, wraps } = this.#source;
    const { next } = this.#reader;
    for (let tear = tears[this.#tears]; tear !== undefined && tear.start < next; tear = tears[++this.#tears])
      this.#problems.torn(node, tear);
    for (let wrap = wraps[this.#wraps]; wrap !== undefined && wrap.start < next; wrap = wraps[++this.#wraps]) {
      this.#problems.wrapped(node);
      if (wrap.lines > 0) this.#joined(node, wrap.lines);
    }
    this.#findMended();
  }

  #findMended(): void {
    const { tears, wraps } = this.#source;
    const after = Number.POSITIVE_INFINITY;
    this.#nextMended = Math.min(tears[this.#tears]?.start ?? after, wraps[this.#wraps]?.start ?? after);
  }

  /** Opens and closes tables. */
  #structure(node: number, file: string): void {
    const reader = this.#reader;
    switch (reader.outline.kind) {
      case "comment":
        if (reader.end - reader.textStart <= LONGEST_HEADER) {
          const header = readHeader(byteString(reader.bytes, reader.textStart, reader.end));
          if (header !== undefined) {
            // a second dump begins: a table still open was cut off
            this.#endBlock();
            this.#header = header;
          }
        }
        break;
      case "table": {
        this.#endBlock();
        const { spans } = reader.scanner;
        const glued = byteString(reader.bytes, (spans[0] as number) + 1, spans[1] as number);
        const table =
          glued === "" && reader.scanner.count > 1
            ? byteString(reader.bytes, spans[2] as number, spans[3] as number)
            : glued;
        this.#open(node, file, table);
        this.#tableStart = reader.textStart;
        this.#tableEnd = reader.end;
        break;
      }
      case "noise":
        this.#odd.push(node);
        this.#noteCommit(node);
        break;
      case "bad":
        this.#odd.push(node);
        if (this.#block === null) this.#open(node, file, null);
        this.#noteCommit(node);
        break;
      case "chain":
        // what goes on with `:56:01 2026` reads like a chain, but has no counters
        if (reader.outline.countersWord < 0) this.#odd.push(node);
        if (this.#block === null) this.#open(node, file, null);
        break;
      case "rule":
      case "command":
        // a line that goes on with `-SVC-…` reads like one with an option whose value is joined to it
        if (!reader.outline.plain) this.#odd.push(node);
        if (this.#block === null) this.#open(node, file, null);
        break;
      case "commit":
        if (this.#block !== null) this.#block.committed = true;
        break;
      default:
    }
    if (this.#block !== null && reader.outline.kind !== "blank") this.#block.lastNode = node;
  }

  /** Keeps in mind a line that is nearly a COMMIT: it may end the table. */
  #noteCommit(node: number): void {
    const { bytes, start, end } = this.#reader;
    if (end - start <= LONGEST_HEADER && isNearlyCommit(byteString(bytes, start, end))) this.#nearlyCommit = node;
  }

  /** Whether the block ends in a COMMIT that was misspelt, which has its finding. */
  #endsNearly({ firstNode, lastNode }: Block): boolean {
    const node = this.#nearlyCommit;
    if (node < firstNode || lastNode - node > MOST_BEHIND) return false;
    for (let k = node + 1; k <= lastNode; k++)
      if (!"#\r\n".includes(String.fromCharCode(this.#source.bytes[this.#starts.get(k)] as number))) return false;
    return true;
  }

  #open(node: number, file: string, table: string | null): void {
    this.#block = {
      index: this.#blocks.length,
      file,
      table,
      header: this.#header,
      firstNode: node,
      lastNode: node,
      committed: false,
    };
    this.#blocks.push(this.#block);
  }

  #endBlock(): void {
    if (this.#block !== null && this.#endsNearly(this.#block)) this.#block.committed = true;
    if (this.#block?.table != null && !this.#block.committed)
      this.#problems.missingCommit(this.#block, this.#tableStart, this.#tableEnd);
    this.#block = null;
  }
}

/** So many lines stand behind a COMMIT before the next table: `# Completed on …` and an empty one. */
const MOST_BEHIND = 4;
