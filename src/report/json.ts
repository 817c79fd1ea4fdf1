import { toJson } from "./escape.ts";
import { countBySeverity, type Report } from "./report.ts";

/** `iptlint/findings/1`, described by schema/findings.schema.json: one finding a line. */
export function* renderJson(report: Report): Iterable<string> {
  const nodes = report.nodes.map((node) => ({
    name: node.name,
    captures: node.captures,
    mode: node.mode,
    kubeProxy: node.kubeProxy,
    owners: node.owners,
    counts: countBySeverity(node),
    withheld: node.withheld,
    suppressed: node.suppressed.length,
    turnedOff: node.turnedOff,
    restore: node.restore,
    notes: node.notes,
  }));
  yield `{"schema":"iptlint/findings/1","version":${toJson(report.version)},\n`;
  yield `"nodes":[${lines(nodes)}],\n`;
  yield `"unreadable":[${lines(report.unreadable)}],\n"configuration":${toJson(report.configuration)},\n`;
  yield '"findings":[';
  const parted = separator();
  for (const node of report.nodes)
    for (const finding of node.findings) yield parted() + toJson({ node: node.name, ...finding });
  for (const remark of report.remarks) yield parted() + toJson({ node: null, ...remark });
  yield '\n],\n"suppressed":[';
  const partedAgain = separator();
  for (const node of report.nodes)
    for (const { finding, suppression } of node.suppressed)
      yield partedAgain() + toJson({ suppression, finding: { node: node.name, ...finding } });
  yield "\n]}\n";
}

/** What stands before each value of a list. */
function separator(): () => string {
  let next = "\n";
  return () => {
    const now = next;
    next = ",\n";
    return now;
  };
}

function lines(values: readonly unknown[]): string {
  return values.map((value) => `\n${toJson(value)}`).join(",");
}
