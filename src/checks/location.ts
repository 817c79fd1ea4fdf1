import { byteString, displayLength, displayText } from "../../grammar/bytes.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import { wrapAt } from "../../grammar/wrap.ts";
import type { Location } from "./finding.ts";

/** The place of bytes of a source, as people and editors count in the text as it was read. */
export function locate(ast: Ast, offset: number, length: number): Location {
  const { source } = ast;
  const { file, line, column } = ast.place(offset);
  const { lines } = source;
  const start = source.lineOffset(offset);
  const end = length === 0 ? start : source.lineOffset(offset + length - 1) + 1;
  let feeds = 0;
  let isAscii = true;
  for (let i = start; i < end; i++) {
    const code = lines[i] as number;
    if (code === 10) feeds++;
    else if (code > 127) isAscii = false;
  }
  return {
    file,
    line,
    column,
    length: isAscii ? end - start : displayLength(byteString(lines, start, end)),
    ...(feeds > 0 && { endLine: line + feeds }),
    byteOffset: start - source.fileAt(offset).start,
    byteLength: end - start,
  };
}

/** The line of the text on which a place of it begins, decoded, without its line end; a wrapped line that begins there is given whole. */
export function lineAt({ source }: Ast, location: Location): string | null {
  const file = source.files.find((each) => each.name === location.file);
  if (file === undefined) return null;
  const at = file.start + location.byteOffset;
  const isWhole = location.column === 1 && wrapAt(source.wraps, at) !== null;
  const bytes = isWhole ? source.bytes : source.lines;
  const feedBefore = at === 0 ? -1 : bytes.lastIndexOf(0x0a, at - 1);
  const feedAfter = bytes.indexOf(0x0a, at);
  const start = Math.max(file.start, feedBefore + 1);
  const end = feedAfter < 0 || feedAfter > file.end ? file.end : feedAfter;
  const text = displayText(byteString(bytes, start, end)).replace(/\r$/, "");
  return isWhole ? text.trimEnd() : text;
}
