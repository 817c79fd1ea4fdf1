import { describe, expect, test } from "vitest";
import { readAddress } from "../../grammar/values/address.ts";
import type { SetDirections } from "../../grammar/values/types.ts";
import { knownBits } from "../../src/netfilter/packet.ts";
import { firstPacket, type Question } from "../../src/netfilter/question.ts";
import { readIpSets } from "../../src/netfilter/trace/ipset.ts";

const bits = (text: string): bigint => readAddress(text, { family: null })!.bits;
const question: Question = {
  family: 4,
  source: bits("10.0.0.5"),
  destination: bits("192.0.2.9"),
  protocol: 6,
  destinationPort: 80,
  inInterface: "eth0",
};

function holds(
  lines: readonly string[],
  name: string,
  directions: string,
  asked: Partial<Question> = {},
): boolean | null {
  const { sets, problems } = readIpSets(`${lines.join("\n")}\n`);
  expect(problems).toEqual([]);
  const packet = { ...firstPacket({ ...question, ...asked }), mark: knownBits(asked.mark ?? 0) };
  return sets.get(name)!.contains(directions.split(",") as unknown as SetDirections, packet, sets);
}

const inet = "family inet hashsize 1024 maxelem 65536";

describe("a set", () => {
  test.each<[string, string, string[], string, boolean | null, Partial<Question>?]>([
    ["of addresses", "hash:ip", ["10.0.0.5"], "src", true],
    ["of other addresses", "hash:ip", ["10.0.0.6"], "src", false],
    ["asked the other way", "hash:ip", ["10.0.0.5"], "dst", false],
    ["of a range", "bitmap:ip", ["10.0.0.0-10.0.0.9"], "src", true],
    ["of a source that is not known", "hash:ip", ["10.0.0.5"], "src", null, { source: null }],
    ["of networks", "hash:net", ["10.0.0.0/8"], "src", true],
    ["whose narrower network is excepted", "hash:net", ["10.0.0.0/8", "10.0.0.0/24 nomatch"], "src", false],
    ["whose exception has an exception", "hash:net", ["10.0.0.0/8", "10.0.0.0/24 nomatch", "10.0.0.5"], "src", true],
    ["of addresses and ports", "hash:ip,port", ["192.0.2.9,tcp:80"], "dst,dst", true],
    ["of ports of another protocol", "hash:ip,port", ["192.0.2.9,udp:80"], "dst,dst", false],
    ["of ports in a range", "hash:ip,port", ["192.0.2.9,tcp:70-90"], "dst,dst", true],
    ["of a port that is not known", "hash:ip,port", ["10.0.0.5,tcp:80"], "src,src", null],
    ["of flows", "hash:ip,port,ip", ["10.0.0.5,tcp:80,192.0.2.9"], "src,dst,dst", true],
    ["of flows of somebody else", "hash:ip,port,net", ["10.0.0.5,tcp:80,198.51.100.0/24"], "src,dst,dst", false],
    ["of pairs of networks", "hash:net,net", ["10.0.0.0/8,192.0.2.0/24"], "src,dst", true],
    ["of ports", "bitmap:port", ["80"], "dst", true],
    ["of interfaces", "hash:net,iface", ["10.0.0.0/8,eth0"], "src,src", true],
    ["of other interfaces", "hash:net,iface", ["10.0.0.0/8,eth1"], "src,src", false],
    ["of marks", "hash:ip,mark", ["192.0.2.9,0x00000001"], "dst,dst", true, { mark: 1 }],
    ["of hardware addresses", "hash:mac", ["01:02:03:04:05:06"], "src", null],
    ["of nothing", "hash:mac", [], "src", false],
    ["asked for less than it holds", "hash:ip,port", ["192.0.2.9,tcp:80"], "dst", null],
    ["whose entries end in time", "hash:ip", ["10.0.0.5 timeout 30"], "src", true],
  ])("%s", (_name, type, entries, directions, expected, asked = {}) => {
    const lines = [`create s ${type} ${inet}`, ...entries.map((entry) => `add s ${entry}`)];
    expect(holds(lines, "s", directions, asked)).toBe(expected);
  });

  test("that keeps only networks of addresses", () => {
    expect(holds([`create s hash:ip ${inet} netmask 24`, "add s 10.0.0.0"], "s", "src")).toBe(true);
    expect(holds([`create s hash:ip ${inet} netmask 24`, "add s 10.0.0.77"], "s", "src")).toBe(true);
  });

  test("of sets", () => {
    const lines = [
      `create a hash:ip ${inet}`,
      `create b hash:ip ${inet}`,
      "create s list:set size 8",
      "add s a",
      "add s b",
    ];
    expect(holds([...lines, "add b 10.0.0.5"], "s", "src")).toBe(true);
    expect(holds(lines, "s", "src")).toBe(false);
    expect(holds([...lines, "add s missing"], "s", "src")).toBe(null);
  });

  test("of the other IP version holds nothing", () => {
    expect(holds(["create s hash:ip family inet6 hashsize 1024 maxelem 65536", "add s ::a00:5"], "s", "src")).toBe(
      false,
    );
  });

  test("of 100,000 addresses is read and asked", () => {
    const entries = Array.from({ length: 100_000 }, (_, k) => `add s 10.${k >> 16}.${(k >> 8) & 255}.${k & 255}`);
    expect(holds([`create s hash:ip ${inet}`, ...entries], "s", "src")).toBe(true);
  });
});

test("lines that cannot be read are named", () => {
  const text =
    "# made by hand\ncreate s hash:ip family inet\nadd s 10.0.0.300\nadd t 10.0.0.1\ncreate u hash:what\nnonsense\n\nadd s 10.0.0.1,80\n";
  expect(readIpSets(text).problems.map(({ line }) => line)).toEqual([3, 4, 5, 6, 8]);
});
