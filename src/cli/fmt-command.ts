import { bytesOf, displayText } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import { Source } from "../../grammar/source.ts";
import type { Backend } from "../../grammar/vocabulary/record.ts";
import { renderCanonical } from "../report/canonical.ts";
import { forTerminal } from "../report/escape.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { readInputs } from "./inputs.ts";
import type { Io } from "./io.ts";
import { gathered } from "./print.ts";
import type { FmtOptions } from "./program.ts";

/** `iptlint fmt [dump...]`: bytes for a pipe or a file, text for a terminal. */
export function fmtCommand(paths: readonly string[], options: FmtOptions, io: Io): ExitCode {
  const { texts, unreadable } = readInputs(paths, io);
  const wanted = {
    ...(options.backend !== undefined && { backend: options.backend as Backend }),
    ...(options.iptables !== undefined && { version: options.iptables }),
    ...(options.counters === false && { counters: false }),
  };
  for (const { name, bytes } of texts) {
    for (const piece of gathered(renderCanonical(parse(Source.of(bytes, name)), wanted))) {
      io.stdout.write(io.stdout.isTerminal ? forScreen(piece) : bytesOf(piece));
    }
  }
  return unreadable.length > 0 ? exitCodes.unreadable : exitCodes.ok;
}

function forScreen(lines: string): string {
  return displayText(lines)
    .split("\n")
    .map((line) => forTerminal(line))
    .join("\n");
}
