import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesOf, utf8ByteString } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import { restoreRefusals } from "../../grammar/restore.ts";
import type { Backend, Family } from "../../grammar/vocabulary/record.ts";
import { refusals } from "../../grammar/vocabulary/refuse.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";

interface Place {
  readonly family?: Family;
  readonly backend?: Backend;
  readonly table?: string;
  readonly release?: number;
}

/** The first thing that iptables-restore has against the rule, with the words it is about; "" when it takes it. */
function refused(
  line: string,
  { family = 4, backend = "legacy", table = "filter", release = 10809 }: Place = {},
): string {
  const node = parse(bytesOf(`${line}\n`), { values: false }).node(0);
  if (node.kind !== "rule") throw new Error(`${line} is ${node.kind}`);
  const [first] = refusals(node, { family, backend, table, release });
  if (first === undefined) return "";
  expect(first.message).toMatch(/; iptables-restore refuses this$/);
  return `${line.slice(first.offset, first.offset + first.length)}: ${first.message.replace(/; iptables-restore refuses this$/, "")}`;
}

/** What iptables-restore has against a text. */
function refusedText(text: string, family: Family, backend: Backend): string[] {
  return refusedBytes(bytesOf(utf8ByteString(text)), family, backend);
}

/** The same whether the parser judged the rules or each is judged anew. */
function refusedBytes(bytes: Uint8Array, family: Family, backend: Backend): string[] {
  const judge = { family, backend, version: "1.8.9" };
  const [judged, anew] = [parse(bytes, { judge, unwrap: false }), parse(bytes, { unwrap: false })].map((ast) =>
    restoreRefusals(ast, { family, backend, release: 10809 }),
  );
  expect(judged?.map(({ node }) => node)).toEqual(anew?.map(({ node }) => node));
  return judged?.map(({ message }) => message) ?? [];
}

