import type { Block } from "../../grammar/block.ts";
import { Growing } from "../../grammar/growing.ts";
import { invariant } from "../../grammar/invariant.ts";
import type { KnownLines } from "../../grammar/known-lines.ts";
import type { LineReader } from "../../grammar/line-reader.ts";
import type { ParseOptions } from "../../grammar/parse.ts";
import { type ColumnVisitor, readText } from "../../grammar/reading.ts";
import { Source } from "../../grammar/source.ts";
import { targetRecord } from "../../grammar/vocabulary/index.ts";
import { familyOfBlock } from "./family.ts";
import { type FragmentLine, listedTable, type TableHint, tablesOfFragment } from "./fragment.ts";
import { NameIndex } from "./name-index.ts";
import { RuleOrder } from "./rule-order.ts";
import { NONE } from "./ruleset.ts";
import { RuleStore } from "./store.ts";
import { isTableName, type Table, type TableName } from "./table.ts";

export interface BuildOptions extends Omit<ParseOptions, "visitor"> {
  /** Where a chain of a fragment belongs, for who knows its author. */
  readonly tableHint?: TableHint;
  /** Is told now and then how many bytes and rules were read. */
  readonly onRead?: OnRead;
}

type OnRead = (bytes: number, rules: number) => void;

/** So many lines, less one, are read between two such words: a power of two less one. */
const LINES_BETWEEN = 0xffff;

/** Reads the texts of one node into columns, in one pass over their bytes. */
export function buildStore(input: Uint8Array | Source, options: BuildOptions = {}): RuleStore {
  const source = input instanceof Source ? input : Source.of(input);
  const { onRead = () => {} } = options;
  let builder: Builder | undefined;
  const columns = (read: Source, known: KnownLines): Builder => {
    builder = new Builder(read, known, onRead);
    return builder;
  };
  const ast = readText(source, options, columns);
  invariant(builder !== undefined, "whoever parses asks for the columns");
  return builder.store(ast, options.tableHint ?? (() => undefined));
}

/** Rules of a dump have more bytes than this on average. */
const SHORT_RULE = 64;

type MutableTable = { -readonly [key in keyof Table]: Table[key] } & { chains: number[] };

class Builder implements ColumnVisitor {
  readonly #onRead: OnRead;
  readonly #bytes: Uint8Array;
  readonly #known: KnownLines;
  readonly #tables: MutableTable[] = [];
  readonly #ruleNode: Growing;
  readonly #ruleChain: Growing;
  readonly #ruleTarget: Growing;
  readonly #ruleValue: Growing;
  readonly #chainNode = new Growing();
  /** Rules of `-I CHAIN 3`, and the numbers of their places. */
  readonly #inserted = new Map<number, number>();
  readonly #unapplied: number[] = [];
  /** By table: how many rules it has so far. */
  readonly #tableRules: number[] = [];
  readonly #fragments = new Map<Block, FragmentLine[]>();
  /** Tables in which a declared chain has the name of a target: `-j LOG` may then be a jump. */
  readonly #masked = new Set<number>();
  #block: Block | null = null;
  #table: MutableTable | null = null;
  /** Bytes of the word that was taken last; two numbers, because an object a line is garbage. */
  #start = 0;
  #end = 0;

