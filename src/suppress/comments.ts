import type { Node, RuleNode, Word } from "../../grammar/ast.ts";
import { bytesOf } from "../../grammar/bytes.ts";
import { findBytes } from "../../grammar/find-bytes.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import { judgesCapture } from "../checks/documented.ts";
import { type Directive, KEYWORD, type NoDirective, readDirective } from "./directive.ts";

/** A directive in a comment of the text. */
export interface CommentSuppression extends Directive {
  /** Node whose findings it suppresses. */
  readonly target: number;
  /** Raw bytes of the comment. */
  readonly offset: number;
  readonly length: number;
}

/** A comment that was meant to be one. */
export interface MalformedComment {
  readonly offset: number;
  readonly length: number;
  readonly why: NoDirective;
}

export interface Comments {
  readonly suppressions: readonly CommentSuppression[];
  readonly malformed: readonly MalformedComment[];
}

const keyword = bytesOf(KEYWORD);

/** Finds the directives of a text: in comments of rules, which the kernel keeps, and in lines of files that are kept by hand. */
export function commentsIn(ast: Ast): Comments {
  const suppressions: CommentSuppression[] = [];
  const malformed: MalformedComment[] = [];
  const lines: Line[] = [];
  const { bytes } = ast.source;
  for (let at = findBytes(bytes, keyword, 0); at >= 0; ) {
    const index = ast.nodeAt(at);
    const node = ast.node(index);
    if (node.kind === "rule") readRule(node, suppressions, malformed);
    else if (node.kind === "comment") readLine(node, lines, malformed);
    at = findBytes(bytes, keyword, node.offset + node.length);
  }
  return { suppressions: [...suppressions, ...targetsOf(ast, lines)], malformed };
}

function readRule(node: RuleNode, suppressions: CommentSuppression[], malformed: MalformedComment[]): void {
  for (const { offset, length, text } of commentsOf(node)) {
    const read = readComment(text);
    if (read === null) continue;
    if (typeof read === "function") malformed.push({ offset, length, why: read });
    else suppressions.push({ checkIds: read.checkIds, reason: read.reason, offset, length, target: node.index });
  }
}

/** `null`: it is no directive at all. */
function readComment(text: string): Directive | NoDirective | null {
  const start = text.indexOf(KEYWORD);
  if (start < 0) return null;
  const behind = text.slice(start + KEYWORD.length);
  if (!/^(?:[\s:]|$|-next\b)/.test(behind)) return null;
  // a name that somebody gave to something of theirs may stand further behind
  if (/\S/.test(text.slice(0, start))) return () => `${KEYWORD} does not begin the comment`;
  if (behind.startsWith("-next")) return () => `in a rule it is ${KEYWORD}`;
  const read = readDirective(behind);
  if (typeof read === "function") return read;
  // what the kernel kept does not vouch for the text that it stands in
  const judge = read.checkIds.find(judgesCapture);
  return judge === undefined ? read : () => `${judge} is about the capture as a whole`;
}

function commentsOf({ matches }: RuleNode): Word[] {
  return matches
    .filter(({ name }) => name === "comment")
    .flatMap(({ options }) => options.flatMap(({ values }) => values[0] ?? []));
}

/** A directive in a line of its own. */
interface Line extends Directive {
  readonly node: Node;
}

function readLine(node: Node & { kind: "comment" }, lines: Line[], malformed: MalformedComment[]): void {
  const text = node.text.replace(/^#+\s*/, "");
  const found = /^iptlint-ignore(-next)?(?=[\s:]|$)/.exec(text);
  if (found === null) return;
  const behind = text.slice(found[0].length);
  const read = found[1] === undefined ? () => `in a line of its own it is ${KEYWORD}-next` : readDirective(behind);
  if (typeof read !== "function") lines.push({ ...read, node });
  else malformed.push({ ...extentOf(node), why: read });
}

/** The line that each of them is about, from the last to the first: one that stands before another is about the same. */
function targetsOf(ast: Ast, lines: readonly Line[]): CommentSuppression[] {
  const found: CommentSuppression[] = [];
  let next = -1;
  let target = -1;
  for (const line of lines.toReversed()) {
    let index = line.node.index + 1;
    while (index < ast.length && index !== next && isBetween(ast.node(index).kind)) index++;
    if (index !== next) target = index < ast.length ? index : -1;
    next = line.node.index;
    if (target >= 0 && ast.source.fileAt(ast.offset(target)).start > line.node.offset) target = -1;
    found.push({ checkIds: line.checkIds, reason: line.reason, ...extentOf(line.node), target });
  }
  return found.reverse();
}

const isBetween = (kind: Node["kind"]): boolean => kind === "comment" || kind === "blank";

/** The line without its end. */
function extentOf({ offset, length, words }: Node): { offset: number; length: number } {
  const last = words[words.length - 1];
  return { offset, length: last === undefined ? length : last.offset + last.length - offset };
}
