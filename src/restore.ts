import type { Judge } from "../grammar/block.ts";
import { displayText } from "../grammar/bytes.ts";
import { releaseOf } from "../grammar/format-context.ts";
import { parse } from "../grammar/parse.ts";
import { isJudgedBy, restoreRefusals, type TextRefusal } from "../grammar/restore.ts";
import { Source } from "../grammar/source.ts";
import type { Ast } from "../grammar/syntax-tree.ts";
import type { Backend, Family } from "../grammar/vocabulary/record.ts";
import { documentedChecks, refusedLine } from "./checks/documented.ts";
import type { Finding } from "./checks/finding.ts";
import { lineAt, locate } from "./checks/location.ts";
import type { DumpText } from "./nodes.ts";
import type { NodeReport, Report } from "./report/report.ts";
import { version } from "./version.ts";

/** Which iptables-restore is asked; what is left out is taken from the text's own header, and else not decided. */
export interface RestoreOptions {
  readonly family?: Family;
  readonly backend?: Backend;
  /** Of iptables. Default: the header's, else 1.8.9. */
  readonly version?: string;
}

/** So many refusals of one text are told; the rest is counted. */
const MOST_TOLD = 10_000;

/** Whether iptables-restore would take each text: `iptables-restore --test` by reading alone. */
export function restore(texts: readonly DumpText[], options: RestoreOptions = {}): Report {
  const asts: Ast[] = [];
  const nodes = texts.map(({ name, bytes }) => {
    const source = Source.of(bytes, name);
    const first = parse(source, { unwrap: false });
    const asked = judgeOf(first, options);
    // most often the one that the headers name, who has judged already
    const ast = isJudgedBy(first, contextOf(asked)) ? first : parse(source, { unwrap: false, judge: asked });
    asts.push(ast);
    return reportOf(ast, name, asked);
  });
  return {
    version,
    nodes,
    remarks: [],
    configuration: null,
    unreadable: [],
    checks: documentedChecks,
    sourceLine: (location) => {
      const ast = asts.find(({ source }) => source.files[0]?.name === location.file);
      return ast === undefined ? null : lineAt(ast, location);
    },
  };
}

/** Whose iptables-restore is asked: what is left out by the options is taken from the headers, where they agree. */
function judgeOf({ blocks }: Ast, options: RestoreOptions): Judge {
  const headers = blocks.map(({ header }) => header);
  return {
    family: options.family ?? unanimous(headers.map((header) => header?.family ?? null)),
    backend: options.backend ?? unanimous(headers.map((header) => header?.backend ?? null)),
    version: options.version ?? unanimous(headers.map((header) => header?.version ?? null)) ?? "1.8.9",
  };
}

const contextOf = ({ family, backend, version }: Judge) => ({ family, backend, release: releaseOf(version) });

function reportOf(ast: Ast, name: string, judge: Judge): NodeReport {
  const { family, backend, version: iptables } = judge;
  const refusals = restoreRefusals(ast, contextOf(judge));
  const suggestions = new Map(ast.problems.map(({ offset, suggestion }) => [offset, suggestion]));
  const told = refusals.slice(0, MOST_TOLD).map((refusal) => findingOf(ast, refusal, suggestions));
  const { id: checkId, severity } = refusedLine;
  return {
    name,
    captures: [],
    mode: null,
    kubeProxy: null,
    expectsKubeProxy: false,
    owners: [],
    findings: told,
    withheld: refusals.length > told.length ? [{ checkId, severity, count: refusals.length - told.length }] : [],
    suppressed: [],
    turnedOff: [],
    restore: { family, backend, version: iptables, refusedLines: new Set(refusals.map(({ node }) => node)).size },
    notes: ["not asked: whether sets, kernel modules, users, groups and host names exist"],
  };
}

/** Name of the table in which a node stands. */
function tableAt({ blocks }: Ast, index: number): string | null {
  let [low, high] = [0, blocks.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((blocks[middle]?.firstNode ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  const block = blocks[low];
  return block !== undefined && block.firstNode <= index && index <= block.lastNode ? block.table : null;
}

/** What all that say something say; `null` where they differ. */
function unanimous<T>(all: readonly (T | null)[]): T | null {
  const said = new Set(all.filter((each) => each !== null));
  const [only] = said;
  return said.size === 1 && only !== undefined ? only : null;
}

function findingOf(
  ast: Ast,
  { node: index, offset, length, message, expected }: TextRefusal,
  suggestions: ReadonlyMap<number, string | null>,
): Finding {
  const node = ast.node(index);
  const suggestion = suggestions.get(offset) ?? null;
  const advice = suggestion === null ? expected && `expected: ${expected}` : `did you mean ${suggestion}?`;
  const table = tableAt(ast, index);
  const chain = node.kind === "rule" ? node.chain.text : node.kind === "chain" ? node.name : null;
  return {
    checkId: refusedLine.id,
    severity: refusedLine.severity,
    confidence: refusedLine.confidence,
    message: displayText(message),
    table: table === null ? null : displayText(table),
    chain: chain === null ? null : displayText(chain),
    servicePort: null,
    location: locate(ast, offset, withoutLineEnd(ast, offset, length)),
    label: advice === null ? null : displayText(advice),
    missing: [],
    related: [],
    effect: null,
    confirm: null,
    remedy: null,
    references: [],
  };
}

function withoutLineEnd({ source: { bytes } }: Ast, offset: number, length: number): number {
  let end = offset + length;
  if (end > offset && bytes[end - 1] === 0x0a) end--;
  if (end > offset && bytes[end - 1] === 0x0d) end--;
  return end - offset;
}
