import { groupByNode, type NodeTexts } from "../nodes.ts";
import type { Unreadable } from "../report/report.ts";
import { readInputs } from "./inputs.ts";
import type { Io } from "./io.ts";
import type { DumpOptions } from "./program.ts";

/** The dumps that were asked for, by node. */
export function readNodeTexts(
  paths: readonly string[],
  { node: named = [] }: DumpOptions,
  io: Io,
): { readonly nodes: readonly NodeTexts[]; readonly unreadable: readonly Unreadable[] } {
  const { texts, unreadable } = readInputs([...paths, ...named.flatMap(({ files }) => files)], io);
  return { nodes: groupByNode(texts, named), unreadable };
}
