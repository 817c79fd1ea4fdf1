import { forTerminal, inertLines } from "./escape.ts";
import { allFindings, type Look, type Report } from "./report.ts";

/** `file:line:column: severity check-id: message`, the form that editors and grep know. */
export function* renderConcise(report: Report, look: Look): Iterable<string> {
  for (const { location, severity, checkId, message } of allFindings(report)) {
    const place = `${forTerminal(location.file, look.unicode)}:${location.line}:${location.column}`;
    yield inertLines(`${place}: ${severity} ${checkId}: ${forTerminal(message, look.unicode)}\n`);
  }
}
