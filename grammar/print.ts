import type { Ast } from "./syntax-tree.ts";
import { tornAgain } from "./tear.ts";
import { wrappedAgain } from "./wrap.ts";

/** The bytes of a parsed source: what its nodes cover, word by word and gap by gap, one after the other. Never renders anything anew. */
export function print(ast: Ast): Uint8Array {
  const { bytes, tears, wraps } = ast.source;
  const out = new Uint8Array(bytes.length);
  let at = 0;
  const copy = (from: number, to: number): void => {
    out.set(bytes.subarray(from, to), at);
    at += to - from;
  };
  for (let index = 0; index < ast.length; index++) {
    const { scanner, start, next } = ast.read(index);
    let from = start;
    for (let k = 0; k < scanner.count; k++) {
      const end = scanner.spans[(k << 1) + 1] as number;
      copy(from, scanner.spans[k << 1] as number);
      copy(scanner.spans[k << 1] as number, end);
      from = end;
    }
    copy(from, next);
  }
  return tornAgain(wrappedAgain(out.subarray(0, at), wraps), tears);
}
