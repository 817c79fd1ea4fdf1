import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import type { Problem } from "../../grammar/problem.ts";

const problemsOf = (text: string): readonly Problem[] => parse(bytesOf(text)).problems;

/** Problems in short: `severity check-id line:column+length`. */
function shortly(text: string): string[] {
  const ast = parse(bytesOf(text));
  return ast.problems.map(({ severity, checkId, offset, length }) => {
    const { line, column } = ast.place(offset);
    return `${severity} ${checkId} ${line}:${column}+${length}`;
  });
}

const inTable = (line: string): string => `*filter\n:INPUT ACCEPT [0:0]\n${line}\nCOMMIT\n`;
const comment = "-m comment --comment a ";

describe("a broken line has one error, at its place", () => {
  test.each([
    ["an option that nothing knows", "-A INPUT --dpotr 80 -j DROP", "error unknown-option 3:10+7"],
    ["an option whose match is not named", "-A INPUT --dport 80 -j DROP", "error unknown-option 3:10+7"],
    [
      "an option behind a comment in UTF-8",
      "-A INPUT -m comment --comment \xc3\xa9 --dpotr 80",
      "error unknown-option 3:33+7",
    ],
    ["an option without its value", "-A INPUT -p tcp -m tcp --dport", "error missing-value 3:24+7"],
    ["an option with one value of two", "-A INPUT -p tcp -m tcp --tcp-flags SYN", "error missing-value 3:24+11"],
    ["-j without a name", "-A INPUT -j", "error missing-value 3:10+2"],
    ["a command without a chain", "-A", "error missing-value 3:1+2"],
    ["an open quote", '-A INPUT -m comment --comment "a -j DROP', "error syntax-error 3:31+10"],
    ["a newline in quotes", '-A INPUT -m comment --comment "a\nb" -j DROP', "error newline-in-quotes 3:1+43"],
    ["two !", "-A INPUT ! ! -s 1.1.1.1", "error syntax-error 3:12+1"],
    ["a ! at the end", "-A INPUT -s 1.1.1.1 !", "error syntax-error 3:21+1"],
    ["a ! before -j", "-A INPUT ! -j DROP", "error syntax-error 3:12+2"],
    ["a ! glued to an option", "-A INPUT !-s 1.1.1.1", "error syntax-error 3:10+3"],
    ["a second target", "-A INPUT -j DROP -j ACCEPT", "error syntax-error 3:18+2"],
    ["-j and -g", "-A INPUT -j DROP -g X", "error syntax-error 3:18+2"],
    ["a second command", "-A INPUT -A OUTPUT", "error syntax-error 3:10+2"],
    ["no command", "-s 1.1.1.1 -j DROP", "error syntax-error 3:1+2"],
    ["a word too many", "-A INPUT stray -j DROP", "error syntax-error 3:10+5"],
    ["single quotes around blanks", "-A INPUT -m comment --comment 'a b' -j DROP", "error syntax-error 3:34+2"],
    ["a comment behind options", "-A INPUT -s 1.1.1.1 # why", "warning trailing-text 3:21+5"],
    ["a comment behind the target", "-A INPUT -j DROP # why", "warning trailing-text 3:18+5"],
    ["a table within the line", "-A INPUT -t nat -j DROP", "error unknown-option 3:10+2"],
    ["a port that is none", "-A INPUT -p tcp -m tcp --dport 99999", "error invalid-value 3:32+5"],
    ["an address that is none", "-A INPUT -s 10.0.0.300", "error invalid-value 3:13+10"],
    ["a mark that is none", "-A INPUT -m mark --mark zz", "error invalid-value 3:25+2"],
    ["! in the old place", "-A INPUT -s ! 1.1.1.1", "warning old-negation 3:13+1"],
    ["! in the old place of a match", "-A INPUT -p tcp --dport ! 80", "warning old-negation 3:25+1"],
    ["an unknown match", "-A INPUT -m frobnicate --x 1 -j DROP", "info unknown-extension 3:13+10"],
    ["an unknown target", "-A INPUT -j FROBNICATE --x 1", "info unknown-extension 3:13+10"],
    ["a chain without policy", ":X", "error syntax-error 3:1+2"],
    ["a long word", `-A INPUT -m comment --comment ${"a".repeat(1024)}`, "error invalid-value 3:31+1024"],
    ["too many words", `-A INPUT ${comment.repeat(64)}-j DROP`, "error too-many-words 3:1+1488"],
    ["counters cut short", "[1:2 -A INPUT -j DROP", "error syntax-error 3:1+4"],
    ["counters cut shorter", "[1 -A INPUT -j DROP", "error syntax-error 3:1+2"],
    ["counters cut to their bracket", "[-A INPUT -j DROP", "error syntax-error 3:1+1"],
    ["counters without numbers", "[:] -A INPUT -j DROP", "error syntax-error 3:1+3"],
    ["counters without packets", "[:5] -A INPUT -j DROP", "error syntax-error 3:1+4"],
    ["counters without an end, glued", "[1:2-A INPUT -j DROP", "error syntax-error 3:1+4"],
    ["counters alone", "[1:2]", "error syntax-error 3:1+5"],
    ["cut counters alone", "[1:2", "error syntax-error 3:1+4"],
    ["an unknown option behind counters", "[1:2] -A INPUT --dpotr 80", "error unknown-option 3:16+7"],
    ["counters behind blanks", " [1:2] -A INPUT -j DROP", "info text-around-rules 3:1+1"],
    ["a chain's counters cut short", ":X - [1:2", "info syntax-error 3:6+4"],
    ["an address joined to its letter", "-A INPUT -s10.0.0.1 -j DROP", "error refused-rule 3:10+10"],
    ["a target joined by =", "-A INPUT --jump=DROP", "error refused-rule 3:10+11"],
    ["a protocol joined to its letter", "-A INPUT -ptcp -j DROP", "error refused-rule 3:10+5"],
    ["prose", "hello world", "warning text-around-rules 3:1+11"],
    ["a value taken out", "-A INPUT -s <private_ip> -j DROP", "info placeholder 3:13+12"],
  ])("%s", (_name, line, problem) => {
    expect(shortly(inTable(line))).toEqual([problem]);
  });

  test("a rule behind counters that are cut short is read", () => {
    const [, node] = [...parse(bytesOf("*filter\n[1:2 -A INPUT -j DROP\nCOMMIT\n"))];
    expect(node).toMatchObject({ kind: "rule", chain: { text: "INPUT" }, target: { name: "DROP" }, counters: null });
  });

  test("rules around a broken line survive", () => {
    const ast = parse(bytesOf("*filter\n-A INPUT -s\n-A INPUT -j DROP\n-A INPUT --x\nCOMMIT\n"));
    expect([...ast].map(({ kind }) => kind)).toEqual(["table", "bad", "rule", "rule", "commit"]);
    expect(ast.problems.map(({ checkId }) => checkId)).toEqual(["missing-value", "unknown-option"]);
  });
});

