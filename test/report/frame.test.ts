import { expect, test } from "vitest";
import { frameLine } from "../../src/report/frame.ts";

const wide = { width: 94, unicode: true };
const rule = '-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.10/32 -m comment --comment "a b" -j DROP';

/** The rows as one text, as the report shows them. */
function shown(line: string, span: [number, number] | null, label: string | null, options = wide): string {
  const at = span === null ? null : { start: span[0], end: span[1] };
  return frameLine(line, at, label, options)
    .map((row) => row.text)
    .join("\n");
}

test("breaks before a flag and keeps its values with it", () => {
  expect(shown(rule, null, null, { ...wide, width: 48 })).toBe(`-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16
   -d 10.96.0.10/32 -m comment --comment "a b"
   -j DROP`);
});

test("marks exactly what it points at", () => {
  const start = rule.indexOf("10.96");
  const marks = " ".repeat(start) + "^".repeat(13);
  expect(shown(rule, [start, start + 13], "here", { ...wide, width: 200 })).toBe(`${rule}\n${marks} here`);
});

test("marks below the row that holds the place", () => {
  const start = rule.indexOf("-j DROP");
  expect(
    shown(rule, [start, start + 7], "here", { ...wide, width: 48 })
      .split("\n")
      .slice(2),
  ).toEqual(["   -j DROP", "   ^^^^^^^ here"]);
});

test("counts code points, not UTF-16 units, and columns, not code points", () => {
  const line = '-m comment --comment "😀東京" -j WRONG';
  const start = Array.from(line).indexOf("W");
  expect(shown(line, [start, start + 5], null).split("\n")[1]).toBe(`${" ".repeat(start + 3)}^^^^^`);
});

test("a long comment loses its middle, a name never", () => {
  const line = `-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "${"x".repeat(100_000)}" -j KUBE-MARK-MASQ`;
  const text = shown(line, null, null);
  expect(text.length).toBeLessThan(200);
  expect(text).toContain("KUBE-SVC-CDGGSHYLG3RE2FKL");
  expect(text).toContain("KUBE-MARK-MASQ");
  expect(text).toContain("x…x");
});

test("a place deep in a long word is in the window", () => {
  const line = `--comment ${"x".repeat(5000)}BAD${"x".repeat(5000)}`;
  expect(shown(line, [5010, 5013], null)).toContain("BAD");
});

test("a long line keeps its beginning, the place and its end", () => {
  const line = `-A FIRST ${"-m x ".repeat(10_000)}-j WRONG ${"-m y ".repeat(10_000)}-j LAST`;
  const start = line.indexOf("WRONG");
  const text = shown(line, [start, start + 5], "here");
  expect(text.split("\n").length).toBeLessThan(14);
  for (const part of ["FIRST", "WRONG", "^^^^^ here", "LAST", "…"]) expect(text).toContain(part);
});

test("a word wider than the row is broken, nothing of it lost", () => {
  const name = "KUBE-".repeat(30);
  expect(shown(`-A ${name} -j DROP`, null, null, { ...wide, width: 40 }).replace(/\n {3}/g, "")).toContain(name);
});

test.each([
  ["", ""],
  ["   ", ""],
  ['"', '"'],
  ["\\", "\\"],
  ['-A "a\\', '-A "a\\'],
  ["a  b\tc", "a b\\tc"],
])("any text has a frame: %j", (line, expected) => {
  expect(shown(line, [0, 3], null).split("\n")[0]).toBe(expected);
});

test("of a line of very many words those near the mark and the last stand in their order", () => {
  const line = Array.from({ length: 20_000 }, (_, k) => `w${k}`).join(" ");
  for (const word of ["w19990", "w19999", "w10000", "w3"]) {
    const start = line.indexOf(`${word} `) < 0 ? line.length - word.length : line.indexOf(`${word} `);
    const rows = frameLine(line, { start, end: start + word.length }, null, { width: 60, unicode: true });
    const shown = rows.flatMap(({ kind, text }) => (kind === "text" ? text.split(" ").filter(Boolean) : []));
    const places = shown.map((text) => Number(text.slice(1)));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(shown).toContain(word);
    expect(shown.at(-1)).toBe("w19999");
  }
});
