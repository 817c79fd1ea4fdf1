import { displayText } from "../../grammar/bytes.ts";
import type { ServicePortLine } from "../kubernetes/service-port-line.ts";
import { columnsOf, pad, wrapProse } from "./columns.ts";
import { forTerminal, inertLines, isPlain } from "./escape.ts";
import { groupDigits, type Look, plural } from "./report.ts";
import type { ServiceTable } from "./service-list.ts";
import { painter } from "./style.ts";

interface Column {
  readonly title: string;
  /** `terse`: no longer than it must be. */
  readonly cell: (port: ServicePortLine, terse: boolean) => string;
  /** Left out when the terminal is too narrow, highest first; 0 is never left out. */
  readonly spare: number;
}

/** What the rules do not show. */
const notShown = "?";

const columns: readonly Column[] = [
  { title: "SERVICE PORT", cell: nameOf, spare: 0 },
  { title: "PROTO", cell: (port) => port.protocol ?? notShown, spare: 0 },
  { title: "CLUSTER IP", cell: (port) => withPort(port.clusterIP, port.port), spare: 0 },
  { title: "NODEPORT", cell: (port) => number(port.nodePort), spare: 0 },
  { title: "EXTERNAL", cell: externalOf, spare: 2 },
  { title: "POLICY", cell: policyOf, spare: 3 },
  { title: "AFFINITY", cell: affinityOf, spare: 4 },
  { title: "ENDPOINTS", cell: endpointsOf, spare: 0 },
];

/** A table that fits the terminal: columns that say nothing are left out; names are never cut. */
export function* renderServicesText(list: ServiceTable, look: Look): Iterable<string> {
  for (const [index, { name, rows }] of list.nodes.entries()) {
    if (list.nodes.length > 1) yield inertLines(`${index === 0 ? "" : "\n"}${forTerminal(name, look.unicode)}\n`);
    if (rows.length === 0) yield "no service ports\n";
    else yield* table(rows, look);
  }
  for (const lacking of list.notShown)
    yield inertLines(`${wrapProse(forTerminal(`Not shown: ${lacking}`, look.unicode), look.width).join("\n")}\n`);
}

/** A name longer than this does not widen the table: it gets a line of its own where it must. */
const usualName = 32;

function* table(ports: readonly ServicePortLine[], look: Look): Iterable<string> {
  const paint = painter(look.colour);
  const cells = cellsOf(ports, look, false) ?? (cellsOf(ports, look, true) as Cells);
  const shown = columnsThatFit(cells, look.width);
  const { rows, widths } = cells;
  if (shown === null) {
    for (const row of rows) yield inertLines(`${stacked(row, look).join("\n")}\n`);
  } else {
    const [, ...others] = shown;
    const room = look.width - total(others, widths) - 2;
    const nameWidth = widestName(rows, room);
    yield `${paint("bold", lineOf(header, others, widths, nameWidth))}\n`;
    for (const row of rows) {
      const line = `${lineOf(row, others, widths, nameWidth)}\n`;
      yield row.isInert ? line : inertLines(line);
    }
  }
  const unknown = rows.some(({ hasUnknown }) => hasUnknown);
  const sum = `${plural(ports.length, "service port")}${unknown ? `; ${notShown} is not shown by the rules` : ""}`;
  yield `${wrapProse(sum, look.width).join("\n")}\n`;
}

const titles = columns.map(({ title }) => title);

/** The cells of a row, escaped. */
interface Row {
  readonly cells: readonly string[];
  /** Each takes as many columns of the terminal as it has letters. */
  readonly isPlain: boolean;
  /** No line of them can begin like a command of GitHub's runner. */
  readonly isInert: boolean;
  /** One of them says that the rules do not show it. */
  readonly hasUnknown: boolean;
}

const header: Row = { cells: titles, isPlain: true, isInert: true, hasUnknown: false };

/** The cells of a table. */
interface Cells {
  readonly rows: readonly Row[];
  /** Columns of the terminal that each column of the table takes, its title included. */
  readonly widths: readonly number[];
  /** Columns of the table with anything in them. */
  readonly saying: readonly boolean[];
}

/** `null`: it has no room for all columns that say something, and may be terser. */
function cellsOf(ports: readonly ServicePortLine[], look: Look, terse: boolean): Cells | null {
  const rows: Row[] = [];
  const widths = titles.map((title) => title.length);
  const saying = columns.map(({ spare }) => spare === 0);
  let hasGrown = true;
  for (const port of ports) {
    const row = rowOf(port, look, terse);
    rows.push(row);
    for (let i = 0; i < columns.length; i++) {
      const cell = row.cells[i] as string;
      if (cell === "") continue;
      const width = Math.max(widthIn(row, cell), widths[i] as number);
      hasGrown ||= saying[i] !== true || width > (widths[i] as number);
      saying[i] = true;
      widths[i] = width;
    }
    // it does not get narrower with the rows that follow
    if (!terse && hasGrown && !fits(sayingColumns(saying), widths, look.width)) return null;
    hasGrown = false;
  }
  return { rows, widths, saying };
}

/** One look at a row tells of nearly every one that it has no letter to decode or to escape. */
function rowOf(port: ServicePortLine, look: Look, terse: boolean): Row {
  const cells = cellTexts(port, terse);
  const all = cells.join("");
  if (isPlain(all)) return { cells, isPlain: true, isInert: !all.includes("::"), hasUnknown: all.includes(notShown) };
  const shown = cellTexts(decoded(port), terse).map((cell) => forTerminal(cell, look.unicode));
  return { cells: shown, isPlain: false, isInert: false, hasUnknown: shown.some((cell) => cell.includes(notShown)) };
}

