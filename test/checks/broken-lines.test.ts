import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import type { Finding } from "../../src/checks/finding.ts";
import { groupByNode, lint } from "../../src/index.ts";

const linesOf = (name: string): string[] =>
  readFileSync(new URL(`../../fixtures/dumps/${name}/iptables-save.txt`, import.meta.url), "latin1").split("\n");
const faults = ["nodeport-no-markmasq", "sep-no-hairpin", "wrong-probability", "sep-jump-removed-last"] as const;
const dumps = ["1.30.5-nft/faults/base", "1.30.5-nft/minimal", "1.20.2-legacy/minimal"].map(linesOf);

/** Findings of severity error and warning. */
const graveIn = (lines: readonly string[]): Finding[] =>
  lint(groupByNode([{ name: "d.txt", bytes: bytesOf(lines.join("\n")) }])).nodes.flatMap(({ findings }) =>
    findings.filter(({ severity }) => severity !== "info"),
  );
const inShort = ({ checkId, location, message }: Finding): string => `${location.line} ${checkId}: ${message}`;
const keyOf = ({ checkId, chain, servicePort }: Finding): string => `${checkId} ${chain} ${servicePort}`;
const put = (lines: readonly string[], at: number, line: string): string[] => [
  ...lines.slice(0, at),
  line,
  ...lines.slice(at + 1),
];

/** Whether the parser has something against the line: otherwise it is another rule, and judged as one. */
const isBroken = (lines: readonly string[], at: number): boolean =>
  parse(bytesOf(lines.join("\n"))).problems.some(
    ({ severity, node, checkId }) => severity !== "info" && node === at && checkId !== "missing-commit",
  );

const ways: Readonly<Record<string, (line: string, at: number) => string>> = {
  "cut off": (line, at) => line.slice(0, at),
  "without a quote": (line, at) => line.slice(0, at) + line.slice(at).replace('"', ""),
  "with a garbled byte": (line, at) => `${line.slice(0, at)}\x07${line.slice(at + 1)}`,
  "with a word too many": (line, at) => line.slice(0, at).replace(/ (?=\S*$)/, " @@@ ") + line.slice(at),
  "with an unknown option": (line, at) => line.slice(0, at).replace(/ (?=\S*$)/, " --frobnicate ") + line.slice(at),
  "without its beginning": (line, at) => line.slice(at % 4),
  "with counters cut short": (line, at) => `[1:2${line.slice(0, at).length % 2 === 0 ? " " : ""}${line}`,
};