describe("what is right has no problem", () => {
  test.each([
    ["a word of the greatest length", `-A INPUT -m comment --comment ${"a".repeat(1023)}`],
    ["a word whose escapes do not count", `-A INPUT -m comment --comment "${'\\"'.repeat(1023)}"`],
    ["as many words as are taken", `-A INPUT ${comment.repeat(62)}-j DROP`],
    ["no target", "-A INPUT"],
    ["blanks around a rule", "  -A INPUT -j DROP  "],
    ["a host's name", "-A INPUT -s gateway.example -j DROP"],
    ["several addresses", "-A INPUT -s 1.1.1.1,2.2.2.2 -j DROP"],
    ["an empty line", ""],
    ["a comment", "# why"],
    ["counters that are no numbers", ":X - [a:b]"],
    ["counters without brackets", ":X - 0:0"],
    ["words behind a chain's counters", ":X - [0:0] extra words"],
    ["no counters", ":X -"],
    ["an interface joined to its letter", "-A INPUT -ieth0 -j DROP"],
    ["a port joined by =", "-A INPUT -p tcp -m tcp --dport=80 -g X"],
    ["a match joined to its letter", "-A INPUT -mcomment --comment=x -j DROP"],
    ["counters glued to the rule", "[1:2]-A INPUT -j DROP"],
    ["counters with blanks", "[1 : 2 ] -A INPUT -j DROP"],
    ["counters without bytes", "[1:] -A INPUT -j DROP"],
  ])("%s", (_name, line) => {
    expect(shortly(inTable(line))).toEqual([]);
  });
});

