import type { Severity } from "../checks/finding.ts";
import { forWorkflowMessage, forWorkflowProperty } from "./escape.ts";
import { allFindings, type Report } from "./report.ts";

const commands: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "notice" };

/** Workflow commands of GitHub Actions: annotations on the lines of the dump. */
export function* renderGithub(report: Report): Iterable<string> {
  for (const { file, reason } of report.unreadable) {
    yield `::error file=${forWorkflowProperty(file)},title=iptlint::${forWorkflowMessage(`${file} ${reason}`)}\n`;
  }
  for (const { severity, checkId, message, effect, remedy, location } of allFindings(report)) {
    const properties = [
      `file=${forWorkflowProperty(location.file)}`,
      `line=${location.line}`,
      ...(location.endLine === undefined ? [] : [`endLine=${location.endLine}`]),
      `col=${location.column}`,
      `title=${forWorkflowProperty(checkId)}`,
    ];
    const lines = [message, effect, remedy].filter((text) => text !== null).map(forWorkflowMessage);
    yield `::${commands[severity]} ${properties.join(",")}::${lines.join("%0A")}\n`;
  }
}
