import type { ExtensionRecord } from "../../grammar/vocabulary/record.ts";
import { BUILT_IN, TABLE_NAMES, type TableName } from "./table.ts";

/** A line that stands in no table. */
export interface FragmentLine {
  readonly node: number;
  /** A rule; else a chain's declaration. */
  readonly isRule: boolean;
  /** The declaration gives a policy. */
  readonly isBuiltIn: boolean;
  readonly chain: string;
  readonly target: string | null;
  /** `null`: the target is a chain. */
  readonly record: ExtensionRecord | null;
}

/** The table that a chain of that name belongs to, for who knows its author; `undefined`: unknown, or in several. */
export type TableHint = (chain: string) => TableName | undefined;

/** Which tables have a target; iptables-extensions(8), "only valid in the … table". */
const NAT_TARGETS: ReadonlySet<string> = new Set(["DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", "SAME"]);
const RAW_TARGETS: ReadonlySet<string> = new Set(["CT", "NOTRACK"]);

function ownTable(line: FragmentLine): TableName | undefined {
  const name = line.record?.name ?? "";
  if (NAT_TARGETS.has(name)) return "nat";
  if (name === "REJECT") return "filter";
  if (RAW_TARGETS.has(name)) return "raw";
  if (line.record?.tables?.length === 1) return TABLE_NAMES.find((table) => table === line.record?.tables?.[0]);
  return undefined;
}

/**
 * Gives each line of a fragment (`iptables-save | grep …`, `iptables -S`, an article) the table where its target, the chains it leads to,
 * its own chain and the built-in chains around imply; filter, iptables' own default, where nothing does.
 */
export function tablesOfFragment(
  lines: readonly FragmentLine[],
  hint: TableHint,
): { line: FragmentLine; table: TableName }[] {
  const known = new Map<string, TableName>();
  const learn = (chain: string, table: TableName | undefined): boolean => {
    if (table === undefined || known.has(chain)) return false;
    known.set(chain, table);
    return true;
  };
  const listed = listedTable(lines);
  for (const line of lines) {
    learn(line.chain, hint(line.chain));
    if (line.target !== null && line.record === null) learn(line.target, hint(line.target));
  }
  // a chain's table follows from its own rules, then spreads along the jumps both ways; each chain learns once
  const neighbours = new Map<string, string[]>();
  const queue: string[] = [...known.keys()];
  for (const line of lines) {
    if (!line.isRule) continue;
    if (line.target !== null && line.record === null) {
      if (!isBuiltInName(line.chain)) join(neighbours, line.chain, line.target);
    } else if (learn(line.chain, ownTable(line))) queue.push(line.chain);
  }
  for (let k = 0; k < queue.length; k++) {
    const chain = queue[k] as string;
    for (const other of neighbours.get(chain) ?? []) if (learn(other, known.get(chain))) queue.push(other);
  }
  return lines.map((line) => {
    const target = line.isRule && line.target !== null && line.record === null ? known.get(line.target) : undefined;
    // a chain of that name may be in other tables too, as are KUBE-SERVICES and KUBE-NODEPORTS: hooks of filter lead to its own
    const jump = target === "nat" && (line.chain === "FORWARD" || line.chain === "INPUT") ? undefined : target;
    const own = line.isRule ? ownTable(line) : undefined;
    return { line, table: own ?? jump ?? known.get(line.chain) ?? listed ?? builtInTable(line.chain) };
  });
}

/** `iptables -S` lists exactly the built-in chains of its table. */
export function listedTable(lines: readonly FragmentLine[]): TableName | undefined {
  const names = new Set(lines.filter((line) => !line.isRule && line.isBuiltIn).map((line) => line.chain));
  return (["filter", "nat", "mangle", "raw"] as const).find(
    (table) => BUILT_IN[table].length === names.size && BUILT_IN[table].every((name) => names.has(name)),
  );
}

const isBuiltInName = (chain: string): boolean => TABLE_NAMES.some((table) => BUILT_IN[table].includes(chain));

const builtInTable = (chain: string): TableName =>
  chain === "PREROUTING" || chain === "POSTROUTING" ? "nat" : "filter";

function join(neighbours: Map<string, string[]>, a: string, b: string): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const list = neighbours.get(from);
    if (list === undefined) neighbours.set(from, [to]);
    else list.push(to);
  }
}
