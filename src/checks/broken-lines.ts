import { byteString } from "../../grammar/bytes.ts";
import { nearest } from "../../grammar/nearest.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import type { Table } from "../netfilter/table.ts";
import { isUnprinted } from "./problem-findings.ts";

/** A line in a table that could not be read as what it was. */
export interface BrokenLine {
  readonly node: number;
  /** Its bytes. */
  readonly text: string;
  /** Its words, as far as quotes and blanks part them. */
  readonly words: readonly string[];
  readonly table: Table;
  /** The chain that it stood in; `NONE` where that is not to be read. */
  readonly chain: ChainId;
  /** Other chains that it names. */
  readonly others: readonly ChainId[];
  /** Where it is not to be read: the chains that it may have stood in. */
  readonly nearby: readonly ChainId[];
}

/** What the parser says of a line that is not as it was written. */
const BROKEN: ReadonlySet<string> = new Set([
  "syntax-error",
  "missing-value",
  "unknown-option",
  "invalid-value",
  "refused-rule",
  "trailing-text",
  "too-many-words",
]);
/** So many lines are looked at: a text with more is broken as a whole. */
const MOST = 200;
const LONGEST = 2000;
/** A name of which less is left may be that of several. */
const LEAST_OF_NAME = 10;

/** The chain's name is one of the first words: `[1:2] -A NAME`. */
const FIRST_WORDS = 4;
/** What is left of the beginning of a rule. */
const RULE = /^(?:\[\S*\s*)?-(?:[AI]|$)/;

/** The lines that the parser could not read, each with the chain that it belonged to. */
export function brokenLinesOf(store: RuleStore): readonly BrokenLine[] {
  const { ast } = store;
  const nodes = new Set<number>();
  for (const problem of ast.problems) {
    const { checkId, severity, node } = problem;
    if (nodes.size > MOST) break;
    if (isUnprinted(ast, problem)) continue;
    if (BROKEN.has(checkId) && severity !== "info") nodes.add(node);
    // said once for all such lines
    else if (checkId === "text-around-rules" && severity === "warning")
      for (const other of noiseFrom(ast, node)) nodes.add(other);
  }
  return [...nodes].flatMap((node) => {
    const table = store.tables.find(({ block }) => block.firstNode <= node && node <= block.lastNode);
    return table === undefined ? [] : [brokenLine(store, table, node)];
  });
}

/** Lines of no known kind, from the first one on. */
function noiseFrom(ast: Ast, first: number): number[] {
  const found: number[] = [];
  for (let node = first; node < ast.length && found.length < MOST; node++)
    if (ast.shapeId(node) < 0 && ast.read(node).outline.kind === "noise") found.push(node);
  return found;
}

/** What a node's line shows of the rule or chain that it was. */
export function brokenLine(store: RuleStore, table: Table, node: number): BrokenLine {
  const { start, end, bytes } = store.ast.read(node);
  const text = byteString(bytes, start, Math.min(end, start + LONGEST));
  const words = text.split(/[\s"']+/).filter((word) => word !== "");
  const chains = words.map((word) => chainOf(store, table, word.replace(/^:/, "")));
  const at = chains.findIndex((chain) => chain !== NONE);
  const isFirst = at >= 0 && at < FIRST_WORDS && !/-[jg]$/.test(words[at - 1] ?? "");
  const others = chains.filter((chain, k) => chain !== NONE && !(isFirst && k === at));
  const nearby = isFirst ? [] : nextTo(store, table, node, text);
  const chain = isFirst ? (chains[at] as ChainId) : nearby.length === 1 ? (nearby[0] as ChainId) : NONE;
  return { node, text, words, table, chain, others: [...new Set(others)], nearby };
}

/** The chains of the rules before and behind a rule whose own is not to be read, as far as they are like what is left of its name. */
function nextTo(store: RuleStore, table: Table, node: number, text: string): ChainId[] {
  if (!RULE.test(text)) return [];
  let low = 0;
  let high = store.ruleCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (store.node(middle) < node) low = middle + 1;
    else high = middle;
  }
  const behind = low < store.ruleCount && store.node(low) === node ? low + 1 : low;
  const beside = [low - 1, behind]
    .filter((rule) => rule >= 0 && rule < store.ruleCount)
    .map((rule) => store.chainOf(rule));
  const [, cut = ""] = /-[AI]\s+(\S+)/.exec(text) ?? [];
  const isLike = (chain: ChainId): boolean => {
    const name = store.chainName(chain);
    return name.startsWith(cut) || (cut.startsWith(name) && name.length > 4) || nearest(cut, [name]) !== null;
  };
  // a chain without rules may have lost its only one
  const empty = table.chains.filter((chain) => store.firstRule(chain) === NONE && isLike(chain));
  const chains = [...new Set([...beside, ...empty])].filter((chain) => store.tableOf(chain) === table);
  const like = chains.filter(isLike);
  return like.length > 0 ? like : chains;
}

/** The chain of that name, or the only one whose name begins so. */
function chainOf(store: RuleStore, table: Table, name: string): ChainId {
  const found = store.chainNamed(table, name);
  if (found !== NONE && (table.chains.length === 0 || store.isDeclared(found))) return found;
  if (name.length < LEAST_OF_NAME || !/^[A-Za-z]/.test(name)) return NONE;
  const like = table.chains.filter((chain) => store.chainName(chain).startsWith(name));
  return like.length === 1 ? (like[0] as ChainId) : NONE;
}
