import { columnsOf, pad, wrapProse } from "./columns.ts";
import { forTerminal, inertLines } from "./escape.ts";
import { groupDigits, type Look, plural } from "./report.ts";
import type { ServiceRow, ServiceTable } from "./service-list.ts";
import { painter } from "./style.ts";

interface Column {
  readonly title: string;
  /** `terse`: no longer than it must be. */
  readonly cell: (port: ServiceRow, terse: boolean) => string;
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
  const nodes = new Map<string, ServiceRow[]>(list.nodes.map((node) => [node, []]));
  for (const row of list.rows) nodes.get(row.node)?.push(row);
  let first = true;
  for (const [node, ports] of nodes) {
    if (nodes.size > 1) yield inertLines(`${first ? "" : "\n"}${forTerminal(node, look.unicode)}\n`);
    first = false;
    if (ports.length === 0) yield "no service ports\n";
    else yield* table(ports, look);
  }
  for (const lacking of list.notShown)
    yield inertLines(`${wrapProse(forTerminal(`Not shown: ${lacking}`, look.unicode), look.width).join("\n")}\n`);
}

/** A name longer than this does not widen the table: it gets a line of its own where it must. */
const usualName = 32;

function* table(ports: readonly ServiceRow[], look: Look): Iterable<string> {
  const paint = painter(look.colour);
  let rows = cellsOf(ports, look, false);
  let shown = columnsThatFit(rows, look.width);
  if (shown === null || shown.length < sayingColumns(rows).length) {
    rows = cellsOf(ports, look, true);
    shown = columnsThatFit(rows, look.width);
  }
  if (shown === null) {
    for (const row of rows) yield inertLines(`${stacked(row, look).join("\n")}\n`);
  } else {
    const [, ...others] = shown;
    const widths = others.map((index) => widest(rows, index));
    const room = look.width - total(widths) - 2;
    const names = rows.map((row) => columnsOf(row[0] ?? "")).filter((width) => width <= room);
    const nameWidth = names.reduce((most, width) => Math.max(most, width), (columns[0]?.title ?? "").length);
    const rest = (row: readonly string[]) =>
      others
        .map((index, k) => pad(row[index] ?? "", widths[k] ?? 0))
        .join("  ")
        .trimEnd();
    yield `${paint("bold", `${pad(columns[0]?.title ?? "", nameWidth)}  ${rest(columns.map(({ title }) => title))}`)}\n`;
    for (const row of rows) {
      const name = row[0] ?? "";
      const line = columnsOf(name) > nameWidth ? `${name}\n${" ".repeat(nameWidth)}` : pad(name, nameWidth);
      yield inertLines(`${line}  ${rest(row)}\n`);
    }
  }
  const unknown = rows.some((row) => row.some((cell) => cell.includes(notShown)));
  const sum = `${plural(ports.length, "service port")}${unknown ? `; ${notShown} is not shown by the rules` : ""}`;
  yield `${wrapProse(sum, look.width).join("\n")}\n`;
}

function cellsOf(ports: readonly ServiceRow[], look: Look, terse: boolean): string[][] {
  return ports.map((port) => columns.map(({ cell }) => forTerminal(cell(port, terse), look.unicode)));
}

/** Columns with anything in them. */
function sayingColumns(rows: readonly (readonly string[])[]): number[] {
  return columns.flatMap(({ spare }, index) => (spare === 0 || rows.some((row) => row[index] !== "") ? [index] : []));
}

/** Indices of the columns that say something and fit; `null` when even those that must be there do not. */
function columnsThatFit(rows: readonly (readonly string[])[], width: number): number[] | null {
  let shown = sayingColumns(rows);
  for (;;) {
    const [, ...others] = shown.map((index) => widest(rows, index));
    if (Math.min(usualName, widest(rows, 0)) + 2 + total(others) <= width) return shown;
    const spare = Math.max(...shown.map((index) => columns[index]?.spare ?? 0));
    if (spare === 0) return null;
    shown = shown.filter((index) => columns[index]?.spare !== spare);
  }
}

function widest(rows: readonly (readonly string[])[], index: number): number {
  return rows.reduce((most, row) => Math.max(most, columnsOf(row[index] ?? "")), (columns[index]?.title ?? "").length);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + 2, -2);
}

/** A Service port on lines of its own, for terminals that are too narrow for a table. */
function stacked(row: readonly string[], look: Look): string[] {
  const facts = columns.flatMap(({ title }, index) =>
    index === 0 || (row[index] ?? "") === "" ? [] : [`${title.toLowerCase()} ${row[index]}`],
  );
  return [row[0] ?? "", ...wrapProse(facts.join(", "), look.width - 2).map((line) => `  ${line}`)];
}

function nameOf(port: ServiceRow): string {
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

function externalOf(port: ServiceRow, terse: boolean): string {
  const { loadBalancerIPs, externalIPs } = port;
  if (loadBalancerIPs === null && externalIPs === null) return notShown;
  const ips = [...(loadBalancerIPs ?? []), ...(externalIPs ?? [])];
  return terse && ips.length > 1 ? `${ips[0]} +${ips.length - 1}` : ips.join(",");
}

function policyOf(port: ServiceRow): string {
  const external = port.externalTrafficPolicy === "Local";
  const internal = port.internalTrafficPolicy === "Local";
  if (external && internal) return "Local";
  return external ? "Local (ext)" : internal ? "Local (int)" : "";
}

function affinityOf(port: ServiceRow): string {
  if (port.sessionAffinity !== "ClientIP") return "";
  return port.sessionAffinityTimeoutSeconds === null ? "ClientIP" : `${port.sessionAffinityTimeoutSeconds} s`;
}

function endpointsOf(port: ServiceRow, terse: boolean): string {
  if (port.hasEndpoints === false) return "none";
  if (port.endpointCount === 0) return notShown;
  if (terse || port.endpointCount > port.endpointAddresses.length) return groupDigits(port.endpointCount);
  return port.endpointAddresses.map((address) => address ?? notShown).join(" ");
}
