import type { ChainNode, Node, RuleNode } from "./ast.ts";
import { releaseOf } from "./format-context.ts";
import { refusalOfJoin, refusedJoin } from "./joined-value.ts";
import { hasOdd } from "./keyword.ts";
import { takesCounters } from "./line-start.ts";
import { USUAL_VERSION } from "./restore-problems.ts";
import type { Scanner } from "./scanner.ts";
import type { Ast } from "./syntax-tree.ts";
import {
  builtInChains,
  chainRefusals,
  REFUSES,
  type RestoreContext,
  type RestoreRefusal,
  refusals,
} from "./vocabulary/refuse.ts";

/** A refusal with the node that it is about. */
export interface TextRefusal extends RestoreRefusal {
  readonly node: number;
}

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
/** Problems of the parser that are judged anew here: all that is wrong with a rule, and the text as a whole. */
const JUDGED_HERE = new Set(["missing-commit", "invalid-value", "refused-rule"]);
const DASH = 45;
const STANDARD = new Set(["ACCEPT", "DROP", "QUEUE", "RETURN"]);

/**
 * What iptables-restore (without --noflush) would refuse of a text, in the order of its lines: `iptables-restore --test` by reading alone.
 * Stricter than `parse`, which reads what people paste. Sets, modules, host names and what the kernel counts are not asked.
 * @param ast - with wrapped lines as they are; judged in the same context while it was parsed, it is not judged rule by rule again
 * Sources: iptables/iptables-restore.c and xtables-restore.c (kinds of lines), libiptc.c and nf_tables (chains and loops).
 */
export function restoreRefusals(ast: Ast, context: Omit<RestoreContext, "table">): TextRefusal[] {
  return new Restore(ast, context).run();
}

/** One table while it is read. */
class Table {
  readonly name: string;
  readonly chains: Set<string>;
  readonly builtIn: ReadonlySet<string>;
  /** Jumps between chains with the node of the last one. */
  readonly jumps = new Map<string, Map<string, number>>();

  constructor(name: string) {
    this.name = name;
    this.builtIn = new Set(builtInChains(name) ?? []);
    this.chains = new Set(this.builtIn);
  }

  jump(chain: string, target: string, node: number): void {
    const jumps = this.jumps.get(chain);
    if (jumps === undefined) this.jumps.set(chain, new Map([[target, node]]));
    else jumps.set(target, node);
  }
}

class Restore {
  readonly #ast: Ast;
  readonly #context: Omit<RestoreContext, "table">;
  readonly #found: TextRefusal[] = [];
  readonly #problems: ReadonlyMap<number, RestoreRefusal>;
  /** Nodes that the parser has something against; `null` where not each of them is told, or another iptables was asked. */
  readonly #suspect: ReadonlySet<number> | null;
  /** By kept form: whether the parser judged all of it. */
  readonly #judged: (boolean | undefined)[] = [];
  #table: Table | null = null;

