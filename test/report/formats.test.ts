import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { type FormatName, formats } from "../../src/report/formats.ts";
import type { Report } from "../../src/report/report.ts";
import { expectSchema } from "../helpers/schema.ts";
import { findingAt, look, masqueradeDoc, nodeOf, reportOf, wholeLine } from "./sample.ts";

const lines = ["*nat", "-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL", "COMMIT"];

const finding = findingAt(wholeLine(lines, 2), {
  effect: "3 of 3 endpoints are reached without SNAT",
  remedy: "restart kube-proxy",
  confirm: "iptables -t nat -S KUBE-EXT-CDGGSHYLG3RE2FKL",
  related: [{ location: wholeLine(lines, 1), label: "in this table" }],
  missing: ["-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-MARK-MASQ"],
});
const spanning = findingAt({ ...wholeLine(lines, 1, "a b/größe.txt"), endLine: 3 }, { checkId: "x", severity: "info" });

const report = reportOf(lines, [nodeOf([finding, spanning]), nodeOf([], { name: "node-b.txt", kubeProxy: null })], {
  checks: [masqueradeDoc],
  unreadable: [{ file: "c.txt", reason: "is empty" }],
});

const render = (format: FormatName, of: Report = report) => [...formats[format](of, look)].join("");

test("json is what its schema says", () => {
  expectSchema("findings", JSON.parse(render("json")));
  expectSchema("findings", JSON.parse(render("json", reportOf([], []))));
});

test("json holds each finding on a line of its own, with its node", () => {
  const line = render("json")
    .split("\n")
    .find((each) => each.includes("missing-masquerade-mark"));
  expect(JSON.parse(line?.replace(/,$/, "") ?? "")).toEqual({ node: "node-a.txt", ...finding });
});

test("sarif is what the standard's own schema says", () => {
  // Draft 4 of JSON Schema; the standard's file uses nothing that later drafts changed but the name of its id.
  const {
    $schema: _,
    id: __,
    ...schema
  } = createRequire(import.meta.url)("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
  const validate = new Ajv({
    strict: false,
    unicodeRegExp: false,
    allErrors: true,
    formats: { uri: true, "uri-reference": true, "date-time": true },
  }).compile(schema);
  validate(JSON.parse(render("sarif")));
  expect(validate.errors ?? []).toEqual([]);
  validate(JSON.parse(render("sarif", reportOf([], []))));
  expect(validate.errors ?? []).toEqual([]);
  validate(JSON.parse(render("sarif", accepted)));
  expect(validate.errors ?? []).toEqual([]);
});

test("sarif points at the place, knows the check and says when an input was unreadable", () => {
  const run = JSON.parse(render("sarif")).runs[0];
  const [first, second] = run.results;
  expect(run.tool.driver.rules[first.ruleIndex]).toMatchObject({
    id: "missing-masquerade-mark",
    help: { text: "Restart kube-proxy." },
  });
  expect(first.locations[0].physicalLocation.region).toMatchObject({ startLine: 2, startColumn: 1, endColumn: 58 });
  expect(second.locations[0].physicalLocation).toMatchObject({
    artifactLocation: { uri: "a%20b/gr%C3%B6%C3%9Fe.txt" },
    region: { startLine: 1, endLine: 3 },
  });
  expect(run.columnKind).toBe("unicodeCodePoints");
  expect(run.invocations[0]).toMatchObject({ executionSuccessful: false });
});

test("concise is one line a finding", () => {
  expect(render("concise")).toBe(
    "node-a.txt:2:1: error missing-masquerade-mark: NodePort 30080/tcp of default/web:http is forwarded without a mark for SNAT\n" +
      "a b/größe.txt:1:1: info x: NodePort 30080/tcp of default/web:http is forwarded without a mark for SNAT\n",
  );
});

test("github is one command a finding, at its line", () => {
  expect(render("github").split("\n").slice(0, 2)).toEqual([
    "::error file=c.txt,title=iptlint::c.txt is empty",
    "::error file=node-a.txt,line=2,col=1,title=missing-masquerade-mark::NodePort 30080/tcp of default/web:http " +
      "is forwarded without a mark for SNAT%0A3 of 3 endpoints are reached without SNAT%0Arestart kube-proxy",
  ]);
});

test("markdown shows the lines of the dump as code", () => {
  const shown = render("markdown");
  expect(shown).toMatch(/^### `node-a.txt`: 1 error, 1 info\n/);
  expect(shown).toContain("```text\n    2 | -A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL\n");
  expect(shown).toContain("### `node-b.txt`: no kube-proxy Service rules in this capture, no findings");
});

test("junit counts what fails", () => {
  const shown = render("junit");
  expect(shown).toContain('<testsuite name="node-a.txt" tests="3" failures="1" errors="0">');
  expect(shown).toContain('<testsuite name="node-b.txt" tests="1" failures="1" errors="0">');
  expect(shown).toContain('<testsuite name="c.txt" tests="1" failures="0" errors="1">');
});

test("the same report gives the same bytes, whatever was rendered before", () => {
  for (const format of Object.keys(formats) as FormatName[]) expect(render(format)).toBe(render(format));
});

const accepted = reportOf(
  lines,
  [
    nodeOf([], {
      suppressed: [
        {
          finding,
          suppression: { by: "configuration", reason: "known", location: { ...wholeLine(lines, 1), file: "c.json" } },
        },
        { finding: spanning, suppression: { by: "comment", reason: "mine", location: wholeLine(lines, 2) } },
      ],
      turnedOff: [{ checkId: "y", severity: "warning", count: 3 }],
    }),
  ],
  {
    configuration: "c.json",
    remarks: [{ ...finding, checkId: "unused-suppression", severity: "info", message: "nothing" }],
  },
);

test("what is suppressed is listed as suppressed where a format can, and counted elsewhere", () => {
  const json = JSON.parse(render("json", accepted));
  expectSchema("findings", json);
  expect(json.suppressed).toMatchObject([
    { suppression: { by: "configuration", reason: "known" }, finding: { checkId: "missing-masquerade-mark" } },
    { suppression: { by: "comment", reason: "mine" }, finding: { checkId: "x", node: "node-a.txt" } },
  ]);
  expect(json.findings).toMatchObject([{ node: null, checkId: "unused-suppression" }]);
  expect(json.nodes[0]).toMatchObject({ suppressed: 2, turnedOff: [{ checkId: "y", count: 3 }] });

  const { results } = JSON.parse(render("sarif", accepted)).runs[0];
  expect(results.map((result: { suppressions?: { kind: string }[] }) => result.suppressions?.[0]?.kind)).toEqual([
    "external",
    "inSource",
    undefined,
  ]);
  expect(render("junit", accepted)).toContain('tests="3" failures="0" errors="0" skipped="2">');
  expect(render("junit", accepted)).toContain('; suppressed: known"/>');

  const told = "2 findings suppressed: missing-masquerade-mark (1 error) and x (1 info)";
  expect(render("text", accepted)).toMatch(/^node-a.txt: ok, no findings; 2 suppressed; 3 turned off\n/);
  expect(render("text", accepted)).toContain(`  ${told}\n  3 findings of checks that are turned off: y (3 warnings)\n`);
  expect(render("text", accepted)).toMatch(/\nconfigured by c\.json\n$/);
  expect(render("markdown", accepted).replaceAll("`", "")).toContain(`- ${told}\n`);
  expect(render("concise", accepted)).toBe("node-a.txt:2:1: info unused-suppression: nothing\n");
  expect(render("github", accepted)).toMatch(/^::notice file=node-a.txt,line=2,col=1,title=unused-suppression::/);
});
