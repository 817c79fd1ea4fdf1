import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import { Source } from "../../grammar/source.ts";
import { expectLawsOfText } from "../properties/laws.ts";

/** Lines of usual forms, which the memo then knows. */
const KNOWN = [
  ":INPUT ACCEPT [0:0]",
  ":CHAIN-OF-A-LONG-NAME - [0:0]",
  "-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j CHAIN-OF-A-LONG-NAME",
  '-A INPUT -m comment --comment "some words" -j ACCEPT',
  "-A INPUT -m comment --comment word -j ACCEPT",
  "[1:2] -A INPUT -i eth0 -j C",
  "-A INPUT ! -s 10.0.0.1/32 -m mark --mark 0x1/0x1 -g C",
].join("\n");

/** Each is like a known one, and what the scanner makes of it is something else, or might be. */
const ALIKE: Readonly<Record<string, string>> = {
  "a target in a chain's place": "-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j LOG",
  "a target in quotes": '-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j "LOG"',
  "a target with an option": "-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset",
  "a ! in a value's place": "-A INPUT -s ! 10.0.0.1/32 -p tcp -m tcp --dport 80 -j C",
  "a ! for a comment": "-A INPUT -m comment --comment ! -j ACCEPT",
  "an option for a comment": "-A INPUT -m comment --comment -j -j ACCEPT",
  "a word behind a closing quote": '-A INPUT -m comment --comment "some words"more -j ACCEPT',
  "a quote within a word": '-A INPUT -m comment --comment so"me words" -j ACCEPT',
  "an escaped quote": '-A INPUT -m comment --comment "some \\" words" -j ACCEPT',
  "a backslash before the closing quote": '-A INPUT -m comment --comment "some words\\" -j ACCEPT',
  "an empty comment": '-A INPUT -m comment --comment "" -j ACCEPT',
  "an open quote": '-A INPUT -m comment --comment "some words -j ACCEPT',
  "a note with a blank at the end": '-A INPUT -j TCPOPTSTRIP --strip-option ! "2" ',
  "a note behind an error, with a blank at the end": '-A INPUT -j DSCP --set-dsc ! "0" ',
  "a note behind two jumps, with a blank at the end": "-j -j p ",
  "a command after dashes": "--A INPUT -i eth0 -j C",
  "two blanks": "-A INPUT  -i eth0 -j C",
  "a tab": "-A INPUT -i\teth0 -j C",
  "a tab within a value": "-A INPUT -i eth0\t-j C",
  "blanks at the end": "-A INPUT -m comment --comment word -j ACCEPT  ",
  "a carriage return": "-A INPUT -m comment --comment word -j ACCEPT\r",
  "a carriage return in the middle": "-A INPUT -m comment --comment wo\rrd -j ACCEPT",
  "another option's beginning": "-A INPUT -m comment --comment word --commen word -j ACCEPT",
  "a value joined to its option": "-A INPUT -s10.0.0.1/32 -p tcp -m tcp --dport 80 -j C",
  "an unknown match": "-A INPUT -m commentary --comment word -j ACCEPT",
  "an unknown protocol": "-A INPUT -s 10.0.0.1/32 -p tcpp -m tcp --dport 80 -j C",
  "no value": "-A INPUT -m comment --comment word -j",
  "counters without a colon": "[12] -A INPUT -i eth0 -j C",
  "counters without an end": "[1:2 -A INPUT -i eth0 -j C",
  "counters without a blank": "[1:2]-A INPUT -i eth0 -j C",
  "counters of letters": "[a:b] -A INPUT -i eth0 -j C",
  "a chain without counters": ":OTHER -",
  "a chain with words behind": ":OTHER - [0:0] more",
  "a chain in quotes": ':"OTHER" - [0:0]',
  "a chain with cut counters": ":OTHER - [0:0",
  "a chain without a name": ": - [0:0]",
  "a chain behind a blank": " :OTHER - [0:0]",
  "bytes that are not ASCII": '-A INPUT -m comment --comment "\xc3\xa4\xff" -j ACCEPT',
};

describe("a line that is like a known one is read as if it were the first", () => {
  test.each(Object.entries(ALIKE))("%s", (_, line) => {
    expectLawsOfText(`*filter\n${KNOWN}\n${line}\n${KNOWN}\nCOMMIT\n`);
    // at the end of a text, too
    expectLawsOfText(`*filter\n${KNOWN}\n${line}`);
  });
});

test("a known line ends with its file, not with its text", () => {
  const half = "-A INPUT -i eth0 -j C";
  const texts = [`${half}\n${half}`, `12\n${half}`].map((text, k) => ({ name: `${k}.txt`, bytes: bytesOf(text) }));
  const lines = Array.from(parse(Source.join(texts)), ({ kind, length }) => `${kind} ${length}`);
  expect(lines).toEqual(["rule 22", "rule 21", "noise 3", "rule 21"]);
});

describe("lines of one form with values that may be wrong", () => {
  const port = fc.constantFrom(
    "80",
    "65535",
    "65536",
    "999999",
    "http",
    "nosuch",
    "080",
    "1:2",
    "2:1",
    "<port>",
    '"80"',
    "",
  );
  const address = fc.constantFrom(
    "10.0.0.1/32",
    "10.0.0.1/33",
    "10.0.0",
    "fd00::1/128",
    "db.example",
    "x.x.x.x",
    "10.0.0.1/255.0.255.0",
  );
  const line = fc
    .tuple(
      fc.constantFrom("FORWARD", "C"),
      address,
      port,
      port,
      fc.constantFrom("ACCEPT", "C", "DNAT"),
      fc.constantFrom("tcp", "udp"),
    )
    .map(([chain, source, from, to, target, protocol]) =>
      [
        `-A ${chain} -s ${source} -p ${protocol} -m ${protocol} --sport ${from} --dport ${to} -j ${target}`,
        `-A ${chain} -p ${protocol} -m multiport --dports ${from},${to} -j ${target}`,
        `-A ${chain} -p ${protocol} -m mark --mark ${from} -m ${protocol} --dport ${to} -j ${target}`,
      ].join("\n"),
    );

  test("are told as if each were the first", () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 40 }), fc.constantFrom("filter", "nat"), (lines, table) => {
        expectLawsOfText(`*${table}\n:FORWARD ACCEPT [0:0]\n:C - [0:0]\n${lines.join("\n")}\nCOMMIT\n`);
      }),
      { numRuns: Number(process.env["IPTLINT_RUNS"] ?? 100) },
    );
  });

  test("are read ahead of the scanner, though not one of them is right", () => {
    const lines = Array.from({ length: 300 }, (_, i) => `-A FORWARD -p tcp -m tcp --dport ${70_000 + i} -j DROP`);
    const { problems } = parse(bytesOf(`*filter\n:FORWARD ACCEPT [0:0]\n${lines.join("\n")}\nCOMMIT\n`));
    expect(problems.map(({ checkId, node }) => `${node} ${checkId}`)).toEqual(
      lines.map((_, i) => `${i + 2} invalid-value`),
    );
  });
});
