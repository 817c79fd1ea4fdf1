import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, utf8ByteString } from "../../grammar/bytes.ts";
import { findBytes } from "../../grammar/find-bytes.ts";
import { parse } from "../../grammar/parse.ts";
import { Source } from "../../grammar/source.ts";
import { commentsIn } from "../../src/suppress/comments.ts";

const astOf = (text: string) => parse(Source.of(bytesOf(utf8ByteString(text))));

/** Directives as `LINE ids: reason`, and what is wrong with the others. */
function read(text: string): string[] {
  const ast = astOf(text);
  const { suppressions, malformed } = commentsIn(ast);
  return [
    ...suppressions.map(
      ({ target, checkIds, reason }) => `${target < 0 ? "nothing" : ast.line(target)} ${checkIds.join(" ")}: ${reason}`,
    ),
    ...malformed.map(({ offset, why }) => `${ast.place(offset).line} ${why()}`),
  ];
}

const rule = (comment: string) => `*nat\n-A A -m comment --comment ${comment} -j B\nCOMMIT\n`;

describe("in the comment of a rule", () => {
  test.each([
    ["a reason", '"iptlint-ignore duplicate-rule: owned by Calico"', "2 duplicate-rule: owned by Calico"],
    ["a colon in the reason", '"iptlint-ignore duplicate-rule: see: there"', "2 duplicate-rule: see: there"],
    ["several checks", '"iptlint-ignore duplicate-rule, shadowed-rule: x"', "2 duplicate-rule shadowed-rule: x"],
    ["blanks around", '"  iptlint-ignore   duplicate-rule  :  x  "', "2 duplicate-rule: x"],
    ["UTF-8", '"iptlint-ignore duplicate-rule: Größe"', "2 duplicate-rule: Größe"],
    ["quotes", '"iptlint-ignore duplicate-rule: say \\"x\\""', '2 duplicate-rule: say "x"'],
    ["a problem of the parser", '"iptlint-ignore trailing-text: x"', "2 trailing-text: x"],
    ["no reason", '"iptlint-ignore duplicate-rule"', "2 it gives no reason"],
    ["an empty reason", '"iptlint-ignore duplicate-rule: "', "2 it gives no reason"],
    ["no check", '"iptlint-ignore : x"', "2 it names no check"],
    ["nothing at all", "iptlint-ignore", "2 it names no check"],
    [
      "an unknown check",
      '"iptlint-ignore duplicate-rules: x"',
      '2 "duplicate-rules" is no check; did you mean duplicate-rule?',
    ],
    ["a pattern", '"iptlint-ignore *: x"', '2 "*" is no check'],
    ["a prototype name", '"iptlint-ignore __proto__: x"', '2 "__proto__" is no check'],
    ["the capture's own verdict", '"iptlint-ignore lost-matches: x"', "2 lost-matches is about the capture as a whole"],
    ["words before it", '"mine; iptlint-ignore duplicate-rule: x"', "2 iptlint-ignore does not begin the comment"],
    ["the other keyword", '"iptlint-ignore-next duplicate-rule: x"', "2 in a rule it is iptlint-ignore"],
  ])("%s", (_name, comment, expected) => {
    expect(read(rule(comment))).toEqual([expected]);
  });

  test.each([
    ["a longer word", "iptlint-ignored"],
    ["a name of somebody else's", "default/iptlint-ignore-web:http"],
    ["another comment", '"iptlint is fine"'],
  ])("%s is none", (_name, comment) => {
    expect(read(rule(comment))).toEqual([]);
  });

  test("a second comment of a rule counts as well", () => {
    const text = '*nat\n-A A -m comment --comment "a b" -m comment --comment "iptlint-ignore duplicate-rule: x" -j B\n';
    expect(read(text)).toEqual(["2 duplicate-rule: x"]);
  });

  test("only comments count", () => {
    expect(read('*nat\n-A A -j LOG --log-prefix "iptlint-ignore duplicate-rule: x"\nCOMMIT\n')).toEqual([]);
    expect(read("*nat\n:iptlint-ignore - [0:0]\nCOMMIT\n")).toEqual([]);
  });
});

