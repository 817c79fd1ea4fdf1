import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RuleNode } from "../../grammar/ast.ts";
import { bytesOf } from "../../grammar/bytes.ts";
import { type FormatOptions, format } from "../../grammar/format.ts";
import { parse } from "../../grammar/parse.ts";
import { allMatches, allTargets } from "../../grammar/vocabulary/index.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";

function ruleOf(line: string): RuleNode {
  const node = parse(bytesOf(`${line}\n`), { values: false }).node(0);
  if (node.kind !== "rule") throw new Error(`${line} is ${node.kind}`);
  return node;
}

const formatted = (line: string, options: FormatOptions = {}): string =>
  format(ruleOf(line), { family: 4, ...options });

/** Options of the rule that the vocabulary does not know. */
function unknownOptions(rule: RuleNode): string[] {
  const owners = [rule, ...rule.matches, ...(rule.target === null ? [] : [rule.target])];
  return owners.flatMap(({ options }) => options.filter(({ record }) => record === null).map(({ flag }) => flag.text));
}

// what iptables-save 1.8.9 printed for each
describe("a rule is printed as iptables-save prints it", () => {
  test.each([
    [
      "-j X -m comment --comment c1 --protocol tcp -m tcp --dport 80 -o eth1 -i eth0 -d 10.0.0.2 -s 10.0.0.1 -f -m mark ! --mark 0x1/0x1 -A FORWARD",
      "-A FORWARD -s 10.0.0.1/32 -d 10.0.0.2/32 -i eth0 -o eth1 -p tcp -f -m comment --comment c1 -m tcp --dport 80 -m mark ! --mark 0x1/0x1 -j X",
    ],
    ["-A INPUT -p tcp --syn", "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"],
    ["-A INPUT -p tcp --destination-port 80:", "-A INPUT -p tcp -m tcp --dport 80:65535"],
    ["-A INPUT -p tcp -m tcp --sport : --dport 5", "-A INPUT -p tcp -m tcp --dport 5"],
    ["-A INPUT -p tcp -m tcp ! --sport : --dport 5", "-A INPUT -p tcp -m tcp --dport 5"],
    ["-A INPUT -s 0/0 -i + -p all -j ACCEPT", "-A INPUT -j ACCEPT"],
    ["-A INPUT -m comment --comment a:b", '-A INPUT -m comment --comment "a:b"'],
    ['-A INPUT -m comment --comment "it\'s"', '-A INPUT -m comment --comment "it\\\'s"'],
    ["-A INPUT -m mark --mark 1 -m mark --mark 2", "-A INPUT -m mark --mark 0x1 -m mark --mark 0x2"],
    ["-A INPUT -j MARK --or-mark 0x4000", "-A INPUT -j MARK --set-xmark 0x4000/0x4000"],
    ["-A INPUT -j CONNMARK --save-mark --mask 0xff", "-A INPUT -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff"],
    ["-A INPUT -j REJECT", "-A INPUT -j REJECT --reject-with icmp-port-unreachable"],
    ["-A INPUT -j LOG --log-level 4", "-A INPUT -j LOG"],
    ['-A INPUT -j LOG --log-level debug --log-prefix "a b: "', '-A INPUT -j LOG --log-prefix "a b: " --log-level 7'],
    ["-A INPUT -m limit --limit 5/minute --limit-burst 5", "-A INPUT -m limit --limit 5/min"],
    [
      "-A INPUT -m hashlimit ! --hashlimit 7/sec --hashlimit-mode dstport,srcip --hashlimit-name t",
      "-A INPUT -m hashlimit --hashlimit-above 7/sec --hashlimit-burst 5 --hashlimit-mode srcip,dstport --hashlimit-name t",
    ],
    [
      "-A INPUT -m hashlimit --hashlimit-upto 40/hour --hashlimit-name o --hashlimit-htable-expire 10000",
      "-A INPUT -m hashlimit --hashlimit-upto 40/hour --hashlimit-burst 5 --hashlimit-name o --hashlimit-htable-expire 10000",
    ],
    [
      "-A INPUT -m hashlimit --hashlimit-upto 123456b/s --hashlimit-burst 200kb --hashlimit-name a",
      "-A INPUT -m hashlimit --hashlimit-upto 123456b/s --hashlimit-burst 241kb --hashlimit-name a",
    ],
    [
      "-A INPUT -m recent --rcheck --seconds 5 --reap --name x",
      "-A INPUT -m recent --rcheck --seconds 5 --reap --name x --mask 255.255.255.255 --rsource",
    ],
    [
      "-A INPUT -m connlimit ! --connlimit-upto 5",
      "-A INPUT -m connlimit --connlimit-above 5 --connlimit-mask 32 --connlimit-saddr",
    ],
    [
      "-A INPUT -m time --timestart 8:00 ! --weekdays Mon",
      "-A INPUT -m time --timestart 08:00:00 --timestop 23:59:59 --weekdays Tue,Wed,Thu,Fri,Sat,Sun --datestop 2038-01-19T03:14:07",
    ],
    ['-A INPUT -m string --algo bm --hex-string "|616263|"', '-A INPUT -m string --string "abc" --algo bm'],
    ['-A INPUT -m string --string "\xe9" --algo bm', '-A INPUT -m string --hex-string "|e9|" --algo bm'],
    ["-A X -m nfacct --nfacct-name n", "-A X -m nfacct --nfacct-name  n"],
    [
      "-A INPUT -m policy --dir in --pol ipsec --strict --tunnel-src 10.0.0.1 --mode tunnel --reqid 1 --next --proto ah --reqid 2",
      "-A INPUT -m policy --dir in --pol ipsec --strict --reqid 1 --mode tunnel --tunnel-src 10.0.0.1 --next --reqid 2 --proto ah",
    ],
    [
      "-A X -m rateest --rateest-delta --rateest-lt --rateest1 A --rateest-bps1 1kbit --rateest-bps2 16bit",
      "-A X -m rateest --rateest-delta --rateest A --rateest-bps1 1000bit --rateest-lt --rateest-bps2 16bit",
    ],
    [
      "-A PREROUTING -p tcp -j TPROXY --on-port 15006",
      "-A PREROUTING -p tcp -j TPROXY --on-port 15006 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0",
    ],
    [
      "-A X -p tcp -j DNAT --to 1.1.1.1:ssh --persistent --random",
      "-A X -p tcp -j DNAT --to-destination 1.1.1.1:22 --random --persistent",
    ],
    [
      "-A INPUT -s 1.1.1.1,2.2.2.0/24 -d 3.3.3.3 -j DROP",
      "-A INPUT -s 1.1.1.1/32 -d 3.3.3.3/32 -j DROP\n-A INPUT -s 2.2.2.0/24 -d 3.3.3.3/32 -j DROP",
    ],
    ["[5:6] -A INPUT -j DROP", "[5:6] -A INPUT -j DROP"],
    ["-A INPUT -c 7 8 -j DROP", "[7:8] -A INPUT -j DROP"],
    ["--insert INPUT 3 --jump DROP", "-I INPUT 3 -j DROP"],
    // nothing is lost of what iptables would refuse
    ["-A INPUT -p tcp --dport 99999 --nosuch x -j DROP", "-A INPUT -p tcp -m tcp --dport 99999 --nosuch x -j DROP"],
    ["-A INPUT -m nosuch --opt -j DROP", "-A INPUT -m nosuch --opt -j DROP"],
    ["-A INPUT -s example.org -j DROP", "-A INPUT -s example.org -j DROP"],
  ])("%s", (line, expected) => {
    expect(formatted(line)).toBe(expected);
    expect(
      expected
        .split("\n")
        .map((one) => formatted(one))
        .join("\n"),
    ).toBe(expected);
  });

  test("counters are left out when asked", () => {
    expect(formatted("[5:6] -A INPUT -j DROP", { counters: false })).toBe("-A INPUT -j DROP");
  });

  test.each([
    ["1.8.7", "nft", "-A X -p tcp", "-A X -p tcp "],
    ["1.8.7", "nft", "-A X -p tcp -j ACCEPT", "-A X -p tcp -j ACCEPT"],
    ["1.8.7", "legacy", "-A X -p tcp", "-A X -p tcp"],
    ["1.8.7", "legacy", "-A X -j NFLOG --nflog-prefix x", "-A X -j NFLOG --nflog-prefix  x"],
    ["1.8.7", "nft", "-A X -j REDIRECT --random", "-A X -j REDIRECT"],
    ["1.8.7", "legacy", '-A X -m string --string "a" --algo bm', '-A X -m string --string "a" --algo bm --to 65535'],
    ["1.8.7", "nft", "-A X -p tcp -m tcp ! --sport : -j A", "-A X -p tcp -m tcp -j A"],
    ["1.8.9", "nft", "-A X -p tcp -m tcp ! --sport : -j A", "-A X -p tcp -j A"],
    ["1.8.9", "legacy", "-A X -p tcp -m tcp ! --sport : -j A", "-A X -p tcp -m tcp -j A"],
    ["1.8.11", "nft", "-A X -p tcp -m tcp ! --sport : -j A", "-A X -p tcp -m tcp ! --sport 0:65535 -j A"],
    ["1.8.9", "nft", "-A X -p tcp -m tcp ! --dport 0:80", "-A X -p tcp -m tcp --dport 81:65535"],
    ["1.8.9", "nft", "-A X -p udp -m udp ! --dport 0:65534", "-A X -p udp -m udp --dport 65535"],
    ["1.8.9", "legacy", "-A X -p tcp -m tcp ! --dport 0:80", "-A X -p tcp -m tcp ! --dport 0:80"],
    ["1.8.9", "legacy", "-A X ! -i +", "-A X"],
    ["1.8.9", "nft", "-A X ! -i +", "-A X ! -i +"],
    ["1.8.11", "legacy", "-A X ! -i +", "-A X ! -i +"],
    ["1.8.9", "nft", "-A X -p icmp --icmp-type 255/255", "-A X -p icmp -m icmp --icmp-type any"],
    ["1.8.11", "nft", "-A X -p icmp --icmp-type 255/255", "-A X -p icmp -m icmp --icmp-type 255/255"],
    ["1.8.9", "nft", "-A X -j NFQUEUE --queue-balance 4:", "-A X -j NFQUEUE --queue-balance 4:65535"],
    ["1.8.11", "nft", "-A X -j NFQUEUE --queue-balance 4:", "-A X -j NFQUEUE --queue-balance 4:65534"],
    ["1.8.9", "nft", "-A X -j NFLOG --nflog-range 1", "-A X -j NFLOG"],
    ["1.8.9", "legacy", "-A X -j NFLOG --nflog-range 1", "-A X -j NFLOG --nflog-range 1"],
  ] as const)("%s %s prints %s as %j", (version, backend, line, expected) => {
    expect(formatted(line, { version, backend })).toBe(expected);
  });

  test.each([
    ["-A X -j REJECT -s fd00::1", "-A X -s fd00::1/128 -j REJECT --reject-with icmp6-port-unreachable"],
    ["-A X -j REJECT", "-A X -j REJECT --reject-with icmp-port-unreachable"],
    ["-A X -m hl --hl-eq 1 -j REJECT", "-A X -m hl --hl-eq 1 -j REJECT --reject-with icmp6-port-unreachable"],
  ])("the family that is not given is that of the rule: %s", (line, expected) => {
    expect(format(ruleOf(line))).toBe(expected);
  });
});