// every row was asked of iptables-legacy-restore 1.8.9
describe("a rule is refused as iptables-restore refuses it", () => {
  test.each([
    ["-A OUTPUT -i eth0", "-i: -i in OUTPUT, where no packet comes in"],
    ["-A INPUT -o eth0", "-o: -o in INPUT, where no packet goes out"],
    ["-A INPUT ! -p all", '-p: "! -p all" would match no packet'],
    ["-A INPUT ! -s 1.1.1.1,2.2.2.2", '-s: "!" before a list of addresses'],
    ["-A INPUT -s 10.0.0.0/33", '10.0.0.0/33: -s cannot be "10.0.0.0/33"'],
    ["-A INPUT -i abcdefghijklmnop", 'abcdefghijklmnop: -i cannot be "abcdefghijklmnop"'],
    ["-A INPUT -s 1.1.1.1 -s 2.2.2.2", "-s: -s stands twice"],
    ["-A INPUT -g ACCEPT", "ACCEPT: ACCEPT is no chain to go to"],
    ["-A INPUT -m tcp --dport 80", "tcp: tcp without -p tcp"],
    ["-A INPUT -p udp -m tcp --dport 80", "tcp: tcp without -p tcp"],
    ["-A INPUT ! -p tcp -m tcp --dport 80", "tcp: tcp without -p tcp"],
    ["-A INPUT -m ah", "ah: ah without -p ah"],
    ["-A INPUT -p tcp -m tcp --syn --tcp-flags ALL SYN", "--tcp-flags: --tcp-flags beside --syn"],
    ["-A INPUT -p tcp --dport 90:80", '90:80: --dport of tcp cannot be "90:80"'],
    ["-A INPUT -p tcp -m multiport", "multiport: multiport without any of --sports, --dports, --ports"],
    ["-A INPUT -m comment ! --comment a", "--comment: --comment cannot be negated"],
    ["-A INPUT -m mark", "mark: mark without --mark"],
    ["-A INPUT -m mark --mark 1 --mark 2", "--mark: --mark stands twice"],
    ["-A INPUT -m mark --mark -1", '-1: --mark of mark cannot be "-1"'],
    ["-A INPUT -m nosuch", 'nosuch: there is no match "nosuch"'],
    ["-A INPUT -m hl --hl-eq 1", "hl: hl is for IPv6 only"],
    ["-A INPUT -m owner --uid-owner 0", "owner: owner in the chain INPUT"],
    ["-A OUTPUT -m owner --pid-owner 1", "--pid-owner: --pid-owner no longer exists"],
    [
      "-A INPUT -m addrtype --src-type LOCAL --limit-iface-out",
      "--limit-iface-out: --limit-iface-out in the chain INPUT",
    ],
    ["-A INPUT -m statistic --mode nth --every 5 --packet 5", "--packet: --packet 5 of 5"],
    ["-A INPUT -m statistic --mode nth --every 5", "--every: --every without --packet"],
    ["-A INPUT -m statistic --mode random", "--mode: --mode random without --probability"],
    [
      "-A INPUT -m hashlimit --hashlimit-upto 512b/s --hashlimit-burst 5 --hashlimit-name a",
      "--hashlimit-burst: a burst below the rate of one second",
    ],
    ["-A INPUT -m recent --name x", "recent: recent without any of --set, --rcheck, --update, --remove"],
    ["-A INPUT -m policy --dir in --pol ipsec --strict", "--strict: --strict with an element that says nothing"],
    [
      "-A INPUT -m time --datestart 2020 --contiguous",
      "--contiguous: --contiguous with a time that does not run past midnight",
    ],
    ["-A INPUT -m limit --limit 1/day", "--limit: a rate and a burst that are too large together"],
    ["-A INPUT -j DNAT --to-destination 1.1.1.1", "DNAT: DNAT in the table filter"],
    ["-A INPUT -j REJECT --reject-with tcp-reset", "--reject-with: tcp-reset without -p tcp"],
    ["-A INPUT -j MARK --set-mark 5 --or-mark 5", "--or-mark: --or-mark beside --set-mark"],
    ["-A INPUT -j NFQUEUE --queue-balance 4:4", "--queue-balance: --queue-balance with a range that does not rise"],
    ["-A INPUT -p tcp -j TCPMSS --set-mss 5", "--set-mss: TCPMSS without a match for SYN packets"],
    [
      "-A FORWARD -j CONNMARK --left-shift-mark 5",
      "CONNMARK: CONNMARK without any of --set-xmark, --set-mark, --and-mark, --or-mark, --xor-mark, --save-mark, --restore-mark",
    ],
  ])("%s", (line, expected) => {
    expect(refused(line)).toBe(expected);
  });

  test.each([
    ["-A PREROUTING -j DROP", { table: "nat" }, "DROP: DROP in the table nat"],
    ["-A POSTROUTING -j DNAT --to-destination 1.1.1.1", { table: "nat" }, "DNAT: DNAT in the chain POSTROUTING"],
    [
      "-A PREROUTING -j DNAT --to-destination 1.1.1.1:80",
      { table: "nat" },
      "--to-destination: ports without a protocol that has ports",
    ],
    ["-A INPUT -j TRACE", { backend: "legacy" }, "TRACE: TRACE in the table filter"],
    ["-A INPUT -j TRACE", { backend: "nft" }, ""],
    ["-A INPUT -j QUEUE", { backend: "nft" }, "QUEUE: iptables-nft has no target QUEUE"],
    ["-A INPUT -p tcp -j TCPMSS --set-mss 5", { backend: "nft" }, ""],
    ["-A INPUT ! -p tcp -m tcp --dport 1", { backend: "nft" }, ""],
    ["-A INPUT -s 10.0.0.1", { family: 6 }, '10.0.0.1: -s cannot be "10.0.0.1"'],
    ["-A PREROUTING -p 253 -j DNAT --to-destination ::1", { family: 6, table: "nat" }, ""],
    ["-A INPUT -m addrtype --src-type BROADCAST", { family: 6 }, "--src-type: the address type BROADCAST under IPv6"],
    ["-A INPUT ! -s 10.0.0.0/0", { backend: "nft" }, '-s: "!" before a network that holds every address'],
    ["-A INPUT ! -s 10.0.0.0/0", { backend: "legacy" }, ""],
    ["-A INPUT -f", { family: 6 }, "-f: -f is for IPv4 only"],
    ["-A INPUT -m ah", { family: 6 }, ""],
    ["-A INPUT -m length --length 4:3", { release: 10809 }, ""],
    ["-A INPUT -m length --length 4:3", { release: 10811 }, '4:3: --length of length cannot be "4:3"'],
    [
      "-A INPUT -j NFQUEUE --queue-balance :",
      { release: 10809 },
      "--queue-balance: --queue-balance over all 65,536 queues",
    ],
    ["-A INPUT -j NFQUEUE --queue-balance :", { release: 10811 }, ""],
  ] as const)("%s with %j", (line, place, expected) => {
    expect(refused(line, place)).toBe(expected);
  });

  test.each([
    "-A INPUT -s example.org -j ACCEPT",
    "-A INPUT -s 1.1.1.1,2.2.2.2 -j ACCEPT",
    "-A INPUT -p tcp --dport my-service -j ACCEPT",
    "-A INPUT -m set --match-set any src -j ACCEPT",
    "-A KUBE-X -m owner --uid-owner 0 -j ACCEPT",
    "-A INPUT -m policy --dir in --pol none",
    "-A OUTPUT -m physdev --physdev-out lo --physdev-is-bridged",
    "-A INPUT -m conntrack --ctstate NEW -m comment --comment x -j LOG --log-prefix 'a",
  ])("nothing is said against %s", (line) => {
    expect(refused(line)).toBe("");
  });
});

