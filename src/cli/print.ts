import { type Io, UsageError } from "./io.ts";

/** Writes text to standard output. */
export function print(pieces: Iterable<string>, io: Io): void {
  for (const piece of gathered(pieces)) io.stdout.write(piece);
}

/**
 * Writes text to a file.
 * @throws {UsageError} when it cannot be written
 */
export function writeTo(file: string, pieces: Iterable<string>, io: Io): void {
  try {
    io.writeFile(file, gathered(pieces));
  } catch (error) {
    throw new UsageError(`${file} cannot be written (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Few large pieces of text instead of many small ones. */
export function* gathered(pieces: Iterable<string>): Iterable<string> {
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < 1 << 16) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}
