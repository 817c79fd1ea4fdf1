import type { RuleNode } from "../../grammar/ast.ts";
import type { Backend, Family } from "../../grammar/vocabulary/record.ts";

/** The five tables of iptables(8). */
export type TableName = "filter" | "nat" | "mangle" | "raw" | "security";

/** A rule: its ordinal in the source (0-based). Columns of the RuleStore are indexed by it. */
export type RuleId = number;
/** A chain: its ordinal in the source. One id is one chain of one table of one capture. */
export type ChainId = number;

/** Absent: -1 in every integer column. */
export const NONE = -1;
