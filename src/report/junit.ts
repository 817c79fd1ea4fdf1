import type { Finding } from "../checks/finding.ts";
import type { SuppressedFinding } from "../suppress/suppression.ts";
import { forXml, inertLines } from "./escape.ts";
import type { NodeReport, Report } from "./report.ts";

/** JUnit XML as CI services read it: a suite per node, a case per finding; info does not fail. */
export function* renderJunit(report: Report): Iterable<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="iptlint">\n';
  for (const node of report.nodes) yield* suite(node);
  if (report.remarks.length > 0) yield* remarks(report.remarks);
  for (const { file, reason } of report.unreadable) {
    const name = forXml(file);
    yield `  <testsuite name="${name}" tests="1" failures="0" errors="1">\n`;
    yield `    <testcase name="readable" classname="${name}"><error message="${forXml(reason)}"/></testcase>\n`;
    yield "  </testsuite>\n";
  }
  yield "</testsuites>\n";
}

function* suite(node: NodeReport): Iterable<string> {
  const name = forXml(node.name);
  const lacksKubeProxy = node.kubeProxy === null && node.expectsKubeProxy;
  const failures = node.findings.filter((finding) => finding.severity !== "info").length + (lacksKubeProxy ? 1 : 0);
  const skipped = node.suppressed.length;
  yield `  <testsuite name="${name}" tests="${node.findings.length + skipped + 1}" failures="${failures}" errors="0"${skipped > 0 ? ` skipped="${skipped}"` : ""}>\n`;
  const whole = node.restore === null ? "kube-proxy rules" : "iptables-restore";
  yield `    <testcase name="${whole}" classname="${name}">`;
  if (lacksKubeProxy) yield '<failure message="no kube-proxy Service rules in this capture"/>';
  yield "</testcase>\n";
  for (const finding of node.findings) yield testCase(finding);
  for (const each of node.suppressed) yield skippedCase(each);
  yield "  </testsuite>\n";
}

function* remarks(findings: readonly Finding[]): Iterable<string> {
  const failures = findings.filter((finding) => finding.severity !== "info").length;
  yield `  <testsuite name="suppressions" tests="${findings.length}" failures="${failures}" errors="0">\n`;
  for (const finding of findings) yield testCase(finding);
  yield "  </testsuite>\n";
}

function skippedCase({ finding, suppression }: SuppressedFinding): string {
  const { checkId, location, message } = finding;
  const place = `${location.file}:${location.line}:${location.column}`;
  const why = suppression.reason ?? `in the baseline ${suppression.location.file}`;
  const head = `    <testcase name="${forXml(`${checkId} ${place}`)}" classname="${forXml(location.file)}">`;
  return inertLines(`${head}<skipped message="${forXml(`${message}; suppressed: ${why}`)}"/></testcase>\n`);
}

function testCase({ checkId, severity, message, effect, remedy, location }: Finding): string {
  const place = `${location.file}:${location.line}:${location.column}`;
  const head = `    <testcase name="${forXml(`${checkId} ${place}`)}" classname="${forXml(location.file)}">`;
  const body = [`${place}: ${severity} ${checkId}: ${message}`, effect, remedy]
    .filter((text) => text !== null)
    .map(forXml)
    .join("\n");
  if (severity === "info") return inertLines(`${head}<system-out>${body}</system-out></testcase>\n`);
  return inertLines(
    `${head}<failure type="${forXml(severity)}" message="${forXml(message)}">${body}</failure></testcase>\n`,
  );
}
