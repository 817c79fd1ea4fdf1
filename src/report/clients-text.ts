import { columnsOf, pad, wrapProse } from "./columns.ts";
import { endInWords } from "./ends-text.ts";
import { forTerminal, inertLines } from "./escape.ts";
import type { Look } from "./report.ts";
import { percent } from "./shares.ts";
import { painter } from "./style.ts";
import type { ClientsReport, ClientsRow, TracedEnd } from "./trace-report.ts";
import { beside } from "./trace-text.ts";

/** For each way to a Service a row per kind of client: where its connections go and what becomes of their source. */
export function* renderClientsText(reports: readonly ClientsReport[], look: Look): Iterable<string> {
  const paint = painter(look.colour);
  const several = new Set(reports.flatMap(({ rows }) => rows.map(({ node }) => node))).size > 1;
  const assumed = new Set<string>();
  for (const { name, kind, rows } of reports) {
    const [first] = rows;
    if (first === undefined) continue;
    const where = several ? `${first.node}: ` : "";
    yield inertLines(`${paint("bold", forTerminal(`${where}${name}, ${kind} ${first.to}`, look.unicode))}\n`);
    for (const row of rows) yield inertLines(`${rowLines(row, look).join("\n")}\n`);
    for (const row of rows) for (const sentence of row.assumed) assumed.add(sentence);
    yield "\n";
  }
  for (const sentence of assumed) {
    yield inertLines(`${wrapProse(forTerminal(`Assumed: ${sentence}.`, look.unicode), look.width).join("\n")}\n`);
  }
  yield inertLines(`${wrapProse(beside, look.width).join("\n")}\n`);
}

/** Wide enough for all usual clients. */
const clientColumns = 46;

function rowLines({ client, from, to, ends, steps }: ClientsRow, look: Look): string[] {
  const head = `  ${pad(forTerminal(`${client} (${from})`, look.unicode), clientColumns)}`;
  const room = look.width - clientColumns - 4;
  const parts = alike(ends).map((group) => groupInWords(group, (end) => endInWords(end, steps, to)));
  // a terminal that is too narrow for two columns gets them one below the other
  const margin = room < 30 || columnsOf(head) > clientColumns + 2 ? 6 : clientColumns + 4;
  const lines = parts.flatMap((part) => wrapProse(forTerminal(part, look.unicode), look.width - margin));
  if (margin === 6) return [head.trimEnd(), ...lines.map((line) => `      ${line}`)];
  return lines.map((line, k) => (k === 0 ? `${head}  ${line}` : `${" ".repeat(margin)}${line}`));
}

/** Ends that differ in nothing but the endpoint. */
function alike(ends: readonly TracedEnd[]): TracedEnd[][] {
  const groups = new Map<string, TracedEnd[]>();
  for (const end of ends) {
    const key = [end.fate, end.dnat === null, end.snat, end.rejectWith, end.reason, end.assumptions.join()].join("|");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [end]);
    else group.push(end);
  }
  return [...groups.values()];
}

function groupInWords(ends: readonly TracedEnd[], inWords: (end: TracedEnd) => string): string {
  const [first] = ends;
  if (first === undefined) return "";
  const share = percent(ends.reduce((sum, end) => sum + end.share, 0));
  const condition = first.assumptions.length === 0 ? "" : `if ${first.assumptions.join(" and ")}: `;
  const source = first.snat ? "source rewritten (SNAT)" : "source kept";
  if (ends.length === 1) {
    const isForwarded = first.fate === "forwarded" && first.dnat !== null;
    return `${condition}${share} ${isForwarded ? `to ${first.dnat}, ${source}` : inWords(first)}`;
  }
  const shares = new Set(ends.map((end) => percent(end.share)));
  const each = shares.size === 1 ? ` (${[...shares][0]} each)` : "";
  if (first.fate === "forwarded") return `${condition}${share} to ${ends.length} endpoints${each}, ${source}`;
  return `${condition}${share} ${inWords(first)} and ${ends.length - 1} alike`;
}
