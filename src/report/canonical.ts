import { byteString } from "../../grammar/bytes.ts";
import { type FormatOptions, format } from "../../grammar/format.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import { wrapAt } from "../../grammar/wrap.ts";

/**
 * A text with every rule as iptables-save of its version and back end prints it, as byte strings. What is no rule stays as it is, but
 * for its line end. What the text's own headers say of version and back end wins over nothing, `options` over them.
 */
export function* renderCanonical(ast: Ast, options: FormatOptions = {}): Iterable<string> {
  const { bytes, wraps } = ast.source;
  let block = 0;
  for (let index = 0; index < ast.length; index++) {
    while (block < ast.blocks.length && (ast.blocks[block]?.lastNode ?? 0) < index) block++;
    const reader = ast.read(index);
    if (reader.outline.kind !== "rule") {
      const text = byteString(bytes, reader.textStart, reader.end);
      // blanks fill the place of the breaks
      yield `${wrapAt(wraps, reader.start) !== null ? text.trimEnd() : text}\n`;
      continue;
    }
    const node = ast.node(index);
    const header = ast.blocks[block]?.header ?? null;
    const known = header === null ? {} : { backend: header.backend, version: header.version, family: header.family };
    if (node.kind === "rule") yield `${format(node, { ...known, ...options })}\n`;
  }
}
