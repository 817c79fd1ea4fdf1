import { byteString, bytesOf, displayLength } from "./bytes.ts";
import { LineJudge } from "./line-judge.ts";
import type { Ast } from "./syntax-tree.ts";
import { targetRecord } from "./vocabulary/index.ts";
import type { Wrap } from "./wrap.ts";
import { type Joined, joinParts, type Layout, type Part } from "./wrapped-line.ts";

/** So many lines one line may have been broken into. */
const MOST_LINES = 24;
/** What terminals, mails and pages are wide. */
const WIDTHS: ReadonlySet<number> = new Set([72, 76, 78, 79, 80, 100, 120, 132, 160]);
/** A line of its own: it never goes on with another one. */
const BEGINS = /^[ \t]*(?:-[AINPDRXFZEC](?:[ \t]|$)|[:*#[]|COMMIT)/;
/** A port, or the name of one behind a Service's: nothing that declares a chain. */
const COLON = /^[ \t]*:(?!\S+[ \t]+(?:-|[A-Z]+)(?:[ \t]|$))/;
const RULE = /^[ \t]*[-[#]/;
const COUNTERS = /^[ \t]*[[:]?[\d:]*\][ \t]*$/;
const CHAIN = /^[ \t]*:\S+[ \t]+(?:-|[A-Z]+)[ \t]*(?:\[\d*)?[ \t]*$/;
/** A break: a newline with what wrapping puts around it, or `LEAST_BLANKS`, which a terminal's copy has instead of one. */
const BREAK = /[ \t]*(?:[ \t]\\|=)?\r?\n|[ \t]{8,}/g;

const LEAST_BLANKS = 8;

const NAMES = /^[ \t]*:(\S+) +(?:-|ACCEPT|DROP) |-[AI] (\S+) +-/gm;
/** A chain's declaration is no longer. */
const LONGEST_BEGINNING = 120;
/** So far a line that goes on is indented at most. */
const MOST_INDENT = 200;

interface Group {
  readonly head: number;
  /** Behind the last node. */
  end: number;
}

interface Line {
  readonly start: number;
  readonly text: string;
  readonly parts: readonly Part[];
}

interface Found {
  readonly line: Line;
  readonly joined: Joined;
}

/**
 * Finds lines that were broken into several on their way: by a terminal's width, a mail, a tracker. Only nodes that are no lines of
 * iptables-save are looked at, with the line that stands before them.
 * @param odd - nodes that could not be read as a line of their own, or only with text or a newline in them
 */
export function findWraps(ast: Ast, odd: readonly number[]): Wrap[] {
  const lines = groupsOf(ast, odd).flatMap((group) => lineOf(ast, group) ?? []);
  if (lines.length === 0) return [];
  let names: ReadonlySet<string> | undefined;
  const isName = (name: string): boolean => {
    names ??= namesIn(ast);
    return names.has(name) || targetRecord(name) !== undefined;
  };
  const judge = new LineJudge();
  const joinAll = (layout: Layout): Found[] =>
    lines.flatMap((line) => {
      const joined = joinParts(line.parts, layout, judge, isName);
      return joined === null ? [] : [{ line, joined }];
    });
  const first = joinAll({ width: Number.NaN, indent: 0 });
  const width = widthOf(first);
  const found = Number.isNaN(width) ? first : joinAll({ width, indent: indentOf(first) });
  // a newline within quotes may stand in the comment itself, unless other lines are wrapped as well
  const isWrapped = found.some(({ joined }) => !joined.quoted);
  return found.flatMap((each) => (each.joined.quoted && !isWrapped ? [] : [wrapOf(each)]));
}

/** The width at which lines were broken wherever that was, as terminals do; NaN where they were broken at blanks. */
function widthOf(found: readonly Found[]): number {
  const breaks = found.flatMap(({ line, joined }) =>
    joined.gaps.flatMap(({ removed }, k) => {
      const { endsLine, gap, width } = line.parts[k] as Part;
      const isWithinWord = removed === gap;
      return endsLine || isWithinWord ? [{ width, isWithinWord }] : [];
    }),
  );
  const within = breaks.filter(({ isWithinWord }) => isWithinWord).map(({ width }) => width);
  if (within.length > 0) return share(within, largest(within)) >= 0.5 ? largest(within) : Number.NaN;
  const widths = breaks.map(({ width }) => width);
  const most = largest(widths);
  // a blank at the end of a line may have been lost
  const isOne = widths.every((width) => width >= most - 1) && (widths.length > 1 || WIDTHS.has(most));
  return isOne && widths.length > 0 ? most : Number.NaN;
}

/** How far all lines that go on are indented. */
const indentOf = (found: readonly Found[]): number =>
  -largest(
    found.flatMap(({ line, joined }) =>
      line.parts.slice(0, joined.parts - 1).flatMap(({ endsLine, indent }) => (endsLine ? [-indent] : [])),
    ),
  );

/** Not by spreading: a text may have more breaks than a call takes arguments. */
const largest = (all: readonly number[]): number =>
  all.reduce((most, each) => Math.max(most, each), Number.NEGATIVE_INFINITY);

const share = (all: readonly number[], one: number): number => all.filter((each) => each === one).length / all.length;

/** Runs of nodes that may be one line: one that begins as a line does, and what follows it that does not. */
function groupsOf(ast: Ast, odd: readonly number[]): Group[] {
  const groups: Group[] = [];
  let last: Group | undefined;
  const begin = (head: number, end: number): void => {
    last = { head, end };
    groups.push(last);
  };
  for (const node of odd) {
    if (last !== undefined && node < last.end) continue;
    const isNext = last?.end === node;
    // such a line goes on with no other one
    const isRule = ast.isAppend(node);
    const text = isRule ? "" : ownText(ast, node);
    const head = isNext && last !== undefined ? last.head : node - 1;
    if (isRule) begin(node, node + 1);
    else if (goesOn(text, node === 0 ? "" : ownText(ast, head), node === 0 ? "" : ownText(ast, node - 1))) {
      if (!isNext || last === undefined) begin(head, node + 1);
      else if (node - last.head < MOST_LINES) last.end = node + 1;
    } else if (BEGINS.test(text)) begin(node, node + 1);
    // a port's name behind open quotes reads like a chain
    while (last !== undefined && last.end < ast.length && last.end - last.head < MOST_LINES) {
      if (ast.isAppend(last.end) || !COLON.test(ownText(ast, last.end)) || !RULE.test(ownText(ast, last.head))) break;
      last.end++;
    }
  }
  return groups;
}

/** Whether a node may go on with the line that begins at another one, the text before it being its part. */
function goesOn(text: string, head: string, before: string): boolean {
  if (!BEGINS.test(head)) return false;
  return !BEGINS.test(text) || (COLON.test(text) && RULE.test(head)) || (COUNTERS.test(text) && CHAIN.test(before));
}

/** The beginning of a node's text behind a prompt, a quotation mark or the like, enough of it to tell what it is. */
function ownText(ast: Ast, node: number): string {
  const { textStart, end, bytes } = ast.read(node);
  return byteString(bytes, textStart, Math.min(end, textStart + LONGEST_BEGINNING));
}

/** Cuts the text of a group at its breaks; `null` where there is none, or where it begins or ends with something else. */
function lineOf(ast: Ast, { head, end }: Group): Line | null {
  const { source } = ast;
  const start = ast.offset(head);
  const stop = ast.offset(end);
  if (!mayBreak(source.bytes, start, stop)) return null;
  if (source.fileAt(start) !== source.fileAt(stop - 1) || !/^[ \t]*[-:[#]/.test(ownText(ast, head))) return null;
  const text = byteString(source.bytes, start, stop).replace(/\r?\n$/, "");
  const prefix = text.slice(0, ast.read(head).textStart - start);
  const parts: Part[] = [];
  let from = 0;
  let lineStart = 0;
  for (const { 0: found, index } of text.matchAll(BREAK)) {
    if (index <= from) continue;
    const endsLine = found.endsWith("\n");
    const before = /^[ \t]*/.exec(found)?.[0].length ?? 0;
    let next = index + found.length;
    if (endsLine && prefix !== "" && text.startsWith(prefix, next)) next += prefix.length;
    const indent = endsLine ? (/^[ \t]*/.exec(text.slice(next, next + MOST_INDENT))?.[0].length ?? 0) : 0;
    next += indent;
    parts.push({
      text: text.slice(from, index),
      gap: next - index,
      endsLine,
      blank: endsLine && before > 0,
      indent,
      width: displayLength(text.slice(lineStart, index + before)),
    });
    from = next;
    if (endsLine) lineStart = index + found.length;
  }
  if (parts.length === 0) return null;
  parts.push({ text: text.slice(from), gap: 0, endsLine: true, blank: false, indent: 0, width: 0 });
  return { start, text, parts };
}

/** Whether there is a newline before the last byte, or as many blanks in a row as make a break. */
function mayBreak(bytes: Uint8Array, start: number, stop: number): boolean {
  let blanks = 0;
  for (let i = start; i < stop - 1; i++) {
    const code = bytes[i] as number;
    if (code === 10) return true;
    blanks = code === 32 || code === 9 ? blanks + 1 : 0;
    if (blanks === LEAST_BLANKS) return true;
  }
  return false;
}

function wrapOf({ line, joined }: Found): Wrap {
  const used = line.parts.slice(0, joined.parts);
  const length = used.reduce((sum, { text, gap }, k) => sum + text.length + (k < used.length - 1 ? gap : 0), 0);
  const parts = line.text.slice(0, length);
  return {
    start: line.start,
    parts: bytesOf(parts),
    whole: bytesOf(joined.text.padEnd(length)),
    gaps: joined.gaps,
    lines: parts.split("\n").length - 1,
  };
}

/** Chains of the text, as far as whole lines show them. */
function namesIn(ast: Ast): ReadonlySet<string> {
  const { bytes } = ast.source;
  const names = new Set<string>();
  for (const [, declared, used] of byteString(bytes, 0, bytes.length).matchAll(NAMES))
    names.add(declared ?? used ?? "");
  return names;
}
