import { type Block, type Header, type Judge, readHeader } from "./block.ts";
import { byteString } from "./bytes.ts";
import { findWraps } from "./find-wraps.ts";
import { Growing } from "./growing.ts";
import { LineProblems } from "./line-problems.ts";
import type { LineReader } from "./line-reader.ts";
import { LineReader as Reader } from "./line-reader.ts";
import { isNearlyCommit } from "./line-start.ts";
import { MOST_SHAPES } from "./shape-memo.ts";
import { Source } from "./source.ts";
import { Ast, type Join } from "./syntax-tree.ts";
import { columnOf } from "./unkept.ts";

/** What a visitor is told of a line: the reader's fields hold until it returns. */
export interface LineVisitor {
  /** `node` is the ordinal of the line's node, `block` the table or fragment it stands in (`null` for what stands between). */
  line(reader: LineReader, node: number, block: Block | null): void;
}

export interface ParseOptions {
  /** So many forms of lines are kept; `false`: Chevrotain parses every line. The result is the same. Default `true`. */
  readonly memo?: boolean | number;
  /**
   * Makes what is called for every line while it is read: the streaming form. Asked once more where lines turn out to be wrapped: the text
   * is then read again, and what the first visitor was told does not hold.
   */
  readonly visitor?: (source: Source) => LineVisitor;
  /** `false`: the types and ranges of values are not looked at. Default `true`. */
  readonly values?: boolean;
  /** `false`: lines that were wrapped on their way stay as they are. Default `true`. */
  readonly unwrap?: boolean;
  /** Whose iptables judges the rules. Default: the one that each dump's own header names. */
  readonly judge?: Judge;
}

/** A dump's lines have more bytes than this on average. */
const SHORT_LINE = 48;

/** Most header comments are short; one that is longer is no header. */
const LONGEST_HEADER = 200;

/**
 * Reads any bytes as iptables-save output. Never throws and never stops early: what is no iptables-save becomes nodes of kind `noise` or
 * `bad` and a problem with its place. Forms: iptables-save.c, iptables-restore.c (line kinds), xshared.c (words).
 */
export function parse(input: Uint8Array | Source, options: ParseOptions = {}): Ast {
  const source = input instanceof Source ? input : Source.of(input);
  const { ast, odd } = new Run(source, options).all();
  const wraps = odd.length === 0 || options.unwrap === false ? [] : findWraps(ast, odd);
  if (wraps.length === 0) return ast;
  return new Run(source.unwrapped(wraps), options).all().ast;
}

class Run {
  readonly #source: Source;
  readonly #reader: LineReader;
  readonly #visitor: LineVisitor | undefined;
  readonly #starts: Growing;
  readonly #shapes: Growing;
  readonly #judge: Judge | null;
  readonly #joins: Join[] = [];
  readonly #blocks: Block[] = [];
  readonly #problems: LineProblems;
  readonly #fileNodes: number[] = [];
  #block: Block | null = null;
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

  constructor(source: Source, options: ParseOptions) {
    this.#source = source;
    this.#starts = Growing.forLines(source.bytes, SHORT_LINE);
    this.#shapes = Growing.forLines(source.bytes, SHORT_LINE);
    const { memo = true } = options;
    this.#reader = new Reader(source.bytes, typeof memo === "number" ? memo : memo ? MOST_SHAPES : 0);
    this.#visitor = options.visitor?.(source);
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
    this.#problems.beginFile();
    for (let at = start; at < end; at = reader.next) {
      const isKnown = reader.read(at, end, at === start);
      const node = this.#starts.length;
      this.#starts.push(at);
      if (!isKnown || !this.#isInBlock(node)) this.#structure(node, name);
      this.#shapes.push(isKnown ? reader.outline.id : columnOf(reader));
      if (reader.joined > 0) this.#joined(node, reader.joined);
      if (isKnown && reader.outline.kind === "chain") this.#problems.chain(node);
      else this.#problems.line(node, this.#block);
      if (this.#nextMended < reader.next) this.#mended(node);
      this.#visitor?.line(reader, node, this.#block);
      if (reader.outline.kind === "commit") this.#block = null;
    }
    this.#endBlock();
    this.#problems.endFile();
  }

  #ast(): Ast {
    return new Ast({
      source: this.#source,
      reader: this.#reader,
      starts: this.#starts.view(),
      shapes: this.#shapes.view(),
      joins: this.#joins,
      fileNodes: this.#fileNodes,
      blocks: this.#blocks,
      problems: this.#problems.all(),
      isCounted: this.#problems.isCounted,
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

  /** Adds a rule or a chain to the open block, if there is one. */
  #isInBlock(node: number): boolean {
    if (this.#block === null) return false;
    this.#block.lastNode = node;
    return true;
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
