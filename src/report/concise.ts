import { forTerminal, inertLines } from "./escape.ts";
import type { Look, Report } from "./report.ts";

/** `file:line:column: severity check-id: message`, the form that editors and grep know. */
export function* renderConcise(report: Report, look: Look): Iterable<string> {
  for (const node of report.nodes) {
    for (const { location, severity, checkId, message } of node.findings) {
      const place = `${forTerminal(location.file, look.unicode)}:${location.line}:${location.column}`;
      yield inertLines(`${place}: ${severity} ${checkId}: ${forTerminal(message, look.unicode)}\n`);
    }
  }
}
