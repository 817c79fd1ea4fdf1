import { describe, expect, test } from "vitest";
import { byteString, bytesOf } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import { print } from "../../grammar/print.ts";
import { Source } from "../../grammar/source.ts";
import { expectLaws } from "../properties/laws.ts";

const warning = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n";
const dump = "*nat\n:X - [0:0]\n-A X -s 10.0.0.1/32 -j ACCEPT\n-A X -j RETURN\nCOMMIT\n";
const kindsOf = (text: string): string => [...parse(bytesOf(text))].map(({ kind }) => kind).join(" ");
const text = (bytes: Uint8Array): string => byteString(bytes, 0, bytes.length);

// `iptables-save > dump.txt 2>&1`: standard output is written in blocks, the warning at once
describe("a warning within a line", () => {
  test.each(Array.from({ length: dump.length }, (_, at) => at))("at byte %i", (at) => {
    const torn = dump.slice(0, at) + warning + dump.slice(at);
    const ast = parse(bytesOf(torn));
    expect([...ast].map(({ kind }) => kind).filter((kind) => kind !== "comment")).toEqual([
      "table",
      "chain",
      "rule",
      "rule",
      "commit",
    ]);
    expect(ast.problems.filter(({ severity }) => severity !== "info")).toEqual([]);
    expect(text(print(ast))).toBe(torn);
    expectLaws(bytesOf(torn));
  });

  test("stays a line of its own where it is one", () => {
    expect(parse(bytesOf(warning + dump)).problems).toEqual([]);
    expect(kindsOf(`*nat\n${warning}COMMIT\n`)).toBe("table comment commit");
  });

  test("of each command of several", () => {
    const six = warning.replaceAll("iptables", "ip6tables");
    const torn = `${dump.slice(0, 20)}${warning}${dump.slice(20)}${dump.slice(0, 30)}${six}${dump.slice(30)}`;
    expect(parse(bytesOf(torn)).problems).toHaveLength(2);
    expectLaws(bytesOf(torn));
  });

  test.each([
    ["behind a log's prefix", `node: ${warning}-A X -j RETURN\n`, "noise rule"],
    ["within a comment", `-A X -m comment --comment "${warning.trim()}" -j RETURN\n-A X\n`, "rule rule"],
    ["at the end of the text", `-A X -j RET${warning}`, "rule"],
    ["before a part without line end", `-A X -j RET${warning}URN`, "rule noise"],
    ["that says something else", "-A X -j RET# Warning: disk full\nURN\n", "rule noise"],
  ])("is left alone %s", (_name, torn, kinds) => {
    expect(kindsOf(torn)).toBe(kinds);
    expectLaws(bytesOf(torn));
  });

  test("does not reach into the next file", () => {
    const source = Source.join([
      { name: "a", bytes: bytesOf(`-A X -j RET${warning}`) },
      { name: "b", bytes: bytesOf("-A Y\n") },
    ]);
    expect(source.tears).toEqual([]);
  });

  test("leaves the caller's bytes as they are", () => {
    const bytes = Buffer.from(dump.slice(0, 20) + warning + dump.slice(20));
    const copy = Buffer.from(bytes);
    parse(bytes);
    expect(bytes.equals(copy)).toBe(true);
  });
});
