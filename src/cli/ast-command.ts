import { parse } from "../../grammar/parse.ts";
import { Source } from "../../grammar/source.ts";
import { renderAstJson } from "../report/ast-json.ts";
import { version } from "../version.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { readInputs } from "./inputs.ts";
import type { Io } from "./io.ts";
import { print } from "./print.ts";

/** `iptlint ast [dump...]` */
export function astCommand(paths: readonly string[], io: Io): ExitCode {
  const { texts, unreadable } = readInputs(paths, io);
  for (const { name, bytes } of texts) print(renderAstJson(parse(Source.of(bytes, name)), version), io);
  return unreadable.length > 0 ? exitCodes.unreadable : exitCodes.ok;
}
