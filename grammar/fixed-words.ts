import { Expects, type Keyword, WORD } from "./keyword.ts";

/** A word of fixed text is at most so long. */
const LONGEST_TEXT = 128;

/** Whether what the scanner makes of each word follows from the words before it, whatever a free word says. */
export function areFixed(words: readonly Keyword[], count: number): boolean {
  for (let k = 0; k < count; k++) {
    const word = words[k] as Keyword;
    const before = words[k - 1];
    if (word.role === "Counters" && word !== WORD.counters) return false;
    if (word === WORD.name ? before?.role !== "Jump" : !KEPT_ROLES.has(word.role)) return false;
    if (word.bytes.length > LONGEST_TEXT) return false;
    // how many values follow depends on what they are
    if (word.expects === Expects.optional || word.expects === Expects.loose) return false;
    if (word.command !== null && word.command.least !== word.command.most) return false;
    if (word === WORD.value && before?.expects === Expects.protocol) return false;
  }
  return true;
}

const KEPT_ROLES: ReadonlySet<string> = new Set([
  "Value",
  "Name",
  "Counters",
  "Bang",
  "Match",
  "Jump",
  "Command1",
  "Command2",
  "Flag0",
  "Flag1",
  "Flag2",
]);

/** Whether one blank stands between each two words. */
export function isSingleSpaced(bytes: Uint8Array, spans: Int32Array, count: number): boolean {
  for (let k = 1; k < count; k++) {
    const end = spans[(k << 1) - 1] as number;
    if (spans[k << 1] !== end + 1 || bytes[end] !== 32) return false;
  }
  return true;
}
