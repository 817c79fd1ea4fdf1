import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { KnownLines } from "../../grammar/known-lines.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import { randomRules } from "../bench/odd.mjs";
import { expectLawsOfText } from "../properties/laws.ts";

afterEach(() => vi.restoreAllMocks());

test("rules whose forms are not kept are read word by word ahead of the scanner", () => {
  let known = 0;
  const { read } = KnownLines.prototype;
  vi.spyOn(KnownLines.prototype, "read").mockImplementation(function (this: KnownLines, ...args) {
    const count = read.apply(this, args);
    known += count;
    return count;
  });
  const store = buildStore(bytesOf(randomRules(20_000)));
  expect(store.ruleCount).toBe(20_000);
  expect(known).toBeGreaterThan(11_000);
});

test("what only iptables-legacy refuses is refused of it alone, whichever comes first", () => {
  const nft = randomRules(6000).replace(/--limit \d+\/sec/g, (limit) =>
    limit.endsWith("7/sec") ? "--limit 1/day" : limit,
  );
  const legacy = nft.replace(" (nf_tables)", "");
  const problemsOf = (text: string): readonly unknown[] => buildStore(bytesOf(text)).ast.problems;
  for (const text of [nft + legacy, legacy + nft]) {
    const found = problemsOf(text);
    vi.spyOn(KnownLines.prototype, "read").mockReturnValue(0);
    expect(found).toEqual(problemsOf(text));
    vi.restoreAllMocks();
    expect(found.length).toBeGreaterThan(20);
  }
  expect(problemsOf(nft)).toEqual([]);
});

test("what is read so says what the scanner says, whatever is wrong with a line", () => {
  const lines = randomRules(300).trimEnd().split("\n");
  const rules = lines.flatMap((line, at) => (line.startsWith("-A ") ? [at] : []));
  const place = fc.nat(rules.length - 1);
  const edit = fc.record({
    at: place,
    from: fc.nat(200),
    much: fc.nat(3),
    text: fc.constantFrom(
      "",
      " ",
      "!",
      "! ",
      "9",
      "-",
      ",",
      ":",
      "/",
      "[",
      '"',
      "x",
      " -m tcp",
      " -m udp",
      " -j C1",
      " -A FORWARD",
      "\t",
    ),
    other: place,
    swap: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 30 }), (edits) => {
      const changed = [...lines];
      for (const { at, from, much, text, other, swap } of edits) {
        const line = changed[rules[at] as number] as string;
        const start = 3 + (from % line.length);
        changed[rules[at] as number] = line.slice(0, start) + text + line.slice(start + much);
        if (!swap) continue;
        // words of one line behind those of another
        const tail = (changed[rules[other] as number] as string).split(" ").slice(3);
        changed[rules[other] as number] = `${changed[rules[at] as number]} ${tail.join(" ")}`;
      }
      expectLawsOfText(changed.join("\n"));
    }),
    { numRuns: Number(process.env["IPTLINT_RUNS"] ?? 40) },
  );
});