describe("any rule", () => {
  const flags = [...allMatches, ...allTargets].flatMap(({ kind, name, options }) =>
    options.map(
      ({ flag, arity }) => [kind === "match" ? "-m" : "-j", name, flag, arity === "optional" ? 1 : arity] as const,
    ),
  );
  const value = fc.oneof(
    fc.constantFrom(
      "1",
      "0x4000/0x4000",
      "10.0.0.0/8",
      "fd00::1",
      "80",
      "1:2",
      "a,b",
      "NEW",
      "5/min",
      "1mb/s",
      "08:00",
      '"a b"',
      '""',
      "|0a|",
      "ALL",
      "src",
    ),
    fc.string({ unit: fc.constantFrom(..."ab01:/.,|-x".split("")), minLength: 1, maxLength: 8 }),
  );
  const line = fc
    .array(fc.tuple(fc.constantFrom(...flags), fc.array(value, { minLength: 2, maxLength: 2 }), fc.boolean()), {
      maxLength: 4,
    })
    .map((parts) =>
      [
        "-A X",
        ...parts.map(
          ([[load, name, flag, arity], values, bang]) =>
            `${load} ${name}${bang ? " !" : ""} ${flag} ${values.slice(0, arity).join(" ")}`,
        ),
      ].join(" "),
    );

  test("formats without throwing, and its format stays as it is", () => {
    const contexts = fc.record({
      family: fc.constantFrom(4, 6, null),
      backend: fc.constantFrom("nft", "legacy"),
      version: fc.constantFrom("1.8.7", "1.8.9", "1.8.11"),
    });
    fc.assert(
      fc.property(line, contexts, (text, context) => {
        const node = parse(bytesOf(`${text}\n`), { values: false }).node(0);
        if (node.kind !== "rule") return;
        for (const once of format(node, context as FormatOptions).split("\n"))
          expect(format(ruleOf(once), context as FormatOptions)).toBe(once);
      }),
      { numRuns: 1500 },
    );
  });
});

