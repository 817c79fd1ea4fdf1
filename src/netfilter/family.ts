import type { Block } from "../../grammar/block.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";

const ADDRESS_FLAGS: ReadonlySet<string> = new Set([
  "--source",
  "--destination",
  "--to-destination",
  "--to-source",
  "--src-range",
  "--dst-range",
]);
const V4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:[-/:,]|$)/;
const V6 = /^\[?(?:[0-9a-fA-F]{0,4}:){2,}[0-9a-fA-F.:]*/;

/** The IP version that a block's own words show: an address, an ICMP protocol, a kind of REJECT. `null` where they show none. */
export function familyOfBlock(ast: Ast, block: Block): Family | null {
  for (let node = block.firstNode; node <= block.lastNode; node++) {
    const shape = ast.shape(node);
    if (shape.kind !== "rule") continue;
    let spans: Int32Array | null = null;
    for (const option of shape.options) {
      const flag = option.record?.flag;
      const word = option.valueWords[0];
      if (flag === undefined || word === undefined) continue;
      if (!ADDRESS_FLAGS.has(flag) && flag !== "--protocol" && flag !== "--reject-with") continue;
      spans ??= ast.words(node).spans;
      const start = spans[word << 1] as number;
      const text = String.fromCharCode(
        ...ast.source.bytes.subarray(start, Math.min(spans[(word << 1) + 1] as number, start + 64)),
      );
      if (flag === "--protocol") {
        if (/^(?:ipv6-icmp|icmpv6|58)$/.test(text)) return 6;
        if (/^(?:icmp|1)$/.test(text)) return 4;
      } else if (flag === "--reject-with") {
        if (/^(?:icmp6|adm-prohibited|no-route)/.test(text)) return 6;
        if (/^icmp-/.test(text)) return 4;
      } else if (V4.test(text)) return 4;
      else if (V6.test(text)) return 6;
    }
  }
  return null;
}