  constructor(source: Source, known: KnownLines, onRead: OnRead) {
    this.#onRead = onRead;
    this.#bytes = source.bytes;
    this.#known = known;
    const column = (): Growing => Growing.forLines(source.bytes, SHORT_RULE);
    [this.#ruleNode, this.#ruleChain, this.#ruleTarget] = [column(), column(), column()];
    this.#ruleValue = column();
  }

  line(reader: LineReader, node: number, block: Block | null): void {
    if ((node & LINES_BETWEEN) === LINES_BETWEEN) this.#onRead(reader.next, this.#ruleNode.length);
    if (block === null) return;
    const { outline } = reader;
    // a table is there also where no line declares its chains
    if (outline.kind === "table") this.#enter(block);
    if (outline.kind !== "rule" && outline.kind !== "chain" && outline.kind !== "command") return;
    if (block !== this.#block) this.#enter(block);
    if (outline.kind === "command") {
      this.#unapplied.push(node);
    } else if (this.#table === null) {
      this.#pending(block, reader, node);
    } else if (outline.kind === "chain") {
      this.#takeChain(reader);
      this.#declare(this.#table, this.#start, this.#end, node);
    } else {
      this.#rule(this.#table, reader, node);
    }
  }

  tableOf(block: Block): number {
    if (block !== this.#block) this.#enter(block);
    return this.#table?.index ?? NONE;
  }

  lines(known: KnownLines): void {
    const table = this.#table;
    invariant(table !== null, "known lines stand in a table");
    this.#onRead(known.next, this.#ruleNode.length);
    this.#makeRoom();
    const chains = known.column("chains");
    const nodes = known.column("chainNodes");
    for (let i = 0; i < chains.length; i++) {
      const chain = chains[i] as number;
      if (this.#chainNode.get(chain) >= 0) continue;
      this.#chainNode.set(chain, nodes[i] as number);
      table.chains.push(chain);
    }
    const rules = known.column("ruleNodes");
    this.#ruleNode.append(rules);
    this.#tableRules[table.index] = (this.#tableRules[table.index] as number) + rules.length;
    this.#ruleChain.append(known.column("ruleChains"));
    this.#ruleTarget.append(known.column("ruleTargets"));
    this.#ruleValue.append(known.column("ruleValues"));
  }

  /** Every chain that has a number has its place in the columns. */
  #makeRoom(): void {
    this.#chainNode.fill(this.#known.nameCount, NONE);
  }

  #enter(block: Block): void {
    this.#block = block;
    this.#table = block.table !== null && isTableName(block.table) ? this.#addTable(block, block.table, false) : null;
  }

  #addTable(block: Block, name: TableName, implied: boolean): MutableTable {
    const header = block.header;
    const table: MutableTable = {
      index: this.#tables.length,
      name,
      family: header?.family ?? null,
      backend: header?.backend ?? null,
      header,
      block,
      implied,
      superseded: false,
      chains: [],
    };
    this.#tables.push(table);
    this.#tableRules.push(0);
    return table;
  }

  #declare(table: MutableTable, start: number, end: number, node: number): number {
    const chain = this.#intern(table, start, end);
    if (this.#chainNode.get(chain) < 0) {
      this.#chainNode.set(chain, node);
      table.chains.push(chain);
      if (end - start <= 12 && targetRecord(this.#text(start, end)) !== undefined) this.#masked.add(table.index);
    }
    return chain;
  }

  #rule(table: MutableTable, reader: LineReader, node: number): void {
    const { outline } = reader;
    const command = outline.command?.name;
    if (command !== "append" && command !== "insert") {
      this.#unapplied.push(node);
      return;
    }
    this.#takeChain(reader);
    const chain = this.#intern(table, this.#start, this.#end);
    let target = NONE;
    if (outline.targetWord >= 0 && outline.targetRecord === null) {
      this.#take(reader, outline.targetWord);
      target = this.#intern(table, this.#start, this.#end);
    }
    const rule = this.#ruleNode.length;
    this.#ruleNode.push(node);
    this.#ruleChain.push(chain);
    this.#ruleTarget.push(target);
    this.#ruleValue.push(this.#valueStart(reader));
    this.#tableRules[table.index] = (this.#tableRules[table.index] as number) + 1;
    if (command === "insert") this.#inserted.set(rule, this.#number(reader));
  }

  #number(reader: LineReader): number {
    const word = reader.outline.numberWord;
    if (word < 0) return 1;
    this.#take(reader, word);
    const number = Number(this.#text(this.#start, Math.min(this.#end, this.#start + 9)));
    return Number.isInteger(number) && number > 0 ? number : 1;
  }

  #pending(block: Block, reader: LineReader, node: number): void {
    let lines = this.#fragments.get(block);
    if (lines === undefined) {
      lines = [];
      this.#fragments.set(block, lines);
    }
    const { outline } = reader;
    this.#takeChain(reader);
    const chain = this.#text(this.#start, this.#end);
    lines.push({
      node,
      isRule: outline.kind === "rule",
      isBuiltIn:
        outline.command?.name === "policy" ||
        (outline.command === null && outline.policyWord >= 0 && this.#word(reader, outline.policyWord) !== "-"),
      chain,
      target: outline.targetWord < 0 ? null : this.#word(reader, outline.targetWord),
      record: outline.targetRecord,
    });
  }

  /** Takes the name of the line's chain. */
  #takeChain(reader: LineReader): void {
    this.#take(reader, reader.outline.chainWord);
    // the colon of a declaration
    if (reader.outline.command === null) this.#start++;
  }

