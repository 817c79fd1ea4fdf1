import { columnsOf, pad, wrapProse } from "./columns.ts";
import { forTerminal } from "./escape.ts";
import { groupDigits, type Look } from "./report.ts";
import { painter } from "./style.ts";
import type { WayRow, WaySection } from "./way.ts";

const margin = 2;
/** Columns of the line number and what stands around it. */
const numberColumns = margin + 5 + 2;

/** The rules on a packet's way: line number, who takes it, where it leads. */
export function* renderWay(sections: readonly WaySection[], look: Look): Iterable<string> {
  const paint = painter(look.colour);
  const jumps = sections.flatMap(({ rows }) =>
    rows.filter(({ effect, depth }) => depth === 0 && effect.startsWith("-> ")),
  );
  const arrows = jumps.reduce((most, { effect }) => Math.max(most, columnsOf(forTerminal(effect))), 0);
  const room = look.width - numberColumns - 2 - arrows;
  const widths = jumps.map(({ condition }) => columnsOf(forTerminal(condition))).filter((width) => width <= room);
  const column = widths.reduce((most, width) => Math.max(most, width), 0);
  for (const { title, rows, omitted } of sections) {
    yield `${" ".repeat(margin)}${paint("bold", forTerminal(title, look.unicode))}`;
    const gapAt = omitted === 0 ? -1 : lastOuter(rows);
    for (const [k, row] of rows.entries()) {
      if (k === gapAt) yield `${" ".repeat(margin + 7)}${groupDigits(omitted)} more`;
      yield* rowLines(row, column, look);
    }
  }
}

/** Where the rows behind the gap begin: two rows of the chain itself before the end. */
function lastOuter(rows: readonly WayRow[]): number {
  const outer = rows.flatMap(({ depth }, k) => (depth === 0 ? [k] : []));
  return outer.at(-2) ?? rows.length;
}

function rowLines({ line, condition, effect, depth }: WayRow, column: number, look: Look): string[] {
  const paint = painter(look.colour);
  const number = line === 0 ? "" : String(line);
  const head = `${" ".repeat(margin)}${paint("dim", number.padStart(5))}  ${"  ".repeat(depth)}`;
  const used = margin + Math.max(5, number.length) + 2 + 2 * depth;
  const who = forTerminal(condition, look.unicode);
  const what = forTerminal(effect, look.unicode);
  const indent = " ".repeat(used);
  if (effect.startsWith("-> ") && depth === 0) {
    const one = `${pad(who, column)}  ${what}`;
    if (used + columnsOf(one) <= look.width) return [head + one];
    return [...hang(wrapProse(who, look.width - used), head, indent), `${indent}  ${what}`];
  }
  const text = who === "" ? what : `${who}: ${what}`;
  return hang(wrapProse(text, look.width - used), head, indent);
}

function hang(lines: readonly string[], head: string, indent: string): string[] {
  return lines.map((line, k) => (k === 0 ? head : indent) + line);
}
