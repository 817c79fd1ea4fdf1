import type { Table } from "../netfilter/table.ts";
import type { Check } from "./check.ts";
import { listed } from "./words.ts";

/** iptables-restore flushes a table when it begins: of two with one name the last one stays. */
export const supersededTable: Check = {
  id: "superseded-table",
  severity: "warning",
  confidence: "certain",
  summary: "A table stands in the text twice",
  why: "iptables-save prints each table once. Where one stands twice, texts of two nodes, two moments or two back ends were put together, and only the last one is judged.",
  evidence: "Two `*TABLE` lines of one IP version and back end in one file.",
  confirm: "grep -n '^\\*' dump.txt",
  whenFine: "Never in a capture of one node at one moment.",
  remedy: "Give iptlint each capture as a file of its own.",
  references: ["https://manpages.debian.org/bookworm/iptables/iptables-restore.8.en.html"],
  since: "0.1.0",
  subject: "capture",
  needs: [],
  runOnNode({ store }, report) {
    const last = new Map<string, Table>();
    for (const table of store.tables) if (!table.superseded) last.set(keyOf(table), table);
    for (const { name: file } of store.ast.source.files) {
      const earlier = store.tables.filter((table) => table.superseded && table.block.file === file);
      const [first] = earlier;
      if (first === undefined) continue;
      const later = last.get(keyOf(first));
      const names = [...new Set(earlier.map(({ name }) => name))];
      report({
        at: { table: first },
        label: "is not judged",
        message: `table ${listed(names)} ${names.length === 1 ? "stands" : "stand"} in this text ${earlier.length === names.length ? "again" : "several times"}, and only the last one counts`,
        related: later === undefined ? [] : [{ at: { table: later }, label: "this one is judged" }],
        effect: "iptables-restore empties a table before it fills it, so nothing of the first one would stay.",
      });
    }
  },
};

const keyOf = ({ name, family, backend, block }: Table): string => `${name} ${family} ${backend} ${block.file}`;
