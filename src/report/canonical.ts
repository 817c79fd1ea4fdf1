import { byteString } from "../../grammar/bytes.ts";
import { type FormatOptions, format } from "../../grammar/format.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";

/**
 * A text with every rule as iptables-save of its version and back end prints it, as byte strings. What is no rule stays as it is, but
 * for its line end. What the text's own headers say of version and back end wins over nothing, `options` over them.
 */
export function* renderCanonical(ast: Ast, options: FormatOptions = {}): Iterable<string> {
  const { bytes } = ast.source;
  let block = 0;
  for (let index = 0; index < ast.length; index++) {
    while (block < ast.blocks.length && (ast.blocks[block]?.lastNode ?? 0) < index) block++;
    const reader = ast.read(index);
    if (reader.outline.kind !== "rule") {
      yield `${byteString(bytes, reader.textStart, reader.end)}\n`;
      continue;
    }
    const node = ast.node(index);
    const header = ast.blocks[block]?.header ?? null;
    const known = header === null ? {} : { backend: header.backend, version: header.version, family: header.family };
    if (node.kind === "rule") yield `${format(node, { ...known, ...options })}\n`;
  }
}