describe("one broken line of a real dump is one finding, at that line", () => {
  const places = fc.record({
    dump: fc.nat(dumps.length - 1),
    place: fc.nat(9_999),
    within: fc.nat(9_999),
  });
  test.each(Object.keys(ways))("%s", (way) => {
    fc.assert(
      fc.property(places, ({ dump, place, within }) => {
        const lines = dumps[dump] as string[];
        const at = place % (lines.length - 1);
        const line = lines[at] as string;
        const broken = put(
          lines,
          at,
          (ways[way] as (typeof ways)[string])(line, 1 + (within % Math.max(1, line.length))),
        );
        if (broken[at] === line || !isBroken(broken, at)) return;
        const before = graveIn(lines).map(keyOf);
        const found = graveIn(broken).filter((finding) => !before.includes(keyOf(finding)));
        expect(found.map(inShort), broken[at]).toEqual([expect.stringMatching(`^${at + 1} `)]);
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

const [base] = dumps as [string[]];
const lineOf = (start: string, lines = base): number => lines.findIndex((line) => line.startsWith(start));

describe("what the line was is lost, and that is said with it", () => {
  test.each([
    ["an endpoint's DNAT", "-A KUBE-SEP-5QELHRCC7S7TONMB -p tcp", " -m tcp ", " -mm tcp ", "has no DNAT rule"],
    [
      "a share",
      '-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.3.14',
      "--mode",
      "@@@ --mode",
      "are shared",
    ],
    ["a hook", "-A PREROUTING", "-A", "xA", "no jump from nat PREROUTING to KUBE-SERVICES"],
    ["a chain", ":KUBE-SVC-CDGGSHYLG3RE2FKL", " - [0:0]", "", "is not declared"],
  ])("%s", (_name, start, right, wrong, effect) => {
    const at = lineOf(start);
    const [finding, ...others] = graveIn(put(base, at, (base[at] as string).replace(right, wrong)));
    expect(others).toEqual([]);
    expect(finding?.location.line).toBe(at + 1);
    expect(finding?.effect).toMatch(/^Without this line: /);
    expect(finding?.effect).toContain(effect);
  });

  test.each([
    ["COMMIT cut short", (line: string) => line.slice(0, 3)],
    ["COMMIT without its beginning", (line: string) => line.slice(2)],
    ["COMMIT behind what was a counter", (line: string) => `[1:2${line}`],
    ["COMMIT misspelt", () => "COMIT"],
    ["COMMIT with a word behind it", () => "COMMIT x"],
    ["an option before COMMIT", () => "--x COMMIT"],
  ])("%s", (_name, make) => {
    for (const [at, line] of base.entries())
      if (line === "COMMIT")
        expect(graveIn(put(base, at, make(line))).map(({ location }) => location.line)).toEqual([at + 1]);
  });

  test("a table's name", () => {
    for (const name of ["filter", "nat", "mangle"]) {
      const at = base.indexOf(`*${name}`);
      expect(graveIn(put(base, at, `*${name.slice(0, 2)}`)).map(inShort)).toEqual([
        expect.stringMatching(`^${at + 1} unknown-table`),
      ]);
    }
  });

  test("a name that is declared nowhere and used once", () => {
    const at = lineOf("-A KUBE-SEP-5QELHRCC7S7TONMB -p tcp");
    const found = graveIn(put(base, at, (base[at] as string).replace("SEP-5QEL", "SEP-QEL")));
    expect(found.map(({ checkId, location }) => [checkId, location.line])).toEqual([["undeclared-chain", at + 1]]);
  });
});

describe("a fault elsewhere is found all the same", () => {
  const ofFault = /CDGGSHYLG3RE2FKL|web:http|5QELHRCC7S7TONMB|SBDNNQERN355HRVZ|KKJQNTQ6WHSFOVCI/;
  test.each(faults)("%s", (fault) => {
    const lines = linesOf(`1.30.5-nft/faults/${fault}`);
    const wanted = graveIn(lines).map(keyOf);
    expect(wanted).toHaveLength(1);
    fc.assert(
      fc.property(fc.nat(lines.length - 1), fc.constantFrom(...Object.keys(ways)), fc.nat(200), (at, way, within) => {
        const line = lines[at] as string;
        if (!/^(?:-A|:)/.test(line) || ofFault.test(line)) return;
        const broken = put(lines, at, (ways[way] as (typeof ways)[string])(line, 20 + (within % line.length)));
        if (isBroken(broken, at)) expect(graveIn(broken).map(keyOf), broken[at]).toContain(wanted[0]);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test("a line of nonsense explains nothing", () => {
    const lines = linesOf("1.30.5-nft/faults/sep-no-hairpin");
    const wanted = graveIn(lines).map(keyOf);
    const at = lineOf("-A PREROUTING", lines);
    const found = graveIn([...lines.slice(0, at), "some words", ...lines.slice(at)]);
    expect(found.map(keyOf)).toContain(wanted[0]);
    expect(found).toHaveLength(2);
  });
});

test("two broken rules with the same words are a finding each, and no copies of each other", () => {
  const rule = "-A FORWARD -p tcp -m tcp --dport 99999 -j DROP";
  const text = ["*filter", ":FORWARD ACCEPT [0:0]", rule, rule, "COMMIT", ""].join("\n");
  const [node] = lint(groupByNode([{ name: "d.txt", bytes: bytesOf(text) }])).nodes;
  expect(node?.findings.map(({ checkId, location }) => `${location.line} ${checkId}`)).toEqual([
    "3 invalid-value",
    "4 invalid-value",
  ]);
});
