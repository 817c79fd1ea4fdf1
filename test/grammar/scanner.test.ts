import { describe, expect, test } from "vitest";
import type { Node, RuleNode, Word } from "../../grammar/ast.ts";
import { bytesOf } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import { unquote } from "../../grammar/scanner.ts";

const nodesOf = (text: string): Node[] => [...parse(bytesOf(text))];

function ruleOf(line: string): RuleNode {
  const [node] = nodesOf(line);
  if (node?.kind !== "rule") throw new Error(`${line} is ${node?.kind}`);
  return node;
}

const texts = (words: readonly Word[]): string[] => words.map(({ text }) => text);

/** Options of a rule in short: `!` before the flag as in the vocabulary, values behind it. */
const optionsOf = (rule: RuleNode): string[] =>
  [rule, ...rule.matches, ...(rule.target === null ? [] : [rule.target])].flatMap(({ options }) =>
    options.map(({ record, negated, values }) =>
      [...(negated ? ["!"] : []), record?.flag ?? "?", ...texts(values)].join(" "),
    ),
  );

const commentOf = (line: string): string | undefined => ruleOf(line).matches[0]?.options[0]?.values[0]?.text;

// add_param_to_argv in iptables/xshared.c
describe("words", () => {
  test.each([
    ["blanks part words", "-A X  -i\teth0 \t -j  Y", ["-A", "X", "-i", "eth0", "-j", "Y"]],
    ["blanks before and behind", "  -A X -j Y  ", ["-A", "X", "-j", "Y"]],
    [
      "quotes hold blanks together",
      '-A X -m comment --comment "a b\tc" -j Y',
      ["-A", "X", "-m", "comment", "--comment", "a b\tc", "-j", "Y"],
    ],
    [
      "a closing quote ends the word",
      '-A X -m comment --comment "a""-j" Y',
      ["-A", "X", "-m", "comment", "--comment", "a", "-j", "Y"],
    ],
    [
      "a quote may begin within a word",
      '-A X -m comment --comment ab"c d" -j Y',
      ["-A", "X", "-m", "comment", "--comment", "abc d", "-j", "Y"],
    ],
    ["an empty word", '-A X -m comment --comment "" -j Y', ["-A", "X", "-m", "comment", "--comment", "", "-j", "Y"]],
    [
      "single quotes are letters",
      "-A X -m comment --comment 'a' -j Y",
      ["-A", "X", "-m", "comment", "--comment", "'a'", "-j", "Y"],
    ],
    [
      "a backslash outside quotes is a letter",
      "-A X -m comment --comment a\\b -j Y\\",
      ["-A", "X", "-m", "comment", "--comment", "a\\b", "-j", "Y\\"],
    ],
    [
      "# % $ ` ~ ; | are letters within a word",
      "-A X -m comment --comment a#%$`~;|b -j Y",
      ["-A", "X", "-m", "comment", "--comment", "a#%$`~;|b", "-j", "Y"],
    ],
    [
      "names of sets with odd letters",
      "-A X -m set --match-set weave-;rGqyMIl1HN^cfDki~Z$3]6!N dst -j Y",
      ["-A", "X", "-m", "set", "--match-set", "weave-;rGqyMIl1HN^cfDki~Z$3]6!N", "dst", "-j", "Y"],
    ],
    [
      "bytes that are no UTF-8",
      "-A X -m comment --comment \xff\xc3\x00 -j Y",
      ["-A", "X", "-m", "comment", "--comment", "\xff\xc3\x00", "-j", "Y"],
    ],
    [
      "two blanks before a name",
      "-A X -m nfacct --nfacct-name  packets -j Y",
      ["-A", "X", "-m", "nfacct", "--nfacct-name", "packets", "-j", "Y"],
    ],
  ])("%s", (_name, line, words) => {
    expect(texts(ruleOf(line).words)).toEqual(words);
  });

  test.each([
    ['"a\\"b"', 'a"b'],
    ['"it\\\'s"', "it's"],
    ['"a\\\\b"', "a\\b"],
    ['"a\\nb"', "anb"],
    ['"a\\ b"', "a b"],
    ["a\\nb", "a\\nb"],
    ['"-j DROP"', "-j DROP"],
    ["-j", "-j"],
    ["!", "!"],
    ["#", "#"],
    ["--comment", "--comment"],
  ])("the comment %s is %s", (written, meant) => {
    expect(commentOf(`-A X -m comment --comment ${written} -j Y`)).toBe(meant);
  });

  test.each([
    ["", ""],
    ['"', ""],
    ['"\\', ""],
    ['a"b', "ab"],
    ['"\\""', '"'],
  ])("unquote(%j) is %j", (raw, text) => {
    expect(unquote(raw)).toBe(text);
  });

  test("a word knows its place, its raw length and whether it was quoted", () => {
    const { words } = ruleOf('-A X -m comment --comment "a \\"b\\"" -j Y');
    expect(words[5]).toEqual({ text: 'a "b"', offset: 26, length: 9, quoted: true });
    expect(words[4]).toEqual({ text: "--comment", offset: 16, length: 9, quoted: false });
  });

  test("a newline within quotes belongs to the word", () => {
    const [first, second] = nodesOf('-A X -m comment --comment "two\nlines" -j Y\n-A Z\n');
    expect(first).toMatchObject({
      kind: "rule",
      line: 1,
      matches: [{ options: [{ values: [{ text: "two\nlines" }] }] }],
    });
    expect(second).toMatchObject({ kind: "rule", line: 3 });
  });

  test.each([
    ["no line closes it", '-A X -m comment --comment "a\n-A Y -j Z\n', ["bad", "rule"]],
    ["a rule stands between", '-A X -m comment --comment "a\n-A Y -j Z\nb" -j Z\n', ["bad", "rule", "noise"]],
    ["a table ends between", '-A X -m comment --comment "a\nCOMMIT\nb" -j Z\n', ["bad", "commit", "noise"]],
    [
      "it is closed on the ninth line",
      `-A X -m comment --comment "a${"\n.".repeat(9)}" -j Z\n`,
      ["bad", ...Array(9).fill("noise")],
    ],
    ["it is closed on the eighth line", `-A X -m comment --comment "a${"\n.".repeat(8)}" -j Z\n`, ["rule"]],
    ["the text ends", '-A X -m comment --comment "a', ["bad"]],
  ])("an open quote where %s", (_name, text, kinds) => {
    expect(nodesOf(text).map(({ kind }) => kind)).toEqual(kinds);
  });
});

