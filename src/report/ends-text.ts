import { wrapProse } from "./columns.ts";
import { forTerminal } from "./escape.ts";
import { groupDigits, type Look } from "./report.ts";
import { percent } from "./shares.ts";
import type { TracedEnd, TracedStep } from "./trace-report.ts";

/** Of more ends than this the rest is summed up. */
const mostEnds = 12;

/** The ends of a packet with their shares, largest first; those that rest on assumptions below these. */
export function* renderEnds(
  ends: readonly TracedEnd[],
  steps: readonly TracedStep[],
  to: string,
  look: Look,
): Iterable<string> {
  const worlds = new Map<string, TracedEnd[]>();
  for (const end of ends) {
    const key = end.assumptions.join(" and ");
    const group = worlds.get(key);
    if (group === undefined) worlds.set(key, [end]);
    else group.push(end);
  }
  for (const [assumed, group] of worlds) {
    const margin = assumed === "" ? "" : "  ";
    if (assumed !== "")
      yield* wrapProse(forTerminal(`if ${assumed}:`, look.unicode), look.width - 2, 2).map((line) => `  ${line}`);
    const sorted = [...group].sort((a, b) => b.share - a.share);
    const shown = sorted.length > mostEnds ? sorted.slice(0, mostEnds - 2) : sorted;
    for (const end of shown) yield* shareLine(end.share, endInWords(end, steps, to), margin, look);
    const rest = sorted.slice(shown.length);
    if (rest.length === 0) continue;
    const share = rest.reduce((sum, end) => sum + end.share, 0);
    yield* shareLine(share, `${groupDigits(rest.length)} more, none with a larger share`, margin, look);
  }
}

/** `   50.0 %  10.244.1.5:80` */
export function* shareLine(share: number, text: string, margin: string, look: Look): Iterable<string> {
  const head = `${margin}${percent(share).padStart(9)}  `;
  const wrapped = wrapProse(forTerminal(text, look.unicode), look.width - head.length);
  for (const [k, line] of wrapped.entries()) yield (k === 0 ? head : " ".repeat(head.length)) + line;
}

/** "forwarded to 10.244.1.5:80, source becomes an address of this node" */
export function endInWords(end: TracedEnd, steps: readonly TracedStep[], to: string): string {
  const step = steps[end.step];
  const where = step === undefined || step.line === 0 ? "" : ` (line ${step.line})`;
  switch (end.fate) {
    case "forwarded": {
      const source = end.snat ? "source becomes an address of this node" : "source stays as it is";
      const out = end.outInterface === null ? "" : ` by ${end.outInterface}`;
      return `forwarded to ${end.dnat ?? `${to}, unchanged`}${out}, ${source}`;
    }
    case "local":
      return `handed to this node itself${end.dnat === null ? "" : ` as ${end.dnat}`}`;
    case "rejected":
      return `rejected with ${end.rejectWith ?? "an error"}${where}`;
    case "dropped":
      return `dropped${where}${step?.effect === "dropped by policy" ? ` by the policy of ${step.table} ${step.chain}` : ""}`;
    default:
      return `unknown: ${end.reason ?? "not shown"}${where}`;
  }
}