describe("in a line of its own", () => {
  test.each([
    ["before a rule", "*nat\n# iptlint-ignore-next duplicate-rule: x\n-A A -j B\n", ["3 duplicate-rule: x"]],
    ["without a blank", "*nat\n#iptlint-ignore-next duplicate-rule: x\n-A A -j B\n", ["3 duplicate-rule: x"]],
    ["before a table", "# iptlint-ignore-next partial-capture: x\n*nat\nCOMMIT\n", ["2 partial-capture: x"]],
    [
      "with comments and blanks between",
      "# iptlint-ignore-next duplicate-rule: x\n\n# why\n-A A -j B\n",
      ["4 duplicate-rule: x"],
    ],
    [
      "two for one line",
      "# iptlint-ignore-next duplicate-rule: x\n# iptlint-ignore-next shadowed-rule: y\n-A A -j B\n",
      ["3 duplicate-rule: x", "3 shadowed-rule: y"],
    ],
    ["at the end", "*nat\nCOMMIT\n# iptlint-ignore-next duplicate-rule: x\n", ["nothing duplicate-rule: x"]],
    ["with CR LF", "*nat\r\n# iptlint-ignore-next duplicate-rule: x\r\n-A A -j B\r\n", ["3 duplicate-rule: x"]],
    [
      "the other keyword",
      "# iptlint-ignore duplicate-rule: x\n-A A -j B\n",
      ["1 in a line of its own it is iptlint-ignore-next"],
    ],
    ["no reason", "# iptlint-ignore-next duplicate-rule\n-A A -j B\n", ["1 it gives no reason"]],
    ["prose", "# to accept it write iptlint-ignore-next duplicate-rule: x\n-A A -j B\n", []],
  ])("%s", (_name, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test("it does not reach into the next file", () => {
    const text = (name: string, content: string) => ({ name, bytes: bytesOf(content) });
    const ast = parse(
      Source.join([
        text("a", "*nat\nCOMMIT\n# iptlint-ignore-next duplicate-rule: x\n"),
        text("b", "*filter\nCOMMIT\n"),
      ]),
    );
    expect(commentsIn(ast).suppressions.map(({ target }) => target)).toEqual([-1]);
  });
});

test("hostile comments are read in linear time", () => {
  const many = `*nat\n${"# iptlint-ignore-next duplicate-rule: x\n".repeat(100_000)}-A A -j B\nCOMMIT\n`;
  expect(commentsIn(astOf(many)).suppressions).toHaveLength(100_000);
  const long = rule(`"iptlint-ignore ${"a ".repeat(500_000)}: x"`);
  expect(commentsIn(astOf(long)).malformed).toHaveLength(1);
  expect(commentsIn(astOf(rule(`"${"iptlint-ignore ".repeat(70_000)}"`))).malformed).toHaveLength(1);
});

test("no text makes it throw", () => {
  const piece = fc.constantFrom(
    "iptlint-ignore",
    "-next",
    " ",
    ":",
    "duplicate-rule",
    '"',
    "#",
    "\n",
    "-A A ",
    "-m comment --comment ",
    "*nat",
    "\xff",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const { suppressions, malformed } = commentsIn(parse(Source.of(bytesOf(pieces.join("")))));
      for (const { why } of malformed) why();
      for (const { reason } of suppressions) expect(reason).not.toBe("");
    }),
    { numRuns: 500 },
  );
});

test("a word is found where indexOf finds it", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 40 });
  fc.assert(
    fc.property(
      letters,
      fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 }),
      fc.nat(20),
      (text, word, from) => {
        expect(findBytes(bytesOf(text), bytesOf(word), from)).toBe(
          from + word.length > text.length ? -1 : text.indexOf(word, from),
        );
      },
    ),
  );
});