describe("the text as a whole", () => {
  test.each([
    ["a table without COMMIT", "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\n", ["error missing-commit 1:1+7"]],
    ["a table that another one cuts off", "*filter\n*nat\nCOMMIT\n", ["error missing-commit 1:1+7"]],
    [
      "a table that a new dump cuts off",
      "*filter\n# Generated by iptables-save v1.8.9 on Mon\n*nat\nCOMMIT\n",
      ["error missing-commit 1:1+7"],
    ],
    [
      "a line that is cut off",
      "*filter\n-A INPUT -p tcp -m",
      ["error missing-commit 1:1+7", "error missing-value 2:17+2"],
    ],
    ["blanks behind COMMIT", "*filter\nCOMMIT \n", ["error syntax-error 2:1+6"]],
    ["an unknown table", "*filtre\nCOMMIT\n", ["error unknown-table 1:1+7"]],
    ["CR LF everywhere", "*filter\r\nCOMMIT\r\n", ["info carriage-returns 1:8+2"]],
    ["CR LF, cut off", "*filter\r\nCOMMIT\r", ["info carriage-returns 1:8+2"]],
    ["CR LF here and there", "*filter\nCOMMIT\r\n# x\n", ["warning mixed-line-endings 2:7+2"]],
    ["a long line", `#${"x".repeat(10_239)}\n*filter\nCOMMIT\n`, ["warning line-too-long 1:1+10240"]],
    ["the longest line", `#${"x".repeat(10_238)}\n*filter\nCOMMIT\n`, []],
    ["a prompt", "$ iptables-save\n*filter\nCOMMIT\n", ["info text-around-rules 1:1+15"]],
    ["an indented text", "  *filter\n  :INPUT ACCEPT [0:0]\n  COMMIT\n", ["info text-around-rules 1:1+2"]],
    ["no table", "-A INPUT -j DROP\n", []],
    [
      "several tables and dumps",
      "*nat\nCOMMIT\n*filter\nCOMMIT\n# Generated by ip6tables-save v1.8.9 on Mon\n*nat\nCOMMIT\n",
      [],
    ],
  ])("%s", (_name, text, problems) => {
    expect(shortly(text)).toEqual(problems);
  });

  test("text around rules is said once, with the number of lines", () => {
    const noisy = `${"12:-A INPUT -j DROP\n".repeat(3)}${"hello\n".repeat(2)}`;
    expect(problemsOf(noisy).map(({ message }) => message)).toEqual([
      expect.stringMatching(/before 3 lines/),
      expect.stringMatching(/^2 lines/),
    ]);
  });

  test("each kind is kept up to a bound and the rest counted", () => {
    const problems = problemsOf("-A INPUT --x\n".repeat(10_500));
    expect(problems).toHaveLength(10_001);
    expect(problems.at(-1)?.message).toMatch(/^500 more/);
  });
});

describe("did you mean", () => {
  test.each([
    ["-A INPUT -p tcp -m tcp --dprot 80", "--dport"],
    ["-A INPUT -p tcp -m tcp --dprt 80", "--dport"],
    ["-A INPUT --in-interfase eth0", "--in-interface"],
    ["-A INPUT -m conntrack --ctstat NEW --ctsate NEW", "--ctstate"],
    ["-A INPUT -j REJECT --reject-wiht tcp-reset", "--reject-with"],
    ["-A INPUT -m tpc --dport 80", "tcp"],
    ["-A INPUT -m conntrac --ctstate NEW", "conntrack"],
    ["-A INPUT --frobnicate 80", null],
    ["-A INPUT -m frobnicate", null],
  ])("%s", (line, suggestion) => {
    expect(problemsOf(inTable(line))[0]?.suggestion).toBe(suggestion);
  });

  test.each([
    ["*nta\nCOMMIT\n", "nat"],
    ["*magle\nCOMMIT\n", "mangle"],
    ["*broute\nCOMMIT\n", null],
  ])("%j", (text, suggestion) => {
    expect(problemsOf(text)[0]?.suggestion).toBe(suggestion);
  });

  test.each([
    ["-A INPUT -p tcp -m tcp --dport 99999", /^a port from 0 to 65535/],
    ["-A INPUT -s 1.1.1.1 !", /^an option$/],
    [":X", /^ACCEPT, DROP or -/],
    ["-A INPUT -s ! 1.1.1.1", /^"!" before -s$/],
  ])("what %s should be instead", (line, expected) => {
    expect(problemsOf(inTable(line))[0]?.expected).toMatch(expected);
  });
});

describe("counterexamples that were found stay fixed", () => {
  test.each([
    ["carriage-returns", ["info carriage-returns 1:5+2"]],
    ["warning-within-a-rule", ["info text-around-rules 269:66+112"]],
    ["carriage-returns-cut-off", ["info carriage-returns 1:5+2"]],
    [
      "commit-missing-twice",
      ["error missing-commit 1:1+4", "error missing-value 3:22+2", "error missing-commit 4:1+7"],
    ],
  ])("%s", (name, problems) => {
    const text = readFileSync(new URL(`../../fixtures/syntax/${name}.txt`, import.meta.url), "latin1");
    expect(shortly(text)).toEqual(problems);
  });
});