describe("a text is refused as iptables-restore refuses it", () => {
  const table = (...lines: string[]): string => ["*filter", ...lines, "COMMIT", ""].join("\n");

  test.each([
    ["a jump to a chain that is not declared", table("-A INPUT -j X"), /"X" is neither a target nor a declared chain/],
    ["a rule for a chain that is not declared", table("-A X -j DROP"), /the chain "X" is not declared/],
    ["a jump to a built-in chain", table("-A FORWARD -j INPUT"), /a jump to the built-in chain INPUT/],
    [
      "a loop",
      table(":X - [0:0]", ":Y - [0:0]", "-A INPUT -j X", "-A X -j Y", "-A Y -j X"),
      /a loop of jumps over the chain "X"/,
    ],
    ["a chain declared twice", table(":X - [0:0]", ":X - [0:0]"), /declared twice/],
    ["a chain name that is too long", table(`:${"c".repeat(29)} - [0:0]`), /more than 28 bytes/],
    ["a policy that is none", table(":INPUT REJECT [0:0]"), /the policy "REJECT"/],
    ["a policy for a user-defined chain", table(":X ACCEPT [0:0]"), /a policy for the user-defined chain "X"/],
    ["a blank before a chain line", table(" :X - [0:0]"), /no command of iptables/],
    ["CRLF", table("-A INPUT -j DROP\r"), /carriage return/],
    ["no COMMIT", "*filter\n-A INPUT -j DROP\n", /ends without COMMIT/],
    ["a blank behind COMMIT", "*filter\nCOMMIT \n", /COMMIT must stand alone/],
    ["a table within a table", "*filter\n*nat\nCOMMIT\n", /a table within a table/],
    ["a rule outside of any table", "-A INPUT -j DROP\n", /outside of any table/],
    ["a table that does not exist", "*nosuch\nCOMMIT\n", /there is no table "nosuch"/],
    ["a prompt before a rule", table("$ -A INPUT -j DROP"), /text before the command/],
    ["counters without an end", table("[1:2 -A INPUT -j DROP"), /counters without an end/],
  ])("%s", (_, text, expected) => {
    expect(refusedText(text, 4, "legacy")).toEqual([expect.stringMatching(expected)]);
  });

  test.each([
    ["a jump to itself from a chain that nobody calls", table(":X - [0:0]", "-A X -j X")],
    ["a chain with the name of an extension", table(":LOG - [0:0]", "-A INPUT -j LOG")],
    ["a goto", table(":X - [0:0]", "-A INPUT -g X")],
    ["counters glued to the command", table("[1:2]-A INPUT -j DROP")],
    ["a line for the other family", table("-6 -A INPUT -s ::1 -j DROP")],
    ["two tables", `${table("-A INPUT -j DROP")}*nat\nCOMMIT\n`],
    ["comments and empty lines", table("# a", "", "-A INPUT -j DROP")],
  ])("%s is taken", (_, text) => {
    expect(refusedText(text, 4, "legacy")).toEqual([]);
  });
});

/** Lines over which the reading and the real tools do not agree, by what they hold: only a host or its kernel can tell, or nobody writes them. */
const DISAGREEMENTS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/--nfacct-name wrong/, "whether an accounting object exists, the kernel knows"],
  [/--match-set (foo|NOSET) /, "whether a set exists and of which family it is, the kernel knows"],
  [/no\.such\.host\.invalid/, "whether a host name resolves, the host knows"],
  [/-L INPUT -n/, "-n is an option of -L alone, which has no place in a restore input"],
  [/: X - \[0:0\]/, "iptables-restore skips a blank behind the colon; no tool writes one"],
  [/ACCEPT 0:0/, "iptables-restore does not look at counters without -c"],
  [/-E X Y/, "iptables-nft-restore 1.8.9 cannot rename a chain that it made itself"],
  [/INPUT\0/, "iptables-restore ends a line at a NUL byte"],
];

const disagreement = (text: string): string | undefined => DISAGREEMENTS.find(([pattern]) => pattern.test(text))?.[1];

