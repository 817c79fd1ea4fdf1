import { describe, expect, test } from "vitest";
import { readAddress } from "../../grammar/values/address.ts";
import { allMatches, allTargets, matchRecord } from "../../grammar/vocabulary/index.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import { matchSemantics } from "../../src/netfilter/match/index.ts";
import { undecided } from "../../src/netfilter/match/undecided.ts";
import { NOTHING_KNOWN, type NodeFacts } from "../../src/netfilter/node.ts";
import { firstPacket, type Question } from "../../src/netfilter/question.ts";
import { Ruleset } from "../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import { targetSemantics } from "../../src/netfilter/target/index.ts";
import { trace } from "../../src/netfilter/trace/trace.ts";

const bits = (text: string): bigint => readAddress(text, { family: null })!.bits;

const question: Question = {
  family: 4,
  source: bits("192.0.2.7"),
  destination: bits("198.51.100.9"),
  protocol: 6,
  sourcePort: 40_000,
  destinationPort: 80,
  inInterface: "eth0",
};

const node: NodeFacts = {
  ...NOTHING_KNOWN,
  addresses: [bits("203.0.113.1")],
  routes: [{ bits: 0n, mask: 0n, interface: "out0" }],
};

/** Whether a rule with these conditions, standing alone in filter FORWARD, takes the packet: yes, no, or what it depends on. */
function answer(conditions: string, asked: Partial<Question> = {}, facts: Partial<NodeFacts> = {}): string {
  const text = `*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD ${conditions} -j DROP\nCOMMIT\n`;
  const [{ store, tables }] = rulesetsOf(buildStore(new TextEncoder().encode(text))) as [Ruleset];
  const full = { ...question, ...asked };
  const { ends } = trace(new Ruleset(store, full.family, "nft", tables), full, { ...node, ...facts });
  const dropped = ends.filter((end) => end.fate === "dropped");
  if (ends.length === 1) return dropped.length === 1 ? "yes" : "no";
  return dropped
    .flatMap((end) => [
      ...end.assumptions.map(({ variable, value }) => (value ? variable.holds : variable.fails)),
      ...(end.share < 1 ? [end.ideal] : []),
    ])
    .join(" and ");
}

describe("the vocabulary", () => {
  test("has semantics for every match, and no others", () => {
    expect([...matchSemantics.keys()].sort()).toEqual(allMatches.map(({ name }) => name).sort());
  });

  test("has semantics for every target, and no others", () => {
    expect([...targetSemantics.keys()].sort()).toEqual(allTargets.map(({ name }) => name).sort());
  });
});

describe("options of the core", () => {
  test.each([
    ["-s 192.0.2.0/24", "yes"],
    ["! -s 192.0.2.0/24", "no"],
    ["-s 192.0.2.8/29", "no"],
    ["-s 192.0.0.7/255.255.0.255", "yes"],
    ["-s 10.0.0.0/8,192.0.2.0/24", "yes"],
    ["-d 198.51.100.9/32", "yes"],
    ["-i eth0", "yes"],
    ["-i eth+", "yes"],
    ["-i +", "yes"],
    ["! -i lo", "yes"],
    ["-o out0", "yes"],
    ["-p tcp", "yes"],
    ["-p 6", "yes"],
    ["-p all", "yes"],
    ["! -p tcp", "no"],
    ["-p udp", "no"],
    ["-f", "no"],
    ["! -f", "yes"],
  ])("%s: %s", (conditions, expected) => {
    expect(answer(conditions)).toBe(expected);
  });

  test.each([
    ["-s 192.0.2.0/24", "the source is in 192.0.2.0/24"],
    ["! -s 192.0.2.0/24", "the source is not in 192.0.2.0/24"],
    ["-s 192.0.2.0/24 -s 192.0.2.0/24", "the source is in 192.0.2.0/24"],
    ["-s 10.0.0.0/8 -m iprange --src-range 11.0.0.0-11.0.0.9", "no"],
  ])("%s of an unknown source: %s", (conditions, expected) => {
    expect(answer(conditions, { source: null })).toBe(expected);
  });

  test("an interface that is not known is not the loopback", () => {
    const { inInterface: _, ...unknown } = question;
    const text =
      "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -i lo -j DROP\n-A FORWARD -i cali+ -j MARK --set-mark 1\n-A FORWARD -i eth0 -m mark --mark 1 -j DROP\nCOMMIT\n";
    const [ruleset] = rulesetsOf(buildStore(new TextEncoder().encode(text)));
    // eth0 is no cali interface, so the second rule and the third exclude each other
    expect(trace(ruleset!, unknown, node).ends.map(({ fate, assumptions }) => [fate, assumptions.length])).toEqual([
      ["forwarded", 0],
    ]);
  });
});

