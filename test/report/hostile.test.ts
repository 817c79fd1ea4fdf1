import { SaxesParser } from "saxes";
import { describe, expect, test } from "vitest";
import { displayText, utf8ByteString } from "../../grammar/bytes.ts";
import { type FormatName, formats } from "../../src/report/formats.ts";
import { findingAt, look, nodeOf, reportOf, wholeLine } from "./sample.ts";

/** What somebody with a Service of their own can write into every node's rules. */
const attacks: readonly (readonly [string, string])[] = [
  ["terminal escapes", "\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil.example\x1b\\click\x9b31m"],
  ["a workflow command", "x\n::error file=a,line=1::owned"],
  ["a workflow command at once", "::set-output name=a::b"],
  ["an old workflow command", "##[error]owned ##[set-env name=A]b"],
  ["an Azure command", "##vso[task.setvariable variable=a]b ##teamcity[message text='x']"],
  ["HTML", "<script>alert(1)</script><img src=x onerror=alert(1)> &lt;b&gt; ]]> -->"],
  [
    "Markdown",
    "](javascript:alert(1)) ```\n# heading\n@team #1 **bold** | cell | `` ` `` https://evil.example www.evil.example",
  ],
  ["right-to-left marks", "\u202egnp.exe\u202c \u2066x\u2069 \u200e\u200f \u061c"],
  ["invisible characters", "a\u200bb\ufeffc\u2028d\u2029e\u00adf\u{e0041}"],
  ["broken UTF-8", displayText("\xff\xfe\xc0\x80\xed\xa0\x80")],
  ["placeholders and percent signs", "{0} {1} %0A %1b[0m $(x) `x`"],
  ["prototype names", "__proto__ constructor toString"],
  ["carriage returns", "fine\rerror: owned\b\b\b\0"],
  ["a megabyte", "A".repeat(1_000_000)],
  ["a megabyte of quotes", '\\"'.repeat(500_000)],
];

/** Everything that a terminal, a log or an editor may act on instead of showing it. The line feeds are ours. */
const active = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

function reportWith(text: string) {
  const lines = [`-A KUBE-SERVICES -m comment --comment "${text}" -j KUBE-SVC-CDGGSHYLG3RE2FKL`];
  const place = { ...wholeLine(lines, 1, text.slice(0, 2000)), column: 30, length: 40 };
  const finding = findingAt(place, {
    message: text,
    chain: text,
    servicePort: text,
    label: text,
    missing: [text],
    related: [{ location: place, label: text }],
    effect: text,
    confirm: text,
    remedy: text,
  });
  const suppression = { by: "comment", reason: text, location: place } as const;
  const node = nodeOf([finding, { ...finding, checkId: "other", severity: "info" }], {
    suppressed: [{ finding, suppression }],
    name: text.slice(0, 2000),
    owners: [text],
    notes: [text],
  });
  return reportOf(lines, [node], {
    configuration: text.slice(0, 2000),
    unreadable: [{ file: text.slice(0, 2000), reason: text }],
  });
}

function render(format: FormatName, text: string, changes = {}): string {
  return [...formats[format](reportWith(text), { ...look, ...changes })].join("");
}

describe.each(Object.keys(formats) as FormatName[])("%s", (format) => {
  test.each(attacks)("lets %s out as letters", (_name, text) => {
    const out = render(format, text);
    expect(out.replaceAll("\n", "")).not.toMatch(active);
    expect(out).not.toMatch(/##(vso|teamcity)?\[/);
    if (format !== "github") expect(out).not.toMatch(/^\s*::/m);
    if (format !== "json" && format !== "sarif") expect(out.length).toBeLessThan(300_000);
  });
});

test.each(attacks)("text in ASCII: %s", (_name, text) => {
  expect(render("text", text, { unicode: false })).toMatch(/^[ -~\n]*$/);
});

test.each(attacks)("json keeps the value of %s", (_name, text) => {
  const { findings } = JSON.parse(render("json", text));
  expect(findings[0].message).toBe(text);
  expect(findings[0].related[0].label).toBe(text);
});

test.each(attacks)("github writes one command a finding: %s", (_name, text) => {
  const commands = render("github", text).trimEnd().split("\n");
  expect(commands).toHaveLength(3);
  for (const command of commands) {
    expect(command).toMatch(/^::(error|notice) [^:]*::[^\n]*$/);
    // A property ends at a comma, the list at "::".
    expect(command.split("::")[1]?.split(",").length).toBeLessThanOrEqual(4);
  }
});

test.each(attacks)("junit is well-formed XML that holds no markup of %s", (_name, text) => {
  const names = new Set<string>();
  const parser = new SaxesParser();
  parser.on("opentag", ({ name }) => names.add(name));
  parser.on("error", (error) => {
    throw error;
  });
  parser.write(render("junit", text)).close();
  expect([...names].filter((name) => !/^(testsuites?|testcase|failure|error|skipped|system-out)$/.test(name))).toEqual(
    [],
  );
});

test.each(attacks)("markdown has %s in code only", (_name, text) => {
  const prose = withoutCode(render("markdown", text));
  expect(prose).not.toMatch(/[<>@\\[\]*_~&$|{}]|:\/\/|www\./i);
  expect(prose.match(/#+ .*|#/g)?.filter((match) => !/^#{3,4} /.test(match)) ?? []).toEqual([]);
});

test("SARIF messages hold no placeholder and no link", () => {
  const log = JSON.parse(render("sarif", "{0} [here](http://evil.example) \\"));
  expect(log.runs[0].results[0].message.text).toContain("{{0}} \\[here\\](http://evil.example) \\\\");
});

test("a line begins a command nowhere, even when the file is named so", () => {
  const [first] = render("concise", "::error::owned").split("\n");
  expect(first).toMatch(/^\\x3a:error::owned:1:30: /);
});

test("text of people stays as it is", () => {
  const text = "Größe 東京 😀 naïve default/web:http fd00:10:96::a [fd00::1]:80 50.0 % (SNAT)";
  expect(render("text", text)).toContain(text);
  expect(utf8ByteString(displayText(utf8ByteString(text)))).toBe(utf8ByteString(text));
});

/** Markdown without its code blocks and code spans (CommonMark 0.31, sections 4.5 and 6.1). */
function withoutCode(markdown: string): string {
  const blocks = markdown.replace(/^(`{3,})text\n[\s\S]*?^\1$/gm, "");
  return blocks.replace(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, "");
}