const rowsOf = <Row>(file: string): Row[] =>
  readFileSync(sharedPath(`extensions/${file}`), "utf8")
    .trimEnd()
    .split("\n")
    .map((row) => JSON.parse(row));

interface Tried {
  readonly family: "ip" | "ip6";
  readonly backend: Backend;
  readonly table: string;
  readonly chain: string;
  readonly input: string;
  readonly rc?: number;
}

describeShared("the verdict of the real iptables-restore 1.8.9", () => {
  const families = { ip: 4, ip6: 6 } as const;

  /** Texts that one refuses and the other takes. */
  function differing(cases: readonly { text: string; family: Family; backend: Backend; refuses: boolean }[]): string[] {
    return cases
      .filter(({ text, family, backend, refuses }) => refusedText(text, family, backend).length > 0 !== refuses)
      .map(({ text, backend, refuses }) => `${backend} ${refuses ? "refuses" : "takes"} ${JSON.stringify(text)}`);
  }

  function expectAgreement(differences: readonly string[], cases: number): void {
    const unexplained = differences.filter(
      (text) => disagreement(JSON.parse(text.slice(text.indexOf('"')))) === undefined,
    );
    expect(unexplained).toEqual([]);
    expect(differences.length).toBeLessThan(0.05 * cases);
  }

  const textOf = ({ table, chain, input }: Tried): string => `*${table}\n-A ${chain} ${input}\nCOMMIT\n`;

  test("is the same on lines that upstream expects to fail", () => {
    const cases = rowsOf<Tried>("failed.jsonl").map((row) => ({
      text: textOf(row),
      family: families[row.family],
      backend: row.backend,
      refuses: row.rc !== 0,
    }));
    expect(cases.length).toBeGreaterThan(500);
    expectAgreement(differing(cases), cases.length);
  });

  test("is the same on lines that it saved", () => {
    const cases = rowsOf<Tried>("saved.jsonl").map((row) => ({
      text: textOf(row),
      family: families[row.family],
      backend: row.backend,
      refuses: false,
    }));
    expect(differing(cases)).toEqual([]);
  });

  test("is the same on small texts", () => {
    type Probe = { family: "ip" | "ip6"; input: string } & Record<Backend, { rc: number }>;
    const cases = rowsOf<Probe>("probes.jsonl").flatMap((probe) =>
      (["legacy", "nft"] as const).map((backend) => ({
        text: probe.input,
        family: families[probe.family],
        backend,
        refuses: probe[backend].rc !== 0,
      })),
    );
    expect(cases.length).toBeGreaterThan(400);
    expectAgreement(differing(cases), cases.length);
  });

  /** Texts of the corpus over which the two do not agree. */
  const TEXTS: ReadonlyMap<string, string> = new Map([
    ["8none1-multipathrouting-iptables.save", "host names, which the host resolves"],
    ["net-network-found_online-jvehent-firewall", "host names, which the host resolves"],
    [
      "strongswan-strongswan-testing-tests-ikev2-mobike-virtual-ip-nat-hosts-alice-etc-iptables.rules",
      "placeholders that look like host names",
    ],
    [
      "strongswan-strongswan-testing-tests-ha-both-active-hosts-moon-etc-iptables.rules",
      "placeholders that look like host names",
    ],
    [
      "resteex0-ufw-rate-limit-http-https-before.rules",
      "iptables-nft-restore --test does not look whether chains are declared",
    ],
  ]);

  test("is the same on public texts", () => {
    type Meta = { slug: string; family_guess: string; accepted: Record<string, { accepted: boolean } | null> };
    const differences: string[] = [];
    let seen = 0;
    for (const name of readdirSync(sharedPath("corpus"))) {
      if (!name.endsWith(".meta.json")) continue;
      const meta: Meta = JSON.parse(readFileSync(sharedPath(`corpus/${name}`), "utf8"));
      const bytes = readFileSync(sharedPath(`corpus/${name.replace(/\.meta\.json$/, ".txt")}`));
      for (const [tool, verdict] of Object.entries(meta.accepted)) {
        if (verdict === null || typeof verdict !== "object") continue;
        const backend = tool.includes("nft") ? "nft" : "legacy";
        const family = tool.startsWith("ip6") || meta.family_guess === "ip6" ? 6 : 4;
        const refused = refusedBytes(bytes, family, backend).length > 0;
        if (refused === verdict.accepted) differences.push(meta.slug);
        seen++;
      }
    }
    expect(differences.filter((slug) => !TEXTS.has(slug))).toEqual([]);
    expect(seen).toBeGreaterThan(200);
    expect(differences.length).toBeLessThan(0.05 * seen);
  });
});