describe("matches", () => {
  test.each<[string, string, Partial<Question>?]>([
    ["-p tcp -m tcp --dport 80", "yes"],
    ["-p tcp -m tcp ! --dport 80", "no"],
    ["-p tcp -m tcp --dport 1:79", "no"],
    ["-p tcp -m tcp --sport 1024:65535", "yes"],
    ["-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "yes"],
    ["-p tcp --syn", "yes"],
    ["-p tcp --syn", "no", { tcpFlags: 16 }],
    ["-p udp -m udp --dport 80", "yes", { protocol: 17 }],
    ["-p sctp -m sctp --dport 80", "yes", { protocol: 132 }],
    ["-p tcp -m multiport --dports 22,80,443", "yes"],
    ["-p tcp -m multiport ! --dports 22,80:90", "no"],
    ["-p tcp -m multiport --ports 40000", "yes"],
    ["-p icmp -m icmp --icmp-type 8", "yes", { protocol: 1, icmpType: 8, icmpCode: 0 }],
    ["-p icmp -m icmp --icmp-type 3/4", "no", { protocol: 1, icmpType: 3, icmpCode: 1 }],
    ["-p icmp -m icmp --icmp-type any", "yes", { protocol: 1 }],
    ["-m mark --mark 0x4000/0x4000", "no"],
    ["-m mark --mark 0x4000/0x4000", "yes", { mark: 0xc000 }],
    ["-m mark ! --mark 0x1", "yes"],
    ["-m mark --mark 0x3/0x1", "no", { mark: 3 }],
    ["-m connmark --mark 0x1/0x1", "no"],
    ["-m connmark --mark 0x1/0x1", "the connection's mark is 0x1 under mask 0x1", { state: "related" }],
    ["-m connmark ! --mark 0x1/0x1", "no", { state: "untracked" }],
    ["-m conntrack --ctstate NEW", "yes"],
    ["-m conntrack --ctstate RELATED,ESTABLISHED", "no"],
    ["-m conntrack --ctstate RELATED,ESTABLISHED", "yes", { state: "established" }],
    ["-m conntrack --ctstate INVALID", "yes", { state: "invalid" }],
    ["-m conntrack ! --ctstate NEW --ctdir ORIGINAL", "yes", { state: "invalid" }],
    ["-m conntrack ! --ctorigdst 10.0.0.1", "no", { state: "untracked" }],
    ["-m conntrack --ctorigdst 198.51.100.9", "yes"],
    ["-m conntrack --ctreplsrc 198.51.100.9", "yes"],
    ["-m conntrack --ctproto 17", "no"],
    ["-m conntrack --ctstatus NONE", "no"],
    ["-m state --state NEW,INVALID", "yes"],
    ["-m addrtype --dst-type LOCAL", "no"],
    ["-m addrtype ! --dst-type LOCAL", "yes"],
    ["-m addrtype --dst-type UNICAST", "yes"],
    ["-m addrtype --dst-type MULTICAST,LOCAL", "no"],
    ["-m iprange --src-range 192.0.2.1-192.0.2.9", "yes"],
    ["-m iprange ! --dst-range 198.51.100.1-198.51.100.8", "yes"],
    ["-m comment --comment anything", "yes"],
    ["-m nfacct --nfacct-name any", "yes"],
    ["-m statistic --mode random --probability 0.33333333349", "1/3"],
    ["-m statistic --mode random ! --probability 0.25", "3/4"],
    ["-m statistic --mode random --probability 0.16667000018", "1/6"],
    ["-m statistic --mode random --probability 0", "no"],
    ["-m statistic --mode random --probability 1", "yes"],
    ["-m statistic --mode nth --every 5 --packet 2", "1/5"],
    ["-m statistic --mode nth ! --every 5", "4/5"],
    ["-m recent --rcheck --name a --rsource", "no"],
    ["-m recent ! --update --name a --rsource", "yes"],
    ["-m recent --set --name a --rsource", "yes"],
    ["-m recent --set --name a --rsource -m recent --rcheck --name a --rsource", "yes"],
    ["-m recent --set --name a --rsource -m recent --rcheck --name a --rdest", "no"],
    ["-m length --length 0:100", "the length of the packet is 0 to 100"],
    ["-m length --length 40", "yes", { length: 40 }],
    ["-m ttl --ttl-lt 10", "no", { ttl: 64 }],
    ["-m dscp --dscp 0x0a", "yes", { tos: 0x28 }],
    ["-m tos --tos 0x08/0x08", "the TOS field is 0x8 under mask 0x8"],
    ["-m physdev ! --physdev-is-in", "yes"],
    ["-m owner --uid-owner 0", "no"],
    ["-m owner ! --uid-owner 0", "yes"],
    ["-m pkttype --pkt-type unicast", "yes"],
    ["-m helper --helper ftp", "no"],
    ["-m connlabel --label 40", "no"],
    ["-m connlabel --label 40 --set", "yes"],
    ["-m rpfilter", "no"],
    ["-m set --match-set blocked src", "set blocked holds source 192.0.2.7"],
    ["-m limit --limit 5/min", "-m limit --limit 5/min matches"],
    ["-m mystery --option", "-m mystery --option matches"],
  ])("%s: %s", (conditions, expected, asked = {}) => {
    expect(answer(conditions, asked)).toBe(expected);
  });

  test("the same condition twice is one question, a limit twice is two", () => {
    const again = (conditions: string): number => {
      const rule = `-A FORWARD ${conditions} -j MARK --set-xmark 0x1/0x0\n`;
      const text = `*filter\n:FORWARD ACCEPT [0:0]\n${rule}${rule}-A FORWARD -m mark --mark 0x1 -j DROP\nCOMMIT\n`;
      const [ruleset] = rulesetsOf(buildStore(new TextEncoder().encode(text)));
      return trace(ruleset!, question, node).ends.filter((end) => end.fate === "dropped").length;
    };
    // the mark is flipped twice, or not at all
    expect(again("-m set --match-set blocked src")).toBe(0);
    expect(again("-m limit --limit 5/min")).toBe(2);
  });

  test("LOCAL depends on the node", () => {
    expect(answer("-m addrtype --dst-type LOCAL", {}, { addresses: null })).not.toBe("yes");
    // whichever way the packet is routed, a foreign source is none of the node's
    expect(answer("-m addrtype --src-type LOCAL", {}, { addresses: null })).toBe("");
  });

  test("of IPv6, types of addresses must fit together", () => {
    const six = { family: 6, source: bits("fd00::7"), destination: bits("fd00::9") } as const;
    const facts = { addresses: [bits("fd00::1")] };
    expect(answer("-m addrtype --dst-type UNICAST", six, facts)).toBe("yes");
    expect(answer("-m addrtype --dst-type UNICAST,LOCAL", six, facts)).toBe("no");
    expect(answer("-p ipv6-icmp -m icmp6 --icmpv6-type 128", { ...six, protocol: 58, icmpType: 128 }, facts)).toBe(
      "yes",
    );
  });
});

test.each([...undecided])("%s stays open, with a reason", (name, semantics) => {
  const match = { name, word: null, record: matchRecord(name)!, options: [] };
  const [ask, ...others] = semantics(match, { family: 4, rule: "rule 1", table: "filter" });
  expect(others).toEqual([]);
  const decision = ask!(firstPacket(question), node);
  expect(decision).toMatchObject({ sense: true, variable: { reason: expect.stringMatching(/^[a-z]/) } });
});
