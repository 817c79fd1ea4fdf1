import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { documentedChecks } from "../../src/checks/documented.ts";
import { problemDocs } from "../../src/checks/problem-docs.ts";

test("every problem that the parser names is documented, and no other", () => {
  const folder = new URL("../../grammar/", import.meta.url);
  const named = new Set<string>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".ts"))) {
    const text = readFileSync(new URL(name, folder), "utf8");
    for (const [, id] of text.matchAll(/checkId(?:: | = )"([a-z-]+)"/g)) named.add(id ?? "");
    for (const [, id] of text.matchAll(/^ {8}"([a-z]+(?:-[a-z]+)+)",$/gm)) named.add(id ?? "");
  }
  const documented = problemDocs.map(({ id }) => id);
  expect([...named].filter((id) => !documented.includes(id))).toEqual([]);
  expect(documented.filter((id) => !named.has(id))).toEqual([]);
});

test("no two checks share an id", () => {
  const ids = documentedChecks.map(({ id }) => id);
  expect(ids.filter((id, k) => ids.indexOf(id) !== k)).toEqual([]);
});
