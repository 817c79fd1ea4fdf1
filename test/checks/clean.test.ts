import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeShared, sharedPath } from "../helpers/shared.ts";
import { dumpsIn, fileOf, fixtures } from "../kubernetes/helpers/dumps.ts";
import { findingsIn, seriousIn } from "./helpers/findings.ts";

const TEXTS = ["iptables-save.txt", "iptables-save-c.txt", "ip6tables-save.txt", "ip6tables-save-c.txt"];

const isUnmodified = (name: string): boolean => !name.includes("faults/") || name.includes("faults/base");

/** Each text by itself, and those of both IP versions as one node. */
function expectQuiet(root: string): void {
  for (const dump of dumpsIn(root)) {
    if (!isUnmodified(dump.name)) continue;
    test(dump.name, () => {
      for (const name of TEXTS) {
        const text = fileOf(dump, name);
        if (text !== null) expect([name, seriousIn(text)]).toEqual([name, []]);
      }
      const [four, six] = [fileOf(dump, "iptables-save.txt"), fileOf(dump, "ip6tables-save.txt")];
      if (four !== null && six !== null) expect(seriousIn(four, six)).toEqual([]);
    });
  }
}

describe("no error and no warning on unmodified dumps", () => expectQuiet(fixtures));

describeShared("no error and no warning on any unmodified dump", () => expectQuiet(sharedPath("dumps")));

describeShared("other versions of iptables", () => {
  const folder = sharedPath("versions");
  const nodes = (name: string): string[] => readdirSync(join(folder, name)).map((each) => join(folder, name, each));
  const textsOf = (node: string): Buffer[] =>
    ["iptables-save.txt", "ip6tables-save.txt"].flatMap((name) => {
      try {
        return [readFileSync(join(node, name))];
      } catch {
        return [];
      }
    });

  for (const name of ["iptables-1.8.7-nft", "iptables-1.8.7-legacy", "iptables-1.8.11-nft", "iptables-1.8.11-legacy"])
    test(`${name} prints nothing that is wrong`, () => {
      for (const node of nodes(name)) expect([node, seriousIn(...textsOf(node))]).toEqual([node, []]);
    });

  test("rules of 1.8.9 printed by 1.8.7: one error, the capture's, and nothing of what follows from it", () => {
    for (const node of nodes("loaded-1.8.9-saved-1.8.7-nft")) {
      const found = findingsIn(...textsOf(node)).filter(({ severity }) => severity !== "info");
      expect([node, found.map(({ checkId, severity }) => `${severity} ${checkId}`)]).toEqual([
        node,
        ["error lost-matches"],
      ]);
    }
  });

  test("rules of 1.8.11 printed by 1.8.9 lose nothing", () => {
    for (const node of nodes("loaded-1.8.11-saved-1.8.9-nft"))
      expect([node, seriousIn(...textsOf(node))]).toEqual([node, []]);
  });
});
