import type { Finding, Location, Severity } from "../checks/finding.ts";
import type { Suppression } from "../suppress/suppression.ts";
import { forSarifMessage, forTerminal, toJson } from "./escape.ts";
import type { CheckDoc, Report } from "./report.ts";

const levels: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };

/** SARIF 2.1.0 (OASIS), one result a line. */
export function* renderSarif(report: Report): Iterable<string> {
  const rules = ruleList(report);
  const ruleIndex = new Map(rules.map((rule, index) => [rule.id, index]));
  const driver = { name: "iptlint", version: report.version, rules: rules.map(ruleOf) };
  const invocation = {
    executionSuccessful: report.unreadable.length === 0,
    toolExecutionNotifications: report.unreadable.map(({ file, reason }) => ({
      level: "error",
      message: { text: forSarifMessage(`${file} ${reason}`) },
    })),
  };
  yield '{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{\n';
  yield `"tool":{"driver":${toJson(driver)}},\n`;
  yield `"columnKind":"unicodeCodePoints",\n"invocations":[${toJson(invocation)}],\n"results":[`;
  let separator = "\n";
  for (const { finding, suppression } of everyFinding(report)) {
    const suppressions = suppression === null ? {} : { suppressions: [suppressionOf(suppression)] };
    const result = { ...resultOf(finding, ruleIndex.get(finding.checkId) ?? -1), ...suppressions };
    yield `${separator}${toJson(result)}`;
    separator = ",\n";
  }
  yield "\n]}]}\n";
}

function* everyFinding(report: Report): Iterable<{ finding: Finding; suppression: Suppression | null }> {
  for (const { findings, suppressed } of report.nodes) {
    for (const finding of findings) yield { finding, suppression: null };
    yield* suppressed;
  }
  for (const finding of report.remarks) yield { finding, suppression: null };
}

/** Section 3.35: inSource is what stands in the text that was looked at. */
function suppressionOf({ by, reason, location }: Suppression) {
  return {
    kind: by === "comment" ? "inSource" : "external",
    status: "accepted",
    justification: forTerminal(reason ?? `in the baseline ${location.file}`),
    location: { physicalLocation: physical(location) },
  };
}

/** The documented checks, and a bare entry for each id that has no documentation. */
function ruleList(report: Report): (Partial<CheckDoc> & { readonly id: string })[] {
  const rules = new Map<string, Partial<CheckDoc> & { readonly id: string }>();
  for (const check of report.checks) rules.set(check.id, check);
  for (const { finding } of everyFinding(report)) {
    const { checkId } = finding;
    if (!rules.has(checkId)) rules.set(checkId, { id: checkId });
  }
  return [...rules.values()];
}

function ruleOf(check: Partial<CheckDoc> & { readonly id: string }) {
  const { id, severity, summary, why, remedy } = check;
  return {
    id,
    ...(summary !== undefined && { shortDescription: { text: forSarifMessage(summary) } }),
    ...(why !== undefined && { fullDescription: { text: forSarifMessage(why) } }),
    ...(remedy !== undefined && { help: { text: forSarifMessage(remedy) } }),
    ...(severity !== undefined && { defaultConfiguration: { level: levels[severity] } }),
  };
}

function resultOf(finding: Finding, ruleIndex: number) {
  const { table, chain, effect, remedy } = finding;
  const text = [finding.message, effect, remedy].filter((part) => part !== null).join(". ");
  const logical =
    chain === null
      ? {}
      : {
          logicalLocations: [{ name: forTerminal(chain), fullyQualifiedName: forTerminal(`${table ?? ""}/${chain}`) }],
        };
  return {
    ruleId: finding.checkId,
    ruleIndex,
    level: levels[finding.severity],
    message: { text: forSarifMessage(text) },
    locations: [{ physicalLocation: physical(finding.location), ...logical }],
    relatedLocations: finding.related.map(({ location, label }, id) => ({
      id,
      physicalLocation: physical(location),
      message: { text: forSarifMessage(label) },
    })),
    properties: { confidence: finding.confidence, servicePort: finding.servicePort, missing: finding.missing },
  };
}

function physical(location: Location) {
  const { line, column, length, endLine, byteOffset, byteLength } = location;
  const end = endLine === undefined ? { endColumn: column + length } : { endLine };
  return {
    artifactLocation: { uri: uriOf(location.file) },
    region: { startLine: line, startColumn: column, ...end, byteOffset, byteLength },
  };
}

/** A file name as URI reference (RFC 3986). */
function uriOf(file: string): string {
  const path = file
    .replace(/\p{Cs}/gu, "\ufffd")
    .split("/")
    .map(encodeURIComponent)
    .join("/");
  return path.startsWith("/") ? `file://${path}` : path;
}
