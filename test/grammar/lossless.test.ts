import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parse } from "../../grammar/parse.ts";
import { print } from "../../grammar/print.ts";
import { Source } from "../../grammar/source.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";
import { expectLaws, expectSameBytes } from "../properties/laws.ts";

const read = (path: string): Uint8Array => {
  const bytes = readFileSync(path);
  return path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
};

/** Texts below a folder, by name. */
const textsIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(txt|rules|save)(\.gz)?$/.test(name))
        .sort()
        .map((name) => `${folder}/${name}`)
    : [];

const fixtures = new URL("../../fixtures", import.meta.url).pathname;

describe("every fixture keeps the laws of the grammar", () => {
  const paths = textsIn(fixtures);
  test("there are fixtures", () => expect(paths.length).toBeGreaterThan(30));
  test.each(paths.map((path) => path.slice(fixtures.length + 1)))("%s", (name) => {
    expectLaws(read(`${fixtures}/${name}`));
  });
});

test("several files print as one text, each with lines of its own", () => {
  const texts = ["*nat\nCOMMIT", '\xef\xbb\xbf-A X -m comment --comment "a\nb"\n-A Y\n', "", "-A Z\r\n"].map(
    (text, index) => ({ name: `${index}`, bytes: Uint8Array.from(text, (char) => char.charCodeAt(0)) }),
  );
  const ast = parse(Source.join(texts));
  expectSameBytes(print(ast), Buffer.concat(texts.map(({ bytes }) => bytes)));
  expect([...ast].map(({ line, offset }) => [ast.place(offset).file, line])).toEqual([
    ["0", 1],
    ["0", 2],
    ["1", 1],
    ["1", 3],
    ["3", 1],
  ]);
});

describeShared("public and real texts", () => {
  test("every public text keeps the laws of the grammar", () => {
    const paths = textsIn(sharedPath("corpus"));
    expect(paths.length).toBeGreaterThan(140);
    for (const path of paths) expectLaws(read(path));
  });

  test("every real dump prints back and has no problem", { timeout: 300_000 }, () => {
    const paths = [...textsIn(sharedPath("dumps")), ...textsIn(sharedPath("versions"))];
    expect(paths.length).toBeGreaterThan(500);
    for (const path of paths) {
      const bytes = read(path);
      const ast = parse(bytes);
      expectSameBytes(print(ast), bytes);
      const problems = ast.problems.filter(({ severity }) => severity !== "info");
      // a table that native nft rules were added to is cut off by iptables-save itself
      if (!path.includes("native-nft-beside")) expect(problems, path).toEqual([]);
    }
  });
});
