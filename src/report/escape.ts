/*
 * Text of a dump is hostile. Each format lets it out through one function of this file, so that it reaches a terminal, a page or a
 * CI log as letters: never as control sequence, markup or command.
 */

/** Controls, invisible format characters (bidi marks among them), line separators, lone surrogates; log commands of CI services. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|#(?=#(?:vso|teamcity)?\[)/gu;
const plainAscii = /^[ -"$-~]*$/;

/**
 * For terminals and logs: what could act or hide is shown as `\x1b` or `\u202e`.
 * The runner of GitHub reads `##[…]` as a command anywhere in a line, those of Azure and TeamCity their own forms of it.
 */
export function forTerminal(text: string, unicode = true): string {
  if (text.length > longest) return forTerminal(withoutMiddle(text), unicode);
  if (plainAscii.test(text)) return text;
  const shown = text.replace(unsafe, codeOf);
  return unicode ? shown : shown.replace(/[^ -~]/gu, codeOf);
}

/** Whether a text is let out just as it is, and takes as many columns as it has letters. */
export const isPlain = (text: string): boolean => text.length <= longest && plainAscii.test(text);

/** Nothing that a person reads is longer than this many UTF-16 units. */
const longest = 4000;

function withoutMiddle(text: string): string {
  const [head, tail] = [longest * 0.7, longest * 0.1];
  return `${text.slice(0, head)} [${text.length - head - tail} characters left out] ${text.slice(-tail)}`;
}

/** Whole lines as they are to be written: none of them begins with `::`, which would be a command of GitHub's runner. */
export function inertLines(lines: string): string {
  if (!lines.includes("::")) return lines;
  return lines.replace(/^([ \t]*):(?=:)/gm, "$1\\x3a");
}

/** One JSON value on one line; what {@link forTerminal} shows as a code is written as JSON's own escape and keeps its value. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (ascii.test(text) && !text.includes("##")) return text;
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|#(?=#(?:vso|teamcity)?\[)/gu, (character) =>
    Array.from({ length: character.length }, (_, unit) => `\\u${hex(character.charCodeAt(unit), 4)}`).join(""),
  );
}

const ascii = /^[ -~]*$/;

/** Message text of SARIF 2.1.0, sections 3.11.5 (placeholders) and 3.11.6 (embedded links). */
export function forSarifMessage(text: string): string {
  return forTerminal(text)
    .replace(/[\\[\]]/g, "\\$&")
    .replace(/[{}]/g, "$&$&");
}

/** The message of a workflow command of GitHub: `::error …::message`. */
export function forWorkflowMessage(text: string): string {
  return forTerminal(text).replace(/%/g, "%25");
}

/** A property of a workflow command: `file=…`. */
export function forWorkflowProperty(text: string): string {
  return forWorkflowMessage(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
}

/** Text and attribute values of XML 1.0. */
export function forXml(text: string): string {
  return forTerminal(text)
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Running text of Markdown. Words that could mean something to Markdown or to the site that shows it (mentions, links, HTML)
 * become code; the rest stays prose.
 */
export function forMarkdown(text: string): string {
  const pieces: string[] = [];
  let code: string[] = [];
  const flush = () => {
    if (code.length > 0) pieces.push(asCode(code.join(" ")));
    code = [];
  };
  for (const word of forTerminal(text).split(" ")) {
    if (isProse(word)) {
      flush();
      pieces.push(word);
    } else {
      code.push(word);
    }
  }
  flush();
  return pieces.join(" ");
}

/** A code span that nothing inside can end. */
export function asCode(text: string): string {
  const shown = forTerminal(text);
  const fence = "`".repeat(longestRun(shown, "`") + 1);
  const pad = shown.startsWith("`") || shown.endsWith("`") || shown.trim() === "" ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** A code block that nothing inside can end. `text` may have several lines; each is expected to be escaped for a terminal. */
export function asCodeBlock(text: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text, "`") + 1));
  return `${fence}text\n${text}\n${fence}`;
}

function isProse(word: string): boolean {
  return (
    /^[A-Za-z0-9.,;()%/'"?=:-]*$/.test(word) &&
    !/:\/\/|^[(\s]*www\./i.test(word) &&
    !/^(?:[-=]+|\d+[.)]|::.*)$/.test(word)
  );
}

function longestRun(text: string, character: string): number {
  let longest = 0;
  let run = 0;
  for (const each of text) {
    run = each === character ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest;
}

function codeOf(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  if (character === "\r") return "\\r";
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 1)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
