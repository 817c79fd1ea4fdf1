import { byteString, displayLength, displayText } from "../../grammar/bytes.ts";
import type { Ast } from "../../grammar/syntax-tree.ts";
import type { Location } from "./finding.ts";

/** The place of raw bytes of a source, as people and editors count. */
export function locate(ast: Ast, offset: number, length: number): Location {
  const { bytes } = ast.source;
  const { file, line, column } = ast.place(offset);
  const text = byteString(bytes, offset, offset + length);
  const feeds = text.split("\n").length - 1;
  return {
    file,
    line,
    column,
    length: displayLength(text),
    ...(feeds > 0 && { endLine: line + feeds }),
    byteOffset: offset - ast.source.fileAt(offset).start,
    byteLength: length,
  };
}

/** The line of the text on which a place of it begins, decoded, without its line end. */
export function lineAt(ast: Ast, location: Location): string | null {
  const { bytes, files } = ast.source;
  const file = files.find((each) => each.name === location.file);
  if (file === undefined) return null;
  const at = file.start + location.byteOffset;
  const feedBefore = at === 0 ? -1 : bytes.lastIndexOf(0x0a, at - 1);
  const feedAfter = bytes.indexOf(0x0a, at);
  const start = Math.max(file.start, feedBefore + 1);
  const end = feedAfter < 0 || feedAfter > file.end ? file.end : feedAfter;
  return displayText(byteString(bytes, start, end)).replace(/\r$/, "");
}
