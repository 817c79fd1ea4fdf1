import type { Finding, Location } from "../checks/finding.ts";
import { columnsOf } from "./columns.ts";
import { forTerminal } from "./escape.ts";
import { type FrameRow, frameLine, type Span } from "./frame.ts";
import type { Look, Report } from "./report.ts";
import { painter, severityStyle } from "./style.ts";

/**
 * The lines of the dump that show a finding, in the order of the story: the way there, the place, the rest.
 * @param showFile - name the file above its frames even where it is the finding's own
 */
export function* findingFrames(finding: Finding, report: Report, look: Look, showFile: boolean): Iterable<string> {
  const paint = painter(look.colour);
  const places = [
    ...finding.related.filter((related) => related.before === true),
    { location: finding.location, label: finding.label },
    ...finding.related.filter((related) => related.before !== true),
  ];
  const numberWidth = Math.max(5, ...places.map(({ location }) => String(location.line).length + 1));
  const gutter = (text: string, bar: string) => paint("dim", `${text.padStart(numberWidth)} ${bar} `);
  let file = showFile ? null : finding.location.file;
  for (const place of places) {
    const line = report.sourceLine(place.location);
    if (line === null) continue;
    if (place.location.file !== file) {
      file = place.location.file;
      yield `  in ${forTerminal(file, look.unicode)}`;
    }
    const isPrimary = place.location === finding.location;
    const options = { width: look.width - numberWidth - 3, unicode: look.unicode };
    const rows = frameLine(line, spanOf(place.location, line), place.label, options);
    yield* rows.map((row, k) => gutter(k === 0 ? String(place.location.line) : "", "|") + painted(row, isPrimary));
    if (isPrimary) {
      for (const missing of finding.missing) {
        const lines = frameLine(missing, null, null, options);
        yield* lines.map((row, k) => gutter("", k === 0 ? "+" : "|") + paint("green", row.text));
      }
    }
  }

  function painted(row: FrameRow, isPrimary: boolean): string {
    if (row.kind === "text") return row.text;
    return paint(isPrimary ? severityStyle[finding.severity] : "cyan", row.text);
  }
}

/** `null` where the place is the whole line: marking everything marks nothing. */
function spanOf(location: Location, line: string): Span | null {
  const start = location.column - 1;
  const before = Array.from(line.slice(0, start * 2)).slice(0, start);
  if (before.every((character) => character === " ") && location.length >= columnsOf(line.trim())) return null;
  return { start, end: start + Math.max(1, location.length) };
}