interface Saved {
  readonly family: "ip" | "ip6";
  readonly backend: "legacy" | "nft";
  readonly chain: string;
  readonly input: string;
  readonly saved: string;
}

/** Inputs whose saved form needs a host database or a kernel, with the reason. */
const NEEDS_HOST: ReadonlyMap<string, string> = new Map();

describeShared("upstream's own test lines", () => {
  const rowsOf = (): Saved[] =>
    readFileSync(sharedPath("extensions/saved.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((row): Saved => JSON.parse(row));

  test("what iptables-save 1.8.9 printed has known options only and comes back unchanged", () => {
    const rows = rowsOf();
    expect(rows.length).toBeGreaterThan(1000);
    for (const { family, backend, saved } of rows) {
      const rule = ruleOf(saved);
      expect(unknownOptions(rule), saved).toEqual([]);
      expect(format(rule, { family: family === "ip6" ? 6 : 4, backend, version: "1.8.9" })).toBe(saved);
    }
  });

  test("from what was put in comes what was printed", () => {
    for (const { family, backend, chain, input, saved } of rowsOf()) {
      if (NEEDS_HOST.has(input)) continue;
      const rule = ruleOf(`-A ${chain} ${input}`);
      expect(
        format(rule, { family: family === "ip6" ? 6 : 4, backend, version: "1.8.9", counters: false }),
        `${backend}: ${input}`,
      ).toBe(saved);
    }
  });
});

describeShared("dumps of other versions", () => {
  test.each([
    "iptables-1.8.7-nft",
    "iptables-1.8.7-legacy",
    "iptables-1.8.11-nft",
    "iptables-1.8.11-legacy",
    "loaded-1.8.9-saved-1.8.7-nft",
    "loaded-1.8.11-saved-1.8.9-nft",
  ])("%s comes back unchanged", (folder) => {
    const printer = folder.split("-saved-").at(-1) ?? "";
    const version = /\d+\.\d+\.\d+/.exec(printer)?.[0] ?? "";
    const backend = printer.endsWith("legacy") ? "legacy" : "nft";
    let seen = 0;
    for (const entry of readdirSync(sharedPath(`versions/${folder}`), { recursive: true, encoding: "utf8" })) {
      if (!entry.endsWith(".txt")) continue;
      const bytes = readFileSync(sharedPath(`versions/${folder}/${entry}`));
      const lines = bytes.toString("latin1").split("\n");
      const ast = parse(bytes);
      for (let i = 0; i < ast.length; i++) {
        const node = ast.node(i);
        if (node.kind !== "rule") continue;
        expect(format(node, { family: entry.includes("ip6") ? 6 : 4, backend, version })).toBe(lines[node.line - 1]);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(1000);
  });
});