describe("options", () => {
  test.each([
    [
      "! before the option",
      "-A X ! -s 10.0.0.0/8 -p tcp -m tcp ! --dport 80 -j Y",
      ["! --source 10.0.0.0/8", "--protocol tcp", "! --dport 80"],
    ],
    [
      "! behind the option, as before 1.4.3",
      "-A X -s ! 10.0.0.0/8 -p tcp -m tcp --dport ! 80 -j Y",
      ["! --source 10.0.0.0/8", "--protocol tcp", "! --dport 80"],
    ],
    ["! behind -p", "-A X -p ! tcp -j Y", ["! --protocol tcp"]],
    ["! before a flag without value", "-A X ! -f -j Y", ["! --fragments"]],
    ["! as a comment", "-A X -m comment --comment ! -j Y", ["--comment !"]],
    ["! before an option of two values", "-A X -m set ! --match-set a src -j Y", ["! --match-set a src"]],
    [
      "long spellings",
      "--append X --source 1.1.1.1 --in-interface eth0 --jump Y",
      ["--source 1.1.1.1", "--in-interface eth0"],
    ],
    [
      "other spellings",
      "-A X --src 1.1.1.1 --dst 2.2.2.2 --proto tcp -j Y",
      ["--source 1.1.1.1", "--destination 2.2.2.2", "--protocol tcp"],
    ],
    [
      "a beginning that is unambiguous",
      "-A X -p tcp -m tcp --destination-po 80 --in-int eth0 -j Y",
      ["--protocol tcp", "--in-interface eth0", "--dport 80"],
    ],
    ["a value joined by =", "-A X --protocol=tcp --dport=80 -j Y", ["--protocol tcp", "--dport 80"]],
    ["a value that holds =", "-A X -m comment --comment=a=b -j Y", ["--comment a=b"]],
    ["nothing behind =", "-A X -m comment --comment= -j Y", ["--comment "]],
    [
      "a value joined to a letter",
      "-AX -ptcp -ieth0 -s10.0.0.0/8 -jY",
      ["--protocol tcp", "--in-interface eth0", "--source 10.0.0.0/8"],
    ],
    ["options of a match that -p brings", "-A X -p tcp --dport 80 -j Y", ["--protocol tcp", "--dport 80"]],
    [
      "an option of two values",
      "-A X -p tcp -m tcp --tcp-flags SYN,ACK SYN -j Y",
      ["--protocol tcp", "--tcp-flags SYN,ACK SYN"],
    ],
    [
      "the same flag in two matches",
      "-A X -m recent --set --name a -m set --set b src -j Y",
      ["--set", "--name a", "--set b src"],
    ],
    [
      "the same flag in a match and a target",
      "-A X -m mark --mark 0x1 -j MARK --set-mark 0x2",
      ["--mark 0x1", "--set-mark 0x2"],
    ],
    ["counters behind -c", "-A X -c 7 420 -j Y", ["--set-counters 7 420"]],
    [
      "an optional value that is there",
      "-A X -p tcp -j REJECT --reject-with tcp-reset",
      ["--protocol tcp", "--reject-with tcp-reset"],
    ],
  ])("%s", (_name, line, options) => {
    expect(optionsOf(ruleOf(line))).toEqual(options);
  });

  test.each([
    [
      "the same match twice",
      "-A X -m mark ! --mark 0x1/0x1 -m mark ! --mark 0x2/0x2 -j Y",
      [["! --mark 0x1/0x1"], ["! --mark 0x2/0x2"]],
    ],
    [
      "two comments",
      '-A X -m comment --comment a -m comment --comment "b c" -j Y',
      [["--comment a"], ["--comment b c"]],
    ],
    ["a match without options", "-A X -p tcp -m tcp -j Y", [[]]],
    [
      "two matches between which the options go",
      "-A X -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL -j Y",
      [["! --src-type LOCAL", "--limit-iface-out"], ["--src-type LOCAL"]],
    ],
  ])("each match has its own: %s", (_name, line, matches) => {
    expect(
      ruleOf(line).matches.map(({ options }) =>
        options.map(({ record, negated, values }) =>
          [...(negated ? ["!"] : []), record?.flag ?? "?", ...texts(values)].join(" "),
        ),
      ),
    ).toEqual(matches);
  });

  test("a target's options are the target's, whatever stands before", () => {
    const rule = ruleOf("-A X -j LOG --log-prefix a -m limit --limit 3/min");
    expect(rule.target?.options.map(({ record }) => record?.flag)).toEqual(["--log-prefix"]);
    expect(rule.matches.map(({ name }) => name)).toEqual(["limit"]);
  });

  test.each([
    ["-A X -j ACCEPT", { name: "ACCEPT", goto: false }],
    ["-A X -g KUBE-X", { name: "KUBE-X", goto: true }],
    ["-A X --goto KUBE-X", { name: "KUBE-X", goto: true }],
    ["-A X --jump=KUBE-X", { name: "KUBE-X", goto: false }],
    ['-A X -j "a b"', { name: "a b", goto: false }],
  ])("%s", (line, target) => {
    expect(ruleOf(line).target).toMatchObject(target);
  });
});

describe("commands", () => {
  test.each([
    ["-A X", "append", null],
    ["-I X", "insert", null],
    ["-I X 3 -j Y", "insert", 3],
    ["-D X 3", "delete", 3],
    ["-D X -j Y", "delete", null],
    ["-R X 2 -j Y", "replace", 2],
    ["-C X -j Y", "check", null],
    ["--insert X 2", "insert", 2],
  ])("%s", (line, command, ruleNumber) => {
    expect(ruleOf(line)).toMatchObject({ command, ruleNumber, chain: { text: "X" } });
  });

  test.each([
    ["[7:420] -A X", { packets: 7n, bytes: 420n }],
    ["[7:420]-A X", { packets: 7n, bytes: 420n }],
    ["  [7:420] -A X", { packets: 7n, bytes: 420n }],
    ["-A X -c 7 420 -j Y", { packets: 7n, bytes: 420n }],
    ["[18446744073709551615:0] -A X", { packets: 18446744073709551615n, bytes: 0n }],
    ["-A X", null],
  ])("counters of %s", (line, counters) => {
    expect(ruleOf(line).counters).toEqual(counters);
  });
});
