import { byteString, displayText } from "../../grammar/bytes.ts";
import type { Problem } from "../../grammar/problem.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import type { Finding } from "./finding.ts";
import { locate } from "./location.ts";
import { PendingFinding } from "./pending-finding.ts";
import { problemDocs } from "./problem-docs.ts";

/**
 * What the parser has to say of a text, as findings.
 * @param lost - by node: what is found where a line is not there that could not be read
 */
export function* problemFindings(ast: Ast, lost: ReadonlyMap<number, readonly string[]>): Iterable<PendingFinding> {
  for (const problem of ast.problems) {
    if (isUnprinted(ast, problem)) continue;
    const { checkId, severity, offset, node } = problem;
    const known = { checkId, severity, confidence: "certain" } as const;
    yield new PendingFinding(known, ast.source.lineOffset(offset), () => findingOf(ast, problem, lost.get(node) ?? []));
  }
}

const UNPRINTED = "[unsupported revision]";

/** What iptables-save itself writes behind a rule that it cannot print; the check `unsupported-revision` speaks of it. */
export function isUnprinted({ source }: Ast, { checkId, offset, length }: Problem): boolean {
  if (checkId !== "trailing-text" || length < UNPRINTED.length) return false;
  return byteString(source.bytes, offset, offset + UNPRINTED.length) === UNPRINTED;
}

const docs = new Map(problemDocs.map((doc) => [doc.id, doc]));

function findingOf(ast: Ast, problem: Problem, lost: readonly string[]): Finding {
  const { checkId, severity, offset, length, message, expected, suggestion } = problem;
  const advice = [
    expected === null ? null : `expected: ${expected}`,
    suggestion === null ? null : `did you mean ${suggestion}?`,
  ].filter((part) => part !== null);
  return {
    checkId,
    severity,
    confidence: "certain",
    message: displayText(message),
    table: null,
    chain: null,
    servicePort: null,
    location: locate(ast, offset, length),
    label: advice.length === 0 ? null : displayText(advice.join("; ")),
    missing: [],
    related: [],
    effect: effectOf(lost),
    confirm: null,
    remedy: docs.get(checkId)?.remedy ?? null,
    references: [],
  };
}

function effectOf([first, ...others]: readonly string[]): string | null {
  if (first === undefined) return null;
  return displayText(`Without this line: ${first}${others.length === 0 ? "" : `, and ${others.length} more`}.`);
}
