import type { Finding } from "../checks/finding.ts";
import { asCode, asCodeBlock, forMarkdown, inertLines } from "./escape.ts";
import { findingFrames } from "./frames.ts";
import {
  countBySeverity,
  countsInWords,
  groupDigits,
  hiddenInWords,
  type Look,
  type NodeReport,
  plural,
  type Report,
  readerInWords,
  restoreInWords,
} from "./report.ts";

/** Markdown to paste into an issue. */
export function* renderMarkdown(report: Report, look: Look): Iterable<string> {
  for (const piece of pieces(report, look)) yield inertLines(piece);
}

function* pieces(report: Report, look: Look): Iterable<string> {
  const plain: Look = { ...look, colour: false };
  for (const node of report.nodes) {
    if (!look.quiet) yield* summary(node);
    for (const finding of node.findings) yield findingInMarkdown(finding, report, plain, node.captures.length > 1);
    for (const { checkId, count } of node.withheld) yield `and ${groupDigits(count)} more of ${asCode(checkId)}\n\n`;
  }
  for (const remark of report.remarks) yield findingInMarkdown(remark, report, plain, true);
  for (const { file, reason } of report.unreadable) yield `${asCode(file)} ${forMarkdown(reason)}\n\n`;
  const configured = report.configuration === null ? "" : `, configured by ${asCode(report.configuration)}`;
  if (!look.quiet) yield `iptlint ${forMarkdown(report.version)}${configured}\n`;
}

function* summary(node: NodeReport): Iterable<string> {
  if (node.restore !== null) {
    yield `### ${asCode(node.name)}: ${restoreInWords(node.restore)}\n\n`;
    for (const note of [readerInWords(node.restore), ...node.notes]) yield `- ${forMarkdown(note)}\n`;
    yield "\n";
    return;
  }
  const counts = countsInWords(countBySeverity(node));
  const missing = node.kubeProxy === null && node.expectsKubeProxy;
  yield `### ${asCode(node.name)}: ${missing ? "no kube-proxy Service rules in this capture, " : ""}${counts}\n\n`;
  if (node.kubeProxy !== null) {
    const { form, services, servicePorts, endpoints } = node.kubeProxy;
    const numbers = [plural(services, "Service"), plural(servicePorts, "service port"), plural(endpoints, "endpoint")];
    yield `- ${forMarkdown(form)}: ${numbers.join(", ")}\n`;
  }
  for (const { file, rules, tool, version } of node.captures) {
    const by = tool === null ? "" : `, captured with ${forMarkdown(`${tool} ${version ?? ""}`.trim())}`;
    yield `- ${asCode(file)}: ${plural(rules, "rule")}${by}\n`;
  }
  for (const line of hiddenInWords(node)) yield `- ${forMarkdown(line)}\n`;
  for (const note of node.notes) yield `- ${forMarkdown(note)}\n`;
  yield "\n";
}

function findingInMarkdown(finding: Finding, report: Report, look: Look, showFile: boolean): string {
  const parts = [`#### ${finding.severity} ${asCode(finding.checkId)}`, forMarkdown(finding.message)];
  if (finding.effect !== null) parts.push(forMarkdown(finding.effect));
  const frames = [...findingFrames(finding, report, look, showFile)];
  if (frames.length > 0) parts.push(asCodeBlock(frames.join("\n")));
  const advice = [];
  if (finding.confirm !== null) advice.push(`- confirm: ${asCode(finding.confirm)}`);
  if (finding.remedy !== null) advice.push(`- remedy: ${forMarkdown(finding.remedy)}`);
  if (advice.length > 0) parts.push(advice.join("\n"));
  return `${parts.join("\n\n")}\n\n`;
}
