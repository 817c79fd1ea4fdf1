import { recognise } from "../../grammar/recognise.ts";
import { forTerminal } from "../report/escape.ts";
import type { Unreadable } from "../report/report.ts";
import { type Io, UsageError } from "./io.ts";

/** A text to be judged, unpacked. */
export interface InputText {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What was asked for: texts, and what is none. */
export interface Inputs {
  readonly texts: readonly InputText[];
  readonly unreadable: readonly Unreadable[];
}

export const stdinName = "<stdin>";

/**
 * Reads dumps: `-`, or nothing where something is piped in, is standard input; gzip is unpacked. What cannot be read or is no dump is
 * told on stderr at once.
 * @throws {UsageError} when there is nothing to read
 */
export function readInputs(paths: readonly string[], io: Io): Inputs {
  if (paths.length === 0 && io.stdinIsTerminal) throw new UsageError("no dump given");
  const texts: InputText[] = [];
  const unreadable: Unreadable[] = [];
  for (const path of new Set(paths.length === 0 ? ["-"] : paths)) {
    const name = path === "-" ? stdinName : path;
    const found = readOne(path, io);
    if (found.bytes !== null) texts.push({ name, bytes: found.bytes });
    if (found.problem !== null) {
      const { reason, hint } = found.problem;
      unreadable.push({ file: name, reason });
      io.stderr.write(`iptlint: ${forTerminal(`${name} ${reason}`)}.\n${hint === null ? "" : `${hint}\n`}`);
    }
  }
  return { texts, unreadable };
}

interface OneInput {
  /** `null`: nothing to judge. */
  readonly bytes: Uint8Array | null;
  readonly problem: { readonly reason: string; readonly hint: string | null } | null;
}

function readOne(path: string, io: Io): OneInput {
  let bytes: Uint8Array;
  try {
    bytes = path === "-" ? io.readStdin() : io.read(path);
  } catch (error) {
    return { bytes: null, problem: { reason: reasonOf(error), hint: null } };
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = io.gunzip(bytes);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { bytes: null, problem: { reason: `is damaged gzip (${detail})`, hint: null } };
    }
  }
  const noDump = recognise(bytes);
  return noDump === null ? { bytes, problem: null } : { bytes: null, problem: noDump };
}

/** Why a file could not be read, to be said after its name. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
      return "does not exist";
    case "EISDIR":
      return "is a folder: name the dumps in it";
    case "EACCES":
    case "EPERM":
      return "may not be read";
    default:
      return `cannot be read (${error instanceof Error ? error.message : String(error)})`;
  }
}
