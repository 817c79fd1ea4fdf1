import type { RuleNode } from "../../grammar/ast.ts";
import { byteString } from "../../grammar/bytes.ts";
import { findBytes } from "../../grammar/find-bytes.ts";
import { invariant } from "../../grammar/invariant.ts";
import type { NameColumns } from "../../grammar/known-lines.ts";
import type { Mentions } from "../../grammar/mentions.ts";
import { SALT } from "../../grammar/salt.ts";
import type { Scanner } from "../../grammar/scanner.ts";
import type { Shape } from "../../grammar/shape.ts";
import type { Ast, Place } from "../../grammar/syntax-tree.ts";
import type { ExtensionRecord } from "../../grammar/vocabulary/record.ts";
import type { NameIndex } from "./name-index.ts";
import type { ChainId, RuleId } from "./ruleset.ts";
import type { Table } from "./table.ts";

/** Integers per rule and per chain, indexed by their ordinals in the source; -1 where there is none. */
export interface StoreColumns {
  readonly ruleNode: Int32Array;
  readonly ruleChain: Int32Array;
  readonly ruleTarget: Int32Array;
  readonly ruleNext: Int32Array;
  /** First byte of the rule's last value, that of a comment aside; -1: the rule is to be read. */
  readonly ruleValue: Int32Array;
  /** Node of the line that declares the chain; -1: it is only used. */
  readonly chainNode: Int32Array;
  readonly chainFirst: Int32Array;
  readonly chainTable: Int32Array;
  /** By table: how many rules it has. */
  readonly tableRules: Int32Array;
}

/** So many times the callers of a chain are looked for; then there is an index of all. */
const FEW_LOOKUPS = 32;

const LF = 10;
const SPACE = 32;
const DASH = 45;
const COLON = 58;

const PRIME = 0x01000193;
const MIXER = 0x2c1b3c6d;

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;

/** All chains and rules of one node's texts, of every table, family and back end. Text is cut from the source only when asked for. */
export class RuleStore {
  readonly ast: Ast;
  readonly tables: readonly Table[];
  /** Rules whose command (`-D`, `-R`, `-C`) asks for a change instead of saying what is there, and `-F -X -Z -E`: nodes. */
  readonly unapplied: readonly number[];
  readonly #columns: StoreColumns;
  readonly #names: NameIndex;
  #callerStarts: Int32Array | undefined;
  #callerRules: Int32Array | undefined;
  #callerCounts: Int32Array | undefined;
  #lookups = 0;
  /** The text in words of 32 bits. */
  #words: DataView | undefined;

  constructor(
    ast: Ast,
    tables: readonly Table[],
    columns: StoreColumns,
    names: NameIndex,
    unapplied: readonly number[],
  ) {
    this.ast = ast;
    this.tables = tables;
    this.unapplied = unapplied;
    this.#columns = columns;
    this.#names = names;
  }

  /** The columns themselves, for loops over all rules. */
  get columns(): StoreColumns {
    return this.#columns;
  }

  /** Of each chain, the table and the place of the name. */
  get names(): NameColumns {
    return this.#names.columns;
  }

  get ruleCount(): number {
    return this.#columns.ruleNode.length;
  }
  get chainCount(): number {
    return this.#columns.chainNode.length;
  }

