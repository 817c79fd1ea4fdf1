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
    suppressed: node.suppressed,
    notes: node.notes,
  }));
  yield `{"schema":"iptlint/findings/1","version":${toJson(report.version)},\n`;
  yield `"nodes":[${lines(nodes)}],\n`;
  yield `"unreadable":[${lines(report.unreadable)}],\n`;
  yield '"findings":[';
  let separator = "\n";
  for (const node of report.nodes) {
    for (const finding of node.findings) {
      yield `${separator}${toJson({ node: node.name, ...finding })}`;
      separator = ",\n";
    }
  }
  yield "\n]}\n";
}

function lines(values: readonly unknown[]): string {
  return values.map((value) => `\n${toJson(value)}`).join(",");
}
