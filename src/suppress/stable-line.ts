import type { Node } from "../../grammar/ast.ts";
import { byteString, displayText } from "../../grammar/bytes.ts";
import { format } from "../../grammar/format.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import type { Finding } from "../checks/finding.ts";

/** Ordinal of the node in which a finding's own place begins. */
export function nodeOf(ast: Ast, { location }: Finding): number {
  const file = ast.source.files.find(({ name }) => name === location.file);
  return ast.nodeAt((file?.start ?? 0) + location.byteOffset);
}

/** A line as it stays while counters run, lines move and another iptables-save prints it; decoded. */
export function stableLine(ast: Ast, index: number): string {
  const node = ast.node(index);
  if (node.kind === "rule") return displayText(format(node, { backend: "nft", version: "1.8.9", counters: false }));
  if (node.kind === "chain") return displayText(`:${node.name} ${node.policy}`);
  return displayText(textOf(ast, node)).trim();
}

function textOf({ source }: Ast, { offset, length }: Node): string {
  return byteString(source.bytes, offset, offset + length);
}
