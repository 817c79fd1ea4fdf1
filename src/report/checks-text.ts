import type { CheckDocumentation } from "../checks/check.ts";
import { pad, wrapProse } from "./columns.ts";
import type { Look } from "./report.ts";
import { painter, severityStyle } from "./style.ts";

/** All checks, a line each. */
export function* renderCheckList(checks: readonly CheckDocumentation[], look: Look): Iterable<string> {
  const paint = painter(look.colour);
  const widest = checks.reduce((most, { id }) => Math.max(most, id.length), 0);
  const margin = "warning".length + 2 + widest + 2;
  for (const { id, severity, summary } of checks) {
    const head = `${paint(severityStyle[severity], pad(severity, 7))}  ${pad(id, widest)}  `;
    const lines = wrapProse(summary, Math.max(30, look.width - margin));
    yield `${head}${lines.join(`\n${" ".repeat(margin)}`)}\n`;
  }
}

/** One check: what, why, evidence, how to confirm it, when it is fine, what to do. */
export function* renderCheck(check: CheckDocumentation, look: Look): Iterable<string> {
  const paint = painter(look.colour);
  yield `${paint("bold", check.id)}: ${check.summary}\n`;
  yield `${paint(severityStyle[check.severity], check.severity)}, ${check.confidence}; since ${check.since}\n`;
  const sections: readonly [string, string][] = [
    ["why", check.why],
    ["evidence", check.evidence],
    ["confirm", check.confirm],
    ["fine when", check.whenFine],
    ["remedy", check.remedy],
  ];
  for (const [title, text] of sections) {
    yield `\n${paint("cyan", title)}\n${wrapProse(text, look.width - 2)
      .map((line) => `  ${line}\n`)
      .join("")}`;
  }
  if (check.references.length > 0) yield `\n${paint("cyan", "references")}\n`;
  for (const reference of check.references) yield `  ${reference}\n`;
}