  constructor(ast: Ast, context: Omit<RestoreContext, "table">) {
    this.#ast = ast;
    this.#context = context;
    const isTold = !ast.isCounted && !ast.problems.some(({ checkId }) => checkId === "placeholder");
    this.#suspect = !isTold || !isJudgedBy(ast, context) ? null : new Set(ast.problems.map(({ node }) => node));
    this.#problems = new Map(
      ast.problems
        .filter(
          ({ severity, message, checkId }) =>
            !JUDGED_HERE.has(checkId) && (severity === "error" || message.includes(REFUSES)),
        )
        .map(({ node, offset, length, message, expected }) => [node, { offset, length, message, expected }]),
    );
  }

  run(): TextRefusal[] {
    for (let index = 0; index < this.#ast.length; index++)
      if (!this.#isGoodRule(index)) this.#node(this.#ast.node(index));
    const last = this.#ast.length - 1;
    if (this.#table !== null && last >= 0) this.#refuse(this.#ast.node(last), "the text ends without COMMIT", "COMMIT");
    return this.#found;
  }

  /**
   * Whether the node is a rule against which the parser has nothing, and that names chains and targets which are there: almost every line
   * of a dump, and read without making a node of it.
   */
  #isGoodRule(index: number): boolean {
    const table = this.#table;
    if (table === null || this.#suspect?.has(index) !== false) return false;
    const reader = this.#ast.read(index);
    const { outline, scanner, start, textStart, end, next, bytes } = reader;
    if (
      outline.kind !== "rule" ||
      bytes[start] !== DASH ||
      textStart !== start ||
      reader.joined > 0 ||
      next - end > 1 ||
      bytes[end] === CARRIAGE_RETURN
    )
      return false;
    const isJudged = (outline.id < 0 ? undefined : this.#judged[outline.id]) ?? isJudgedWhole(scanner);
    if (outline.id >= 0) this.#judged[outline.id] = isJudged;
    if (!isJudged) return false;
    const { spans } = scanner;
    const text = (word: number): string => scanner.text(spans[word << 1] as number, spans[(word << 1) + 1] as number);
    const chain = text(outline.chainWord);
    if (!table.chains.has(chain)) return false;
    if (outline.targetWord < 0) return true;
    const target = text(outline.targetWord);
    if (STANDARD.has(target)) return true;
    if (table.builtIn.has(target)) return false;
    if (!table.chains.has(target))
      return outline.targetRecord !== null && scanner.words[outline.targetWord - 1]?.option?.flag !== "--goto";
    table.jump(chain, target, index);
    return true;
  }

  #refuse(node: Node, message: string, expected: string | null = null): void {
    this.#found.push({
      node: node.index,
      offset: node.offset,
      length: node.length,
      message: `${message}; ${REFUSES}`,
      expected,
    });
  }

  #node(node: Node): void {
    const { bytes } = this.#ast.source;
    const first = bytes[node.offset];
    const end = node.offset + node.length;
    const ended = bytes[end - 1] === NEWLINE;
    const carriageReturn = bytes[end - (ended ? 2 : 1)] === CARRIAGE_RETURN;
    if (first === 35 || (node.length === 1 && first === NEWLINE)) return;
    if (node.kind === "commit") {
      this.#commit(
        node,
        node.length === (ended ? 7 : 6) && first === 67 && (ended || this.#context.backend !== "legacy"),
      );
    } else if (node.kind === "table") {
      this.#open(node, first === 42, carriageReturn);
    } else if (this.#table === null) {
      this.#refuse(node, "a line outside of any table", "*table before it");
    } else if (node.kind === "chain" && (first === 58 || node.words[0]?.text.startsWith("-"))) {
      this.#chain(node, this.#table);
    } else if (carriageReturn) {
      this.#refuse(node, "a carriage return at the end of the line is taken for a part of its last word", "LF alone");
    } else if (first === 91 && !takesCounters(bytes, node.offset, end)) {
      this.#refuse(node, "counters without an end", "[packets:bytes]");
    } else if (!this.#beginsAsItShould(node)) {
      this.#refuse(node, "text before the command", "the command at the beginning of the line");
    } else if (node.kind === "rule") {
      this.#rule(node, this.#table);
    } else if (node.kind !== "command" || this.#problems.has(node.index)) {
      const problem = this.#problems.get(node.index);
      if (problem === undefined)
        this.#refuse(node, "no command of iptables", "-A, another command, or # in the first column");
      else this.#found.push({ node: node.index, ...problem });
    }
  }

  /** Whether counters, of whatever they are made, and blanks are all that stands before the first word that was read. */
  #beginsAsItShould(node: Node): boolean {
    const { bytes } = this.#ast.source;
    const first = node.words[0]?.offset ?? node.offset;
    if (first > node.offset && bytes[first] === 91) return false;
    let at = node.offset;
    if (at < first && bytes[at] === 91) at = bytes.indexOf(93, at) + 1;
    for (; at < first; at++) if (bytes[at] !== 32 && bytes[at] !== 9) return false;
    return true;
  }

  #open(node: Node & { kind: "table" }, plain: boolean, carriageReturn: boolean): void {
    if (!plain || carriageReturn || this.#table !== null) {
      this.#refuse(
        node,
        this.#table === null ? "a table line that is not as it should be" : "a table within a table",
        "COMMIT before it",
      );
      if (!plain) return;
    } else if (builtInChains(node.name) === undefined) {
      this.#refuse(node, `there is no table "${node.name}"`, "filter, nat, mangle, raw or security");
    }
    this.#table = new Table(node.name);
  }

  #commit(node: Node, exact: boolean): void {
    if (this.#table === null) this.#refuse(node, "COMMIT outside of any table");
    else if (!exact) this.#refuse(node, "COMMIT must stand alone on its line, ended by LF", "COMMIT");
    if (this.#table !== null) this.#loops(this.#table);
    this.#table = null;
  }

  #chain(node: ChainNode, table: Table): void {
    const declares = node.words[0]?.text.startsWith(":") || node.policy === "-";
    for (const refusal of chainRefusals(node, { ...this.#context, table: table.name })) {
      this.#found.push({ node: node.index, ...refusal });
    }
    const again = table.chains.has(node.name) && !table.builtIn.has(node.name);
    if (again && this.#context.backend === "legacy") this.#refuse(node, `the chain "${node.name}" is declared twice`);
    if (declares) table.chains.add(node.name);
  }

  #rule(node: RuleNode, table: Table): void {
    const { family } = this.#context;
    const other = family === 4 ? "-6" : "-4";
    // a line for the other family is skipped
    if (family !== null && node.options.some(({ record }) => record?.short === other)) return;
    const problem = this.#problems.get(node.index);
    const reader = this.#ast.read(node.index);
    const joined = refusedJoin(reader);
    if (problem !== undefined) this.#found.push({ node: node.index, ...problem });
    else if (joined >= 0) this.#found.push({ node: node.index, ...refusalOfJoin(reader, joined) });
    else
      for (const refusal of refusals(node, { ...this.#context, table: table.name }))
        this.#found.push({ node: node.index, ...refusal });
    if (!table.chains.has(node.chain.text))
      this.#refuse(node, `the chain "${node.chain.text}" is not declared`, `:${node.chain.text} - [0:0] before it`);
    const { target } = node;
    if (target === null || STANDARD.has(target.name)) return;
    if (table.builtIn.has(target.name)) {
      this.#refuse(node, `a jump to the built-in chain ${target.name}`, "a user-defined chain");
    } else if (table.chains.has(target.name)) {
      table.jump(node.chain.text, target.name, node.index);
    } else if (target.record === null) {
      this.#refuse(
        node,
        `"${target.name}" is neither a target nor a declared chain`,
        `:${target.name} - [0:0] before it`,
      );
    } else if (target.goto) {
      this.#refuse(node, `${target.name} is no chain to go to`, "a user-defined chain");
    }
  }

  /** Follows the jumps from the built-in chains with a stack of its own: the kernel refuses a way that comes back. */
  #loops({ builtIn, jumps }: Table): void {
    const done = new Set<string>();
    for (const start of builtIn) {
      const path = new Set([start]);
      const stack: { chain: string; next: Iterator<[string, number]> }[] = [
        { chain: start, next: entries(jumps, start) },
      ];
      while (stack.length > 0) {
        const top = stack.at(-1) as (typeof stack)[number];
        const step = top.next.next();
        if (step.done) {
          stack.pop();
          path.delete(top.chain);
          done.add(top.chain);
          continue;
        }
        const [chain, node] = step.value;
        if (path.has(chain)) {
          this.#refuse(this.#ast.node(node), `a loop of jumps over the chain "${chain}"`);
          return;
        }
        if (done.has(chain)) continue;
        path.add(chain);
        stack.push({ chain, next: entries(jumps, chain) });
      }
    }
  }
}

function entries(jumps: ReadonlyMap<string, ReadonlyMap<string, number>>, chain: string): Iterator<[string, number]> {
  return (jumps.get(chain) ?? new Map<string, number>()).entries();
}

/** Whether the rules were judged in that context while they were parsed. */
export function isJudgedBy(
  { judge, blocks }: Ast,
  { family, backend, release }: Omit<RestoreContext, "table">,
): boolean {
  return blocks.every(({ header }) => {
    const by = judge ?? header;
    return (
      (by?.family ?? null) === family &&
      (by?.backend ?? null) === backend &&
      releaseOf(by?.version ?? USUAL_VERSION) === release
    );
  });
}

/** Whether the parser knows all words of a rule, and no family is asked for: only then it asks what iptables-restore has against the rule. */
function isJudgedWhole(scanner: Scanner): boolean {
  const { words, count } = scanner;
  for (let k = 0; k < count; k++) {
    const short = words[k]?.option?.short;
    if (short === "-4" || short === "-6") return false;
  }
  return !hasOdd(scanner);
}
