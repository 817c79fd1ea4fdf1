import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { candidates } from "../src/checks/candidates.ts";
import type { Check } from "../src/checks/check.ts";
import { allChecks } from "../src/checks/index.ts";
import { problemDocs } from "../src/checks/problem-docs.ts";
import { findingsIn, findingsOf } from "./checks/helpers/findings.ts";
import { checkFixtures, expectedIn } from "./checks/helpers/fixtures.ts";

const fixtures = checkFixtures();

/** Its dump would be larger than the rest of the repository: it is made here. */
const TOO_LARGE = "large-ruleset";

describe("every fixture reports exactly what its markers say, all checks together", () => {
  for (const fixture of fixtures)
    test(fixture.path, () => {
      const expected = expectedIn(fixture.text);
      const found = findingsOf(fixture).map(({ location, checkId, message }) => ({
        line: location.line,
        checkId,
        message,
      }));
      const shortened = found.map((each) => {
        const wanted = expected.find(
          ({ line, checkId, message }) =>
            line === each.line && checkId === each.checkId && each.message.startsWith(message),
        );
        return wanted ?? each;
      });
      const inOrder = (a: (typeof found)[0], b: (typeof found)[0]): number =>
        a.line - b.line || (a.checkId < b.checkId ? -1 : 1);
      expect([...shortened].sort(inOrder)).toEqual([...expected].sort(inOrder));
    });
});

describe("every check", () => {
  test.each(allChecks.map((check) => [check.id, check] as const))("%s has a tripping and a quiet fixture", (id) => {
    if (id === TOO_LARGE) return;
    const own = fixtures.filter(({ check }) => check === id);
    const trips = own.filter(({ text }) => expectedIn(text).some(({ checkId }) => checkId === id));
    expect(trips.map(({ isQuiet }) => isQuiet)).not.toContain(true);
    expect(trips.length).toBeGreaterThan(0);
    expect(own.filter(({ isQuiet }) => isQuiet).length).toBeGreaterThan(0);
    for (const { scenario } of own) expect(scenario).toMatch(/\S/);
  });

  test.each(allChecks.map((check) => [check.id, check] as const))("%s is documented", (_, check) => {
    expectDocumented(check);
    expect(check.run ?? check.runOnNode).toBeDefined();
    for (const reference of check.references) expect(() => new URL(reference)).not.toThrow();
  });

  test("ids are noun phrases in kebab-case, each once, and every folder of fixtures is one", () => {
    const ids = [...allChecks, ...problemDocs].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    expect(fixtures.map(({ check }) => check).filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("messages say facts: one line, no stop, no severity word, no advice", () => {
    for (const fixture of fixtures)
      for (const { message } of findingsOf(fixture)) {
        expect(message).not.toMatch(/\n|\.$/);
        expect(message).not.toMatch(/\b(?:error|warning|should|please)\b/i);
      }
  });

  test("findings name their check's remedy and say the effect", () => {
    for (const fixture of fixtures)
      for (const { effect, checkId, confirm } of findingsOf(fixture)) {
        if (problemDocs.some(({ id }) => id === checkId)) continue;
        expect([fixture.path, checkId, effect]).not.toEqual([fixture.path, checkId, null]);
        expect(confirm).toMatch(/\S/);
      }
  });
});

test("large-ruleset counts rules from 50,000 on", () => {
  const rules = (count: number): string =>
    [
      "*nat",
      ":PREROUTING ACCEPT [0:0]",
      ":PORTS - [0:0]",
      "-A PREROUTING -j PORTS",
      ...Array.from({ length: count }, (_, i) => `-A PORTS -d 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32 -j RETURN`),
      "COMMIT",
      "",
    ].join("\n");
  const ids = (count: number): string[] => findingsIn(rules(count)).map(({ checkId }) => checkId);
  expect(ids(50_000)).toEqual([TOO_LARGE]);
  expect(ids(100)).toEqual([]);
});

test("all hundred failures that were collected are resolved, by checks that there are", () => {
  const ids = new Set([...allChecks, ...problemDocs].map(({ id }) => id));
  expect([...candidates.keys()]).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  for (const [number, { resolution }] of candidates) {
    const id = "check" in resolution ? resolution.check : "within" in resolution ? resolution.within : null;
    if (id !== null) expect([number, id, ids.has(id)]).toEqual([number, id, true]);
    else expect(Object.values(resolution)[0]).toMatch(/\S/);
  }
});

test("each check is one file with its name, or one of a few that share a table", () => {
  const folder = join(import.meta.dirname, "../src/checks");
  const index = readFileSync(join(folder, "index.ts"), "utf8");
  for (const { id } of allChecks) {
    const name = id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    expect(index).toContain(name);
    if (existsSync(join(folder, `${id}.ts`))) continue;
    expect(index).toMatch(
      new RegExp(
        `\\{[^}]*\\b${name}\\b[^}]*\\} from "\\./(?:dead-rules|match-oddities|host-port-clashes|leftover-proxy-mode|notrack|aws-vpc-cni|duplicate-destination)\\.ts"`,
      ),
    );
  }
});

function expectDocumented(check: Check): void {
  const { summary, why, evidence, confirm, whenFine, remedy, since } = check;
  for (const text of [summary, why, evidence, confirm, whenFine, remedy]) expect(text.trim().length).toBeGreaterThan(3);
  expect(summary).not.toMatch(/\.$/);
  expect(since).toMatch(/^\d+\.\d+\.\d+$/);
}