  chainName(chain: ChainId): string {
    return byteString(this.ast.source.bytes, this.#names.start(chain), this.#names.end(chain));
  }

  /** All bytes of the node's texts. */
  get bytes(): Uint8Array {
    return this.ast.source.bytes;
  }

  /** Where the bytes of the chain's name begin, somewhere in the text, and where they end. */
  nameStart(chain: ChainId): number {
    return this.#names.start(chain);
  }
  nameEnd(chain: ChainId): number {
    return this.#names.end(chain);
  }

  /** The chain of that name in the table, or -1. */
  chainNamed(table: Table, name: string): ChainId {
    return this.#names.find(table.index, name);
  }

  tableOf(chain: ChainId): Table {
    const table = this.tables[this.#columns.chainTable[chain] as number];
    invariant(table !== undefined, "every chain stands in a table");
    return table;
  }

  /** Whether a line of the text declares the chain. */
  isDeclared(chain: ChainId): boolean {
    return (this.#columns.chainNode[chain] as number) >= 0;
  }

  /** `ACCEPT`, `DROP`, `-` for a user-defined chain; `null` for a chain that no line declares. */
  policy(chain: ChainId): string | null {
    const index = this.#columns.chainNode[chain] as number;
    if (index < 0) return null;
    const { shape, scanner, bytes } = this.ast.read(index);
    const word = shape.policyWord;
    if (shape.kind !== "chain") return null;
    if (word < 0) return shape.command === null ? "" : "-";
    return byteString(bytes, scanner.spans[word << 1] as number, scanner.spans[(word << 1) + 1] as number);
  }

  /** Whether its declaration says that it is no built-in chain; most are told by their bytes. */
  isUserDefined(chain: ChainId): boolean {
    if ((this.#columns.chainNode[chain] as number) < 0) return false;
    const { bytes } = this;
    const start = this.nameStart(chain);
    const end = this.nameEnd(chain);
    const isDeclaration = bytes[start - 1] === COLON && bytes[start - 2] === LF;
    if (isDeclaration && bytes[end] === SPACE && bytes[end + 1] === DASH && bytes[end + 2] === SPACE) return true;
    return this.policy(chain) === "-";
  }

  /** Node of the chain's declaration, -1 where it has none. */
  declaration(chain: ChainId): number {
    return this.#columns.chainNode[chain] as number;
  }

  firstRule(chain: ChainId): RuleId {
    return this.#columns.chainFirst[chain] as number;
  }
  /** Whether the chain has more than one rule. */
  hasSeveralRules(chain: ChainId): boolean {
    const first = this.firstRule(chain);
    return first >= 0 && this.nextRule(first) >= 0;
  }
  nextRule(rule: RuleId): RuleId {
    return this.#columns.ruleNext[rule] as number;
  }
  chainOf(rule: RuleId): ChainId {
    return this.#columns.ruleChain[rule] as number;
  }
  targetChain(rule: RuleId): ChainId {
    return this.#columns.ruleTarget[rule] as number;
  }
  /** Ordinal of the rule's node in the AST. */
  node(rule: RuleId): number {
    return this.#columns.ruleNode[rule] as number;
  }

  /**
   * First byte of the rule's last value, that of a comment aside, if it is a bare word: where `--to-destination` sends, what part
   * `--probability` takes. -1 where the rule has none or is to be read.
   */
  valueStart(rule: RuleId): number {
    return this.#columns.ruleValue[rule] as number;
  }

  /** Behind the bare word at `start`. */
  wordEnd(start: number): number {
    const { bytes } = this;
    let end = start;
    while (end < bytes.length && ((bytes[end] as number) > SPACE || !isBlank(bytes[end] as number))) end++;
    return end;
  }

  rule(rule: RuleId): RuleNode {
    const node = this.ast.node(this.node(rule));
    invariant(node.kind === "rule", `node ${node.index} is no rule but a ${node.kind}`);
    return node;
  }

  shape(rule: RuleId): Shape {
    return this.ast.shape(this.node(rule));
  }

  /** Whether iptables-restore refuses the rule: the kernel has none like it, whatever it was before the text was damaged. */
  isRefused(rule: RuleId): boolean {
    return this.ast.isRefused(this.node(rule));
  }

  /** Number of the rule's form among those that are kept; negative where it is not. */
  shapeId(rule: RuleId): number {
    return this.ast.shapeId(this.node(rule));
  }

  /** The extension that the rule's `-j` names; cheaper than its form. */
  targetRecord(rule: RuleId): ExtensionRecord | null {
    return this.ast.targetRecord(this.node(rule));
  }

  /** What the rule may name, to be asked before its form. */
  mentions(rule: RuleId): Mentions {
    return this.ast.mentions(this.node(rule));
  }

  /** Word `k` of the rule, without quotes. */
  word(rule: RuleId, k: number): string {
    return this.ast.word(this.node(rule), k);
  }

  words(rule: RuleId): Scanner {
    return this.ast.words(this.node(rule));
  }

  /** The line of the rule without what surrounds it. */
  text(rule: RuleId): string {
    const { start, end } = this.ast.textSpan(this.node(rule));
    return byteString(this.ast.source.bytes, start, end);
  }

  /** Whether the lines of two rules are the same, their counters and what surrounds them aside. */
  isCopy(rule: RuleId, other: RuleId): boolean {
    if (this.mentions(rule) !== this.mentions(other)) return false;
    const { bytes } = this.ast.source;
    const [start, end] = [this.commandStart(rule), this.lineEnd(rule)];
    const by = this.commandStart(other) - start;
    if (this.lineEnd(other) - end !== by) return false;
    const words = this.#wordsOf(bytes);
    let i = start;
    for (; i + 4 <= end; i += 4) if (words.getInt32(i) !== words.getInt32(i + by)) return false;
    for (; i < end; i++) if (bytes[i] !== bytes[i + by]) return false;
    return true;
  }

  /** A hash of what `isCopy` compares. */
  hashOf(rule: RuleId): number {
    const { bytes } = this.ast.source;
    const words = this.#wordsOf(bytes);
    const end = this.lineEnd(rule);
    let hash = SALT;
    let i = this.commandStart(rule);
    for (; i + 4 <= end; i += 4) hash = Math.imul(hash ^ words.getInt32(i, true), PRIME) ^ (hash >>> 15);
    for (; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME) ^ (hash >>> 15);
    hash = Math.imul(hash ^ (hash >>> 16), MIXER);
    return hash ^ (hash >>> 13);
  }

  #wordsOf(bytes: Uint8Array): DataView {
    this.#words ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#words;
  }

  /** Whether the bytes stand somewhere in the line of the rule. */
  holds(rule: RuleId, bytes: Uint8Array): boolean {
    const node = this.node(rule);
    const at = findBytes(this.ast.source.bytes, bytes, this.ast.offset(node), this.ast.offset(node + 1));
    return at >= 0;
  }

  /** Where the rule begins behind noise, blanks and counters. */
  commandStart(rule: RuleId): number {
    const node = this.node(rule);
    const { bytes } = this.ast.source;
    let start = this.ast.offset(node);
    if (bytes[start] === 45 && bytes[start + 1] === 65) return start;
    start = this.ast.textSpan(node).start;
    if (bytes[start] !== 91) return start;
    const end = this.lineEnd(rule);
    while (start < end && bytes[start] !== 93) start++;
    for (start++; start < end && bytes[start] === 32; ) start++;
    return start;
  }

  /** Behind the last byte of the rule that is no blank. */
  lineEnd(rule: RuleId): number {
    const { bytes } = this.ast.source;
    let end = this.ast.offset(this.node(rule) + 1);
    while (isBlank(bytes[end - 1] as number)) end--;
    return end;
  }

  place(rule: RuleId): Place {
    return this.ast.place(this.ast.textSpan(this.node(rule)).start);
  }

  /** Line of the rule in its file, from 1. */
  line(rule: RuleId): number {
    return this.ast.line(this.node(rule));
  }

  /** How many rules jump or go to the chain. */
  callerCount(chain: ChainId): number {
    this.#callerCounts ??= this.#countCallers();
    return this.#callerCounts[chain] as number;
  }

  #countCallers(): Int32Array {
    const { ruleTarget } = this.#columns;
    const counts = new Int32Array(this.chainCount);
    for (let rule = 0; rule < ruleTarget.length; rule++) {
      const target = ruleTarget[rule] as number;
      if (target >= 0) counts[target] = (counts[target] as number) + 1;
    }
    return counts;
  }

  /** How many rules the table has. */
  rulesIn(table: Table): number {
    return this.#columns.tableRules[table.index] ?? 0;
  }

  /** Rules that jump or go to the chain, in the order of the text. */
  callers(chain: ChainId): Int32Array {
    if (this.#callerStarts === undefined && this.#lookups++ < FEW_LOOKUPS) return this.#lookFor(chain);
    if (this.#callerStarts === undefined || this.#callerRules === undefined) this.#index();
    const starts = this.#callerStarts as Int32Array;
    return (this.#callerRules as Int32Array).subarray(starts[chain], starts[chain + 1]);
  }

  /** The first of them; -1 where there is none. */
  firstCaller(chain: ChainId): RuleId {
    if (this.callerCount(chain) === 0) return -1;
    if (this.#callerStarts === undefined || this.#callerRules === undefined) return this.callers(chain)[0] ?? -1;
    return this.#callerRules[this.#callerStarts[chain] as number] as RuleId;
  }

  #lookFor(chain: ChainId): Int32Array {
    const { ruleTarget } = this.#columns;
    const found: number[] = [];
    for (let rule = ruleTarget.indexOf(chain); rule >= 0; rule = ruleTarget.indexOf(chain, rule + 1)) found.push(rule);
    return Int32Array.from(found);
  }

  #index(): void {
    const { ruleTarget } = this.#columns;
    this.#callerCounts ??= this.#countCallers();
    const starts = new Int32Array(this.chainCount + 2);
    for (let chain = 2; chain < starts.length; chain++)
      starts[chain] = (starts[chain - 1] as number) + (this.#callerCounts[chain - 2] as number);
    const rules = new Int32Array(starts[starts.length - 1] as number);
    for (let rule = 0; rule < ruleTarget.length; rule++) {
      const target = ruleTarget[rule] as number;
      if (target < 0) continue;
      const at = starts[target + 1] as number;
      rules[at] = rule;
      starts[target + 1] = at + 1;
    }
    this.#callerStarts = starts.subarray(0, this.chainCount + 1);
    this.#callerRules = rules;
  }
}