  #valueStart(reader: LineReader): number {
    const { valueWord } = reader.outline;
    const start = valueWord < 0 ? NONE : (reader.scanner.spans[valueWord << 1] as number);
    return start === NONE || this.#bytes[start] === 34 ? NONE : start;
  }

  /** Takes a word without the quotes around it. */
  #take(reader: LineReader, word: number): void {
    const { spans } = reader.scanner;
    let start = spans[word << 1] as number;
    let end = spans[(word << 1) + 1] as number;
    if (this.#bytes[start] === 34 && this.#bytes[end - 1] === 34 && end - start > 1) {
      start++;
      end--;
    }
    this.#start = start;
    this.#end = end;
  }

  #word(reader: LineReader, word: number): string {
    this.#take(reader, word);
    return this.#text(this.#start, this.#end);
  }

  #text(start: number, end: number): string {
    return String.fromCharCode(...this.#bytes.subarray(start, Math.min(end, start + 64)));
  }

  #intern(table: MutableTable, start: number, end: number): number {
    const chain = this.#known.intern(table.index, start, end);
    if (chain >= this.#chainNode.length) this.#makeRoom();
    return chain;
  }

  store(ast: import("../../grammar/syntax-tree.ts").Ast, hint: TableHint): RuleStore {
    this.#placeFragments(ast, hint);
    const names = new NameIndex(this.#bytes, this.#known.names());
    this.#unmask(ast, names);
    for (const table of this.#tables) table.family ??= familyOfBlock(ast, table.block);
    this.#markSuperseded();
    const ruleChain = this.#ruleChain.view();
    const order = new RuleOrder(ruleChain, this.#chainNode.length, this.#inserted, this.#bytes);
    return new RuleStore(
      ast,
      this.#tables,
      {
        ruleNode: this.#ruleNode.view(),
        ruleChain,
        ruleTarget: this.#ruleTarget.view(),
        ruleValue: this.#ruleValue.view(),
        ruleNext: order.next,
        chainFirst: order.first,
        chainNode: this.#chainNode.view(),
        chainTable: names.tables,
        tableRules: Int32Array.from(this.#tableRules),
      },
      names,
      this.#unapplied,
    );
  }

  /** Lines without a table get one, then are read like all others. */
  #placeFragments(ast: import("../../grammar/syntax-tree.ts").Ast, hint: TableHint): void {
    for (const [block, lines] of this.#fragments) {
      // a table of no known name is a misspelt one where its chains tell which
      if (block.table !== null && listedTable(lines) === undefined) continue;
      const tables = new Map<TableName, MutableTable>();
      const tableNamed = (name: TableName): MutableTable => {
        const known = tables.get(name) ?? this.#addTable(block, name, true);
        tables.set(name, known);
        return known;
      };
      for (const { line, table } of tablesOfFragment(lines, hint)) {
        const reader = ast.read(line.node);
        if (line.isRule) this.#rule(tableNamed(table), reader, line.node);
        else {
          this.#takeChain(reader);
          this.#declare(tableNamed(table), this.#start, this.#end, line.node);
        }
      }
    }
  }

  /** A user-defined chain may carry the name of a target extension; then `-j` means the chain (iptables/xshared.c, command_jump). */
  #unmask(ast: import("../../grammar/syntax-tree.ts").Ast, names: NameIndex): void {
    if (this.#masked.size === 0) return;
    for (let rule = 0; rule < this.#ruleNode.length; rule++) {
      const tableIndex = names.table(this.#ruleChain.get(rule));
      if (this.#ruleTarget.get(rule) !== NONE || !this.#masked.has(tableIndex)) continue;
      const shape = ast.shape(this.#ruleNode.get(rule));
      if (shape.targetRecord === null) continue;
      const chain = names.find(tableIndex, shape.targetRecord.name);
      if (chain >= 0 && this.#chainNode.get(chain) >= 0) this.#ruleTarget.set(rule, chain);
    }
  }

  #markSuperseded(): void {
    const last = new Map<string, MutableTable>();
    for (const table of this.#tables) {
      const key = `${table.family} ${table.backend} ${table.name} ${table.block.file}`;
      const earlier = last.get(key);
      if (earlier !== undefined && !table.implied) earlier.superseded = true;
      last.set(key, table);
    }
  }
}
