import { type LineJudge, LONGEST_LINE, type Verdict } from "./line-judge.ts";
import type { Gap } from "./wrap.ts";

/** A part of a line between two breaks, and the break behind it. */
export interface Part {
  readonly text: string;
  /** Bytes between this part and the next one. */
  readonly gap: number;
  /** A newline stands behind it. */
  readonly endsLine: boolean;
  /** A blank stands before the break. */
  readonly blank: boolean;
  /** Blanks at the beginning of the next line. */
  readonly indent: number;
  /** Characters from the beginning of its line to the break. */
  readonly width: number;
}

/** How the lines of a text were wrapped. */
export interface Layout {
  /** Where lines that are longer break, also within words; NaN: they break at blanks as well as they can. */
  readonly width: number;
  /** Blanks that were put before every part but the first. */
  readonly indent: number;
}

/** Parts put together. */
export interface Joined {
  readonly text: string;
  readonly gaps: readonly Gap[];
  /** How many parts, from the first on. */
  readonly parts: number;
  /** Every break stands within quotes: it may as well be a newline in a comment. */
  readonly quoted: boolean;
}

/** So many ways of putting one line together are tried. */
const MOST_TRIES = 64;
/** Nobody breaks lines that are shorter. */
const LEAST_WIDTH = 60;
const NAMES: ReadonlySet<string> = new Set(["-j", "-g", "-A", "-I", "--jump", "--goto", "--append", "--insert"]);

/**
 * Puts as many parts together as make one line that iptables-save prints; `null` where no two do. Where a break stood is a blank or nothing,
 * whichever makes a line without a problem.
 * @param isName - whether the text knows a chain or a target of that name
 */
export function joinParts(
  parts: readonly Part[],
  layout: Layout,
  judge: LineJudge,
  isName: (name: string) => boolean,
): Joined | null {
  let tries = 0;
  let best: Joined | null = null;
  const goOn = (line: Joined, verdict: Verdict): void => {
    const last = parts[line.parts - 1] as Part;
    const isEnd = line.parts === parts.length;
    if (verdict === "whole" && (isEnd || last.endsLine) && line.parts > (best?.parts ?? 1)) best = line;
    if (isEnd || best?.parts === parts.length) return;
    const isFull = last.width === layout.width;
    for (const glue of isFull && !last.blank && last.indent <= layout.indent ? ["", " "] : [" ", ""]) {
      if (tries >= MOST_TRIES) return;
      const next = parts[line.parts] as Part;
      const inQuotes = isOpen(line.text);
      if (
        glue === "" &&
        verdict === "whole" &&
        !inQuotes &&
        !isFull &&
        !mayGoOnWithin(line.text, last, next.text, isName)
      )
        continue;
      const text = line.text + glue + next.text;
      if (text.length > LONGEST_LINE) continue;
      tries++;
      const found = judge.verdict(text);
      if (found === "dead") continue;
      const gap = { at: line.text.length + glue.length, removed: last.gap - glue.length };
      goOn(
        { text, gaps: [...line.gaps, gap], parts: line.parts + 1, quoted: line.quoted && inQuotes && last.endsLine },
        found,
      );
    }
  };
  const [first] = parts as [Part];
  if (first.text.length > LONGEST_LINE) return null;
  const verdict = judge.verdict(first.text);
  if (verdict !== "dead") goOn({ text: first.text, gaps: [], parts: 1, quoted: true }, verdict);
  return best;
}

/** Whether a line that is right as it stands can go on within its last word. */
function mayGoOnWithin(before: string, part: Part, after: string, isName: (name: string) => boolean): boolean {
  const [flag = "", cut = ""] = before.split(" ").slice(-2);
  const [rest = ""] = after.split(" ", 1);
  const name = cut + rest;
  if (NAMES.has(flag)) return isName(name) || (part.endsLine && !isName(cut));
  return part.endsLine && (part.width >= LEAST_WIDTH || / -/.test(after));
}

/** Whether quotes are open at the end. */
function isOpen(text: string): boolean {
  let open = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') open = !open;
    else if (open && text[i] === "\\") i++;
  }
  return open;
}
