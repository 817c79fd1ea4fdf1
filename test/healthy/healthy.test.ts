import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { byteString, bytesOf } from "../../grammar/bytes.ts";
import { lint } from "../../src/lint.ts";
import type { DumpText } from "../../src/nodes.ts";
import { withoutComments } from "../kubernetes/helpers/edit.ts";

const folder = new URL("../../fixtures/healthy/", import.meta.url);
const nodes = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

function textsOf(node: string): DumpText[] {
  const path = new URL(`${node}/`, folder);
  return readdirSync(path)
    .filter((name) => /-save\.txt(\.gz)?$/.test(name))
    .map((name) => {
      const bytes = readFileSync(new URL(name, path));
      return { name: `${node}/${name}`, bytes: name.endsWith(".gz") ? gunzipSync(bytes) : bytes };
    });
}

/** What would wake somebody up. */
function alarms(texts: readonly DumpText[], name: string): string[] {
  const [report] = lint([{ name, texts }]).nodes;
  return (report?.findings ?? [])
    .filter(({ severity }) => severity !== "info")
    .map(
      ({ severity, checkId, location, message }) =>
        `${location.file}:${location.line} ${severity} ${checkId}: ${message}`,
    );
}

describe("a healthy node has no finding of severity error or warning", () => {
  test("there are nodes of many kinds", () => {
    expect(nodes.length).toBeGreaterThanOrEqual(24);
  });

  test.each(nodes.map(({ name }) => name))("%s", (name) => {
    const texts = textsOf(name);
    expect(texts.length).toBeGreaterThan(0);
    expect(alarms(texts, name)).toEqual([]);
  });

  test.each(nodes.map(({ name }) => name))("%s, each text as a node of its own", (name) => {
    for (const text of textsOf(name)) expect(alarms([text], text.name)).toEqual([]);
  });

  test.each(nodes.map(({ name }) => name))("%s, written by an iptables that has no comments", (name) => {
    const bare = textsOf(name).map(({ name: file, bytes }) => ({
      name: file,
      bytes: bytesOf(withoutComments(byteString(bytes, 0, bytes.length))),
    }));
    expect(alarms(bare, name)).toEqual([]);
  });
});

test("a warning of iptables in the middle of a rule does not make a node ill", () => {
  const name = "warning-within-a-rule.txt";
  const bytes = readFileSync(new URL(`../../fixtures/syntax/${name}`, import.meta.url));
  expect(alarms([{ name, bytes }], name)).toEqual([]);
});

test("every healthy node has its line in the README", () => {
  const readme = readFileSync(new URL("README.md", folder), "utf8");
  for (const { name } of nodes) expect(readme).toContain(`| \`${name}\` |`);
});