function cellTexts(port: ServicePortLine, terse: boolean): string[] {
  const cells: string[] = [];
  for (let i = 0; i < columns.length; i++) cells.push((columns[i] as Column).cell(port, terse));
  return cells;
}

function decoded(port: ServicePortLine): ServicePortLine {
  const text = (bytes: string | null): string | null => (bytes === null ? null : displayText(bytes));
  return {
    ...port,
    id: text(port.id),
    protocol: text(port.protocol),
    clusterIP: text(port.clusterIP),
    externalIPs: port.externalIPs?.map(displayText) ?? null,
    loadBalancerIPs: port.loadBalancerIPs?.map(displayText) ?? null,
    chain: text(port.chain),
    endpointAddresses: port.endpointAddresses.map(text),
  };
}

const widthIn = (row: Row, cell: string): number => (row.isPlain ? cell.length : columnsOf(cell));

const padIn = (row: Row, cell: string, width: number): string => (row.isPlain ? cell.padEnd(width) : pad(cell, width));

/** The widest name that has room. */
function widestName(rows: Cells["rows"], room: number): number {
  let widest = (titles[0] ?? "").length;
  for (const row of rows) {
    const width = widthIn(row, row.cells[0] ?? "");
    if (width <= room && width > widest) widest = width;
  }
  return widest;
}

/** A row of the table; a name that is wider than its column gets a line of its own. */
function lineOf(row: Row, others: readonly number[], widths: readonly number[], nameWidth: number): string {
  const name = row.cells[0] ?? "";
  let line = widthIn(row, name) > nameWidth ? `${name}\n${" ".repeat(nameWidth)}` : padIn(row, name, nameWidth);
  line += "  ";
  // nothing is written behind the last cell that says something
  let last = others.length - 1;
  while (last >= 0 && row.cells[others[last] as number] === "") last--;
  for (let i = 0; i < last; i++) {
    const index = others[i] as number;
    line += `${padIn(row, row.cells[index] as string, widths[index] as number)}  `;
  }
  return line + (last < 0 ? "" : (row.cells[others[last] as number] as string).trimEnd());
}

/** Numbers of the columns with anything in them. */
const sayingColumns = (saying: readonly boolean[]): number[] =>
  columns.flatMap((_, index) => (saying[index] === true ? [index] : []));

/** Whether there is room for some columns, the name of a Service port among them. */
function fits([, ...others]: readonly number[], widths: readonly number[], width: number): boolean {
  return Math.min(usualName, widths[0] ?? 0) + 2 + total(others, widths) <= width;
}

/** Indices of the columns that say something and fit; `null` when even those that must be there do not. */
function columnsThatFit(cells: Cells, width: number): number[] | null {
  const { widths } = cells;
  let shown = sayingColumns(cells.saying);
  for (;;) {
    if (fits(shown, widths, width)) return shown;
    const spare = Math.max(...shown.map((index) => columns[index]?.spare ?? 0));
    if (spare === 0) return null;
    shown = shown.filter((index) => columns[index]?.spare !== spare);
  }
}

/** Columns that some columns of the table take, with the blanks between them. */
function total(shown: readonly number[], widths: readonly number[]): number {
  return shown.reduce((sum, index) => sum + (widths[index] ?? 0) + 2, -2);
}

/** A Service port on lines of its own, for terminals that are too narrow for a table. */
function stacked({ cells }: Row, look: Look): string[] {
  const facts = columns.flatMap(({ title }, index) =>
    index === 0 || (cells[index] ?? "") === "" ? [] : [`${title.toLowerCase()} ${cells[index]}`],
  );
  return [cells[0] ?? "", ...wrapProse(facts.join(", "), look.width - 2).map((line) => `  ${line}`)];
}

function nameOf(port: ServicePortLine): string {
  if (port.id !== null) return port.id;
  return port.chain === null ? notShown : `(${port.chain})`;
}

function withPort(ip: string | null, port: number | null): string {
  if (ip === null) return port === null ? notShown : `${notShown}:${port}`;
  const host = ip.includes(":") ? `[${ip}]` : ip;
  return ip === "None" ? ip : `${host}:${port ?? notShown}`;
}

function number(value: number | null): string {
  return value === null ? notShown : value === 0 ? "" : String(value);
}

function externalOf(port: ServicePortLine, terse: boolean): string {
  const { loadBalancerIPs, externalIPs } = port;
  if (loadBalancerIPs === null && externalIPs === null) return notShown;
  if (loadBalancerIPs?.length === 0 && externalIPs?.length === 0) return "";
  const ips = [...(loadBalancerIPs ?? []), ...(externalIPs ?? [])];
  return terse && ips.length > 1 ? `${ips[0]} +${ips.length - 1}` : ips.join(",");
}

function policyOf(port: ServicePortLine): string {
  const external = port.externalTrafficPolicy === "Local";
  const internal = port.internalTrafficPolicy === "Local";
  if (external && internal) return "Local";
  return external ? "Local (ext)" : internal ? "Local (int)" : "";
}

function affinityOf(port: ServicePortLine): string {
  if (port.sessionAffinity !== "ClientIP") return "";
  return port.sessionAffinityTimeoutSeconds === null ? "ClientIP" : `${port.sessionAffinityTimeoutSeconds} s`;
}

function endpointsOf(port: ServicePortLine, terse: boolean): string {
  if (port.hasEndpoints === false) return "none";
  if (port.endpointCount === 0) return notShown;
  if (terse || port.endpointCount > port.endpointAddresses.length) return groupDigits(port.endpointCount);
  return port.endpointAddresses.map((address) => address ?? notShown).join(" ");
}
