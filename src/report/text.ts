import type { Finding } from "../checks/finding.ts";
import { wrapProse } from "./columns.ts";
import { elsewhere } from "./elsewhere.ts";
import { forTerminal, inertLines } from "./escape.ts";
import { findingFrames } from "./frames.ts";
import {
  type CaptureSummary,
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
import { type Paint, painter, severityStyle } from "./style.ts";

/** For people: each node's answer first, then every finding with the lines that show it, what it does and what to do. */
export function* renderText(report: Report, look: Look): Iterable<string> {
  const paint = painter(look.colour);
  let before: Block["kind"] | null = null;
  for (const { kind, lines } of blocks(report, look, paint)) {
    // Brief blocks stand together.
    const gap = before === null || (kind === "brief" && before === "brief") ? "" : "\n";
    yield inertLines(`${gap}${[...lines].join("\n")}\n`);
    before = kind;
  }
  if (report.nodes.length > 1 && !look.quiet) yield `\n${totals(report)}\n`;
  if (report.configuration !== null && !look.quiet)
    yield `\n${[...indented(`configured by ${report.configuration}`, 0, look)].join("\n")}\n`;
}

interface Block {
  readonly kind: "whole" | "brief";
  readonly lines: Iterable<string>;
}

function* blocks(report: Report, look: Look, paint: Paint): Iterable<Block> {
  const explained = new Set<string>();
  for (const node of report.nodes) {
    if (!look.quiet) yield { kind: "whole", lines: summary(node, look, paint) };
    yield* findingBlocks(node.findings, node.captures.length > 1);
    if (node.withheld.length === 0 || look.quiet) continue;
    const left = node.withheld.map(({ checkId, count }) => `and ${groupDigits(count)} more of ${checkId}`);
    yield { kind: "whole", lines: [...left, "  (--max-findings 0 shows them all)"] };
  }
  yield* findingBlocks(report.remarks, true);

  function* findingBlocks(findings: readonly Finding[], showFile: boolean): Iterable<Block> {
    for (const finding of findings) {
      const isFirst = !explained.has(finding.checkId);
      explained.add(finding.checkId);
      const lines = findingLines(finding, report, look, paint, showFile, isFirst);
      yield { kind: finding.severity === "info" ? "brief" : "whole", lines };
    }
  }
}

/** What the node is and whether it is fine, in a few lines. */
function* summary(node: NodeReport, look: Look, paint: Paint): Iterable<string> {
  const counts = countBySeverity(node);
  const total = counts.error + counts.warning + counts.info;
  const name = forTerminal(node.name, look.unicode);
  if (node.restore !== null) {
    const answer = paint(total === 0 ? "green" : severityStyle.error, restoreInWords(node.restore));
    yield `${paint("bold", name)}: ${answer}`;
    yield* indented(readerInWords(node.restore), 2, look);
    for (const note of node.notes) yield* indented(note, 2, look);
    return;
  }
  const worst = counts.error > 0 ? "error" : counts.warning > 0 ? "warning" : null;
  if (node.kubeProxy === null && node.expectsKubeProxy) {
    yield `${paint("bold", name)}: ${paint("yellow", "no kube-proxy Service rules in this capture")}${seen(node, look)}`;
    if (total > 0) yield `  ${countsInWords(counts)}`;
    for (const line of elsewhere(node.mode)) yield* indented(line, 2, look);
  } else {
    const told = countsInWords(counts) + besides(node);
    const verdict = worst === null ? `ok, ${told}` : told;
    yield `${paint("bold", name)}: ${paint(worst === null ? "green" : severityStyle[worst], verdict)}`;
  }
  if (node.kubeProxy !== null) {
    const { form, services, servicePorts, endpoints, vital } = node.kubeProxy;
    const numbers = [plural(services, "Service"), plural(servicePorts, "service port"), plural(endpoints, "endpoint")];
    yield* indented(`${form}: ${numbers.join(", ")}`, 2, look);
    const health = vital.map(({ service, endpoints: fewest }) => {
      if (fewest === null) return `endpoints of ${service} not shown`;
      return `${service} ${fewest === 0 ? "has no endpoint" : plural(fewest, "endpoint")}`;
    });
    if (health.length > 0) yield* indented(health.join(", "), 2, look);
  } else if (!node.expectsKubeProxy) {
    yield* indented(`no kube-proxy Service rules, as expected${seen(node, look)}`, 2, look);
  }
  for (const capture of node.captures) yield* indented(captureInWords(capture, node), 2, look);
  for (const line of hiddenInWords(node)) yield* indented(line, 2, look);
  for (const note of node.notes) yield* indented(note, 2, look);
}

/** What is fine only because somebody said so is never fine without a word. */
function besides({ suppressed, turnedOff }: NodeReport): string {
  const off = turnedOff.reduce((sum, { count }) => sum + count, 0);
  const parts = [
    suppressed.length > 0 ? `${groupDigits(suppressed.length)} suppressed` : null,
    off > 0 ? `${groupDigits(off)} turned off` : null,
  ];
  return parts
    .filter((part) => part !== null)
    .map((part) => `; ${part}`)
    .join("");
}

function seen({ owners }: NodeReport, { unicode }: Look): string {
  const [one, ...others] = owners.map((owner) => forTerminal(owner, unicode));
  if (one === undefined) return "";
  return others.length === 0 ? ` (seen: ${one}'s chains)` : ` (seen: chains of ${one}, ${others.join(", ")})`;
}

function captureInWords(capture: CaptureSummary, node: NodeReport): string {
  const several = node.captures.length > 1;
  const file = capture.file.startsWith(`${node.name}/`) ? capture.file.slice(node.name.length + 1) : capture.file;
  const family = capture.family === null ? "" : several || capture.family === 6 ? ` of IPv${capture.family}` : "";
  const rules = `${several ? `${file}: ` : ""}${plural(capture.rules, "rule")}${family}`;
  const backend = capture.backend === null ? "" : `, ${capture.backend} back end`;
  if (capture.tool === null) return `${rules}${backend}; the text does not say which program captured it`;
  return `${rules}, captured with ${capture.tool}${capture.version === null ? "" : ` ${capture.version}`}${backend}`;
}

function totals(report: Report): string {
  const all = { error: 0, warning: 0, info: 0 };
  let fine = 0;
  for (const node of report.nodes) {
    const counts = countBySeverity(node);
    if (counts.error + counts.warning === 0 && (node.kubeProxy !== null || !node.expectsKubeProxy)) fine++;
    for (const severity of ["error", "warning", "info"] as const) all[severity] += counts[severity];
  }
  return `${plural(report.nodes.length, report.nodes.some((node) => node.restore !== null) ? "text" : "node")}, ${groupDigits(fine)} fine: ${countsInWords(all)}`;
}

function* findingLines(
  finding: Finding,
  report: Report,
  look: Look,
  paint: Paint,
  showFile: boolean,
  isFirst: boolean,
): Iterable<string> {
  const sure = finding.confidence === "certain" ? "" : ` (${finding.confidence})`;
  const head = `${finding.severity} ${finding.checkId}${sure}: `;
  const isBrief = finding.severity === "info";
  const place = isBrief ? ` (${showFile ? `${finding.location.file} ` : ""}line ${finding.location.line})` : "";
  const message = forTerminal(`${finding.message}${place}`, look.unicode);
  const [headline = "", ...rest] = wrapProse(head + message, look.width, 2);
  yield paint(severityStyle[finding.severity], headline.slice(0, head.trimEnd().length)) +
    paint("bold", headline.slice(head.trimEnd().length));
  for (const line of rest) yield paint("bold", line);
  if (finding.effect !== null) yield* indented(finding.effect, 2, look);

  // What is merely worth knowing does not push what is wrong off the screen.
  if (isBrief) {
    if (isFirst) yield* labelled("more", `iptlint checks ${finding.checkId}`, look, paint);
    return;
  }

  const frames = [...findingFrames(finding, report, look, showFile)];
  const advice: [string, string | null][] = [
    ["confirm", finding.confirm],
    ["remedy", finding.remedy],
    ["more", isFirst ? `iptlint checks ${finding.checkId}` : null],
  ];
  const given = advice.filter(([, text]) => text !== null);
  if (frames.length > 0) yield* ["", ...frames, ...(given.length > 0 ? [""] : [])];
  for (const [name, text] of given) yield* labelled(name, text ?? "", look, paint);
}

function* labelled(name: string, text: string, look: Look, paint: Paint): Iterable<string> {
  const margin = 11;
  const [first = "", ...rest] = wrapProse(forTerminal(text, look.unicode), look.width - margin);
  yield `  ${paint("cyan", name.padEnd(margin - 2))}${first}`;
  for (const line of rest) yield " ".repeat(margin) + line;
}

function* indented(text: string, margin: number, look: Look): Iterable<string> {
  for (const line of wrapProse(forTerminal(text, look.unicode), look.width - margin)) yield " ".repeat(margin) + line;
}
