import type { Block, Header } from "../../grammar/block.ts";
import type { Backend, Family } from "../../grammar/vocabulary/record.ts";

/** The tables of iptables(8). */
export type TableName = "filter" | "nat" | "mangle" | "raw" | "security";

/** Built-in chains of each table, in the order in which a packet meets their hooks. iptables(8), "TABLES". */
export const BUILT_IN: Readonly<Record<TableName, readonly string[]>> = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  security: ["INPUT", "FORWARD", "OUTPUT"],
};

export const TABLE_NAMES = Object.keys(BUILT_IN) as readonly TableName[];

export const isTableName = (name: string): name is TableName => Object.hasOwn(BUILT_IN, name);

/** One table of one capture. */
export interface Table {
  readonly index: number;
  readonly name: TableName;
  /** `null`: neither header nor addresses show it. */
  readonly family: Family | null;
  readonly backend: Backend | null;
  readonly header: Header | null;
  readonly block: Block;
  /** No `*table` line: the name follows from targets and chains. */
  readonly implied: boolean;
  /** The same table of the same capture stands again later in the text, and iptables-restore would flush this one. */
  readonly superseded: boolean;
  /** Chains that the text declares, in its order. */
  readonly chains: readonly number[];
}
