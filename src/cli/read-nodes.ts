import { byteString } from "../../grammar/bytes.ts";
import { NameList } from "../kubernetes/names/name-list.ts";
import { NamesError, readNames } from "../kubernetes/names/read-names.ts";
import type { NodeFacts } from "../netfilter/node.ts";
import { type IpSet, readIpSets } from "../netfilter/trace/ipset.ts";
import { groupByNode, type NodeTexts } from "../nodes.ts";
import type { ReadOptions } from "../read-node.ts";
import type { Unreadable } from "../report/report.ts";
import { readInputs, reasonOf } from "./inputs.ts";
import { type Io, UsageError } from "./io.ts";
import type { DumpOptions } from "./program.ts";
import { Progress } from "./progress.ts";

/** The dumps that were asked for, by node, and how they are to be read. */
export interface RequestedNodes {
  readonly nodes: readonly NodeTexts[];
  readonly unreadable: readonly Unreadable[];
  readonly options: ReadOptions;
  readonly progress: Progress;
}

/**
 * Reads what a command was given: dumps, and what is known besides.
 * @throws {UsageError} when there is no dump, or a file that goes with the dumps cannot be used
 */
export function readNodeTexts(
  paths: readonly string[],
  { node: named = [], names, ipset = [] }: DumpOptions,
  io: Io,
): RequestedNodes {
  const progress = new Progress(io);
  const known = {
    ...(names !== undefined && { names: readNameList(names, io) }),
    ...(ipset.length > 0 && { ipsets: ipset.map((path) => readBytes("--ipset", path, io)).join("\n") }),
  };
  const { texts, unreadable } = readInputs([...paths, ...named.flatMap(({ files }) => files)], io);
  return {
    nodes: groupByNode(texts, named),
    unreadable,
    options: { ...known, onProgress: (step) => progress.step(step) },
    progress,
  };
}

/** A file that goes with the dumps, as a byte string. */
function readBytes(option: string, path: string, io: Io): string {
  try {
    const bytes = io.read(path);
    return byteString(bytes, 0, bytes.length);
  } catch (error) {
    throw new UsageError(`${option} ${path} ${reasonOf(error)}`);
  }
}

function readNameList(path: string, io: Io): NameList {
  let bytes: Uint8Array;
  try {
    bytes = io.read(path);
  } catch (error) {
    throw new UsageError(`--names ${path} ${reasonOf(error)}`);
  }
  try {
    return new NameList(readNames(new TextDecoder().decode(bytes)));
  } catch (error) {
    if (error instanceof NamesError) throw new UsageError(`--names ${path}: ${error.message}`);
    throw error;
  }
}

/**
 * The members of sets, for rules that look into them.
 * @throws {UsageError} when a file does not read
 */
export function readSets({ ipset = [] }: DumpOptions, io: Io): NodeFacts["sets"] {
  const all = new Map<string, IpSet>();
  for (const path of ipset) {
    const { sets, problems } = readIpSets(readBytes("--ipset", path, io));
    const [problem] = problems;
    if (problem !== undefined)
      throw new UsageError(`--ipset ${path}, line ${problem.line}: expected ${problem.expected}`);
    for (const [name, set] of sets) all.set(name, set);
  }
  return all;
}
