import type { Block, Judge } from "./block.ts";
import type { LineReader } from "./line-reader.ts";
import { readText } from "./reading.ts";
import { Source } from "./source.ts";
import type { Ast } from "./syntax-tree.ts";

/** What a visitor is told of a line: the reader's fields hold until it returns. */
export interface LineVisitor {
  /** `node` is the ordinal of the line's node, `block` the table or fragment it stands in (`null` for what stands between). */
  line(reader: LineReader, node: number, block: Block | null): void;
}

export interface ParseOptions {
  /** So many forms of lines are kept; `false`: Chevrotain parses every line. The result is the same. Default `true`. */
  readonly memo?: boolean | number;
  /**
   * Makes what is called for every line while it is read: the streaming form. Asked once more where lines turn out to be wrapped: the text
   * is then read again, and what the first visitor was told does not hold.
   */
  readonly visitor?: (source: Source) => LineVisitor;
  /** `false`: the types and ranges of values are not looked at. Default `true`. */
  readonly values?: boolean;
  /** `false`: lines that were wrapped on their way stay as they are. Default `true`. */
  readonly unwrap?: boolean;
  /** Whose iptables judges the rules. Default: the one that each dump's own header names. */
  readonly judge?: Judge;
}

/**
 * Reads any bytes as iptables-save output. Never throws and never stops early: what is no iptables-save becomes nodes of kind `noise` or
 * `bad` and a problem with its place. Forms: iptables-save.c, iptables-restore.c (line kinds), xshared.c (words).
 */
export function parse(input: Uint8Array | Source, options: ParseOptions = {}): Ast {
  return readText(input instanceof Source ? input : Source.of(input), options);
}
