import { Ruleset } from "./ruleset.ts";
import type { RuleStore } from "./store.ts";
import type { Table } from "./table.ts";

/**
 * The rulesets of a node: its tables by IP version and back end. A table that does not show one of the two joins the only ruleset that
 * it can belong to; a table that stands twice counts once, the last time, as for iptables-restore.
 */
export function rulesetsOf(store: RuleStore): Ruleset[] {
  const groups = new Map<string, Table[]>();
  const key = (table: Pick<Table, "family" | "backend">): string => `${table.family} ${table.backend}`;
  const current = store.tables.filter((table) => !table.superseded);
  const known = [...new Set(current.filter((table) => table.family !== null && table.backend !== null).map(key))];
  for (const table of current) {
    const fits = known.filter((each) => {
      const [family, backend] = each.split(" ");
      return (
        (table.family === null || String(table.family) === family) &&
        (table.backend === null || table.backend === backend)
      );
    });
    const place = fits.length === 1 ? (fits[0] as string) : key(table);
    const group = groups.get(place);
    if (group === undefined) groups.set(place, [table]);
    else group.push(table);
  }
  return mergeUnknownFamily([...groups.values()]).map((tables) => {
    const family = tables.find((table) => table.family !== null)?.family ?? null;
    const backend = tables.find((table) => table.backend !== null)?.backend ?? null;
    return new Ruleset(store, family, backend, tables);
  });
}

/** Tables whose family nothing shows (empty ones) go with the only other ruleset, if there is just one. */
function mergeUnknownFamily(groups: Table[][]): Table[][] {
  const showing = groups.filter((tables) => tables.some((table) => table.family !== null));
  const silent = groups.filter((tables) => tables.every((table) => table.family === null));
  const only = showing[0];
  if (only === undefined || showing.length !== 1) return groups;
  return [[...only, ...silent.flat()].sort((a, b) => a.index - b.index)];
}
