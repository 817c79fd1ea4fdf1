import { join } from "node:path";
import { expect, test } from "vitest";
import { candidates, candidatesOf, type Resolution } from "../../src/checks/candidates.ts";
import type { CheckDocumentation } from "../../src/checks/check.ts";
import { refusedLine, suppressionDocs } from "../../src/checks/documented.ts";
import { allChecks } from "../../src/checks/index.ts";
import { problemDocs } from "../../src/checks/problem-docs.ts";
import { lint } from "../../src/lint.ts";
import { formats } from "../../src/report/formats.ts";
import { type CheckFixture, checkFixtures, expectedIn } from "./helpers/fixtures.ts";

const fixtures = checkFixtures();
const encoder = new TextEncoder();

/** The findings of one check as the command line prints them, without the summary of the node. */
function outputOf({ path, text, check, config }: CheckFixture): string {
  const report = lint([{ name: path, texts: [{ name: path, bytes: encoder.encode(text) }] }], {
    only: [check],
    config,
  });
  return [...formats.text(report, { width: 100, colour: false, unicode: true, quiet: true })].join("").trim();
}

const link = (id: string): string => `[${id}](#${id})`;

function resolutionInWords(resolution: Resolution): string {
  if ("check" in resolution) return link(resolution.check);
  if ("within" in resolution) return `${link(resolution.within)}: ${resolution.because}`;
  return "needs" in resolution ? `needs ${resolution.needs}` : resolution.reason;
}

function section(check: CheckDocumentation): string {
  const own = fixtures.filter((each) => each.check === check.id);
  const trip = own.find(
    ({ text, isQuiet }) => !isQuiet && expectedIn(text).some(({ checkId }) => checkId === check.id),
  );
  const quiet = own.find(({ isQuiet }) => isQuiet);
  const numbers = candidatesOf(check.id);
  return [
    `## ${check.id}`,
    `${check.summary}. *${check.severity}, ${check.confidence}; since ${check.since}*`,
    `**Why.** ${check.why}`,
    `**Evidence.** ${check.evidence}`,
    `**Confirm.** \`${check.confirm}\``,
    `**Fine when.** ${check.whenFine}`,
    `**Remedy.** ${check.remedy}`,
    ...(trip === undefined ? [] : [`**Trips.** ${trip.scenario}`, `\`\`\`text\n${outputOf(trip)}\n\`\`\``]),
    ...(quiet === undefined ? [] : [`**Quiet.** ${quiet.scenario} ([${quiet.name}](../../${quiet.path}))`]),
    ...(check.references.length === 0
      ? []
      : [`**References.** ${check.references.map((url) => `<${url}>`).join(" ")}`]),
    ...(numbers.length === 0 ? [] : [`**Candidates.** ${numbers.join(", ")}`]),
  ].join("\n\n");
}

const others: readonly CheckDocumentation[] = [...suppressionDocs, refusedLine];

function page(): string {
  const sorted = [...allChecks].sort((a, b) => (a.id < b.id ? -1 : 1));
  const rows = (checks: readonly CheckDocumentation[]): string[] => [
    "| check | severity | what |",
    "|---|---|---|",
    ...checks.map(({ id, severity, summary }) => `| ${link(id)} | ${severity} | ${summary} |`),
  ];
  return [
    "# Checks",
    "Lint rules are called checks here, since a rule is a line of a chain. Severity is the worst that a check says; each finding's own comes from",
    "the trace of that very dump. This page is written by `npx vitest run test/checks/readme.test.ts -u` from the checks themselves and from",
    "`fixtures/checks`; a test proves that every example does what it says.",
    "",
    ...rows(sorted),
    "",
    "## What the parser finds",
    "",
    ...rows(problemDocs),
    "",
    "## What is found about suppressions, and with --restore",
    "",
    ...rows(others),
    "",
    "## Failures that people met",
    "",
    "What became of each failure that was collected from public threads: a check, a part of one, or why a capture cannot show it.",
    "",
    "| # | failure | resolved |",
    "|---|---|---|",
    ...[...candidates].map(
      ([number, { failure, resolution }]) => `| ${number} | ${failure} | ${resolutionInWords(resolution)} |`,
    ),
    "",
    ...sorted.flatMap((check) => [section(check), ""]),
    ...[...problemDocs, ...others].flatMap((check) => [section(check), ""]),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

test("the page of the checks is what checks and fixtures say", async () => {
  await expect(page()).toMatchFileSnapshot(join(import.meta.dirname, "../../src/checks/README.md"));
});

test("every example on the page names its check, and quiet dumps have no finding of it", () => {
  for (const fixture of fixtures) {
    const output = outputOf(fixture);
    const expected = expectedIn(fixture.text).filter(({ checkId }) => checkId === fixture.check);
    if (fixture.isQuiet) expect([fixture.path, output]).toEqual([fixture.path, ""]);
    else if (expected.length > 0) expect(output).toContain(fixture.check);
  }
});
