import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import type { Codec, CodecContext } from "../../grammar/values/codec.ts";
import { allMatches, allTargets, coreOptions } from "../../grammar/vocabulary/index.ts";

const codecs = new Map<string, Codec<unknown>>();
/** The codec of the option that a value is saved under: `--or-mark` is saved as `--set-xmark`. */
const savedUnder = new Map<string, Codec<unknown>>();
for (const { options } of [{ options: coreOptions }, ...allMatches, ...allTargets])
  for (const { codecs: own, savedAs } of options) {
    const target = options.find(({ flag }) => flag === savedAs);
    own.forEach((codec, i) => {
      codecs.set(codec.name, codec);
      savedUnder.set(codec.name, target?.codecs[i] ?? codec);
    });
  }

function codecNamed(name: string): Codec<unknown> {
  const codec = codecs.get(name);
  if (codec === undefined) throw new Error(`no codec ${name}`);
  return codec;
}

/** What iptables-save would print for the text, or why not. */
function saved(name: string, text: string, context: CodecContext): string {
  const codec = codecNamed(name);
  const read = codec.parse(text, context);
  if ("value" in read) return codec.print(read.value, context);
  return read.needsHost ? "needs the host" : "refused";
}

// every row was asked of iptables 1.8.9
describe("a value is saved as iptables-save prints it", () => {
  test.each([
    ["address-mask", "10/8", "10.0.0.0/8"],
    ["address-mask", "10.1", "10.1.0.0/32"],
    ["address-mask", "10.300", "10.0.1.44/32"],
    ["address-mask", "0x7f000001", "127.0.0.1/32"],
    ["address-mask", "010.1.2.3", "8.1.2.3/32"],
    ["address-mask", "10.1.2.3/255.255.0.0", "10.1.0.0/16"],
    ["address-mask", "10.1.2.3/255.0.255.0", "10.0.2.0/255.0.255.0"],
    ["address-mask", "10.1.2.3/0x8", "10.0.0.0/8"],
    ["address-mask", "10.1.2.3/33", "refused"],
    ["address-mask", "10.1.2.3/08", "refused"],
    ["address-mask", "10.1.2.3/255.0", "refused"],
    ["address-mask", "10/", "refused"],
    ["address-mask", "", "refused"],
    ["address-mask", "example.org", "needs the host"],
    ["address-mask", "1.1.1.1,2.2.2.0/24", "needs the host"],
    ["address-mask", "1.1.1.1,2.2.2.0/99", "refused"],
    ["host-or-network", "10.1.2.3/8", "10.1.2.3/8"],
    ["host-or-network", "10.1", "10.0.0.1"],
    ["port-range", ":90", "0:90"],
    ["port-range", "80:", "80:65535"],
    ["port-range", ":", "0:65535"],
    ["port-range", "0x50", "80"],
    ["port-range", "010", "8"],
    ["port-range", "80:http", "80"],
    ["port-range", " 5", "5"],
    ["port-range", "1:2:3", "refused"],
    ["port-range", "65536", "refused"],
    ["port-range", "", "refused"],
    ["port-range", "my-own-service", "needs the host"],
    ["resolved-port-range", "010", "10"],
    ["resolved-port-range", "0x50", "refused"],
    ["resolved-port-range", "65536", "0"],
    ["resolved-port-range", "", "0"],
    ["resolved-port-range", "4:3", "4:3"],
    ["port", "0x50", "refused"],
    ["port-list", "ssh,1000:1010", "22,1000:1010"],
    ["port-list", "1:2,3:4,5:6,7:8,9:10,11:12,13:14,15", "1:2,3:4,5:6,7:8,9:10,11:12,13:14,15"],
    ["port-list", "1:2,3:4,5:6,7:8,9:10,11:12,13:14,15,16", "refused"],
    ["port-list", "5:", "refused"],
    ["port-list", "5,", "refused"],
    ["protocol", "TCP", "tcp"],
    ["protocol", "0", "all"],
    ["protocol", "58", "ipv6-icmp"],
    ["protocol", "112", "vrrp"],
    ["protocol", "255", "255"],
    ["protocol", "256", "refused"],
    ["protocol", "mpeg", "needs the host"],
    ["mark", "4294967295", "0xffffffff"],
    ["mark", "0/0xffffffff", "0x0"],
    ["mark", "1/", "refused"],
    ["mark", "-1", "refused"],
    ["set-mark", "5/6", "0x5/0x7"],
    ["and-mark", "0xff", "0x0/0xffffff00"],
    ["or-mark", "0x4000", "0x4000/0x4000"],
    ["xor-mark", "0x4000", "0x4000/0x0"],
    ["probability", "0.33333333333", "0.33333333349"],
    ["probability", "0.000244140625", "0.00024414062"],
    ["probability", "0.000732421875", "0.00073242188"],
    ["probability", "1e-3", "0.00100000016"],
    ["probability", ".5", "0.50000000000"],
    ["probability", "1", "1.00000000000"],
    ["probability", "1.1", "refused"],
    ["probability", "0.5x", "refused"],
    ["connection-states", "n,e", "NEW,ESTABLISHED"],
    ["connection-states", "ESTABLISHED,RELATED", "RELATED,ESTABLISHED"],
    ["connection-states", "wrong", "refused"],
    ["connection-status", "NONE,ASSURED", "ASSURED"],
    ["tcp-flags", "ALL", "FIN,SYN,RST,PSH,ACK,URG"],
    ["tcp-flags", "SYN,,ack", "SYN,ACK"],
    ["tcp-flags", "FOO", "refused"],
    ["icmp-type", "PING", "8"],
    ["icmp-type", "echo-req", "8"],
    ["icmp-type", "network-unreachable", "3/0"],
    ["icmp-type", "255/255", "any"],
    ["icmp-type", "e", "refused"],
    ["icmp-type", "3/256", "refused"],
    ["nat-range", "10.0.0.1-10.0.0.5:80-90", "10.0.0.1-10.0.0.5:80-90"],
    ["nat-range", "1.2.3.4-1.2.3.4", "1.2.3.4"],
    ["nat-range", ":80-90/5", ":80-90/5"],
    ["nat-range", "1.2.3.4:http", "1.2.3.4:80"],
    ["nat-range", "1.2.3.4:ftp-ssh", "needs the host"],
    ["nat-range", "1.2.3.4:90-80", "refused"],
    ["nat-range", "1.2.3.4:80/90", "refused"],
    ["nat-range", "1.2.3.4:", "refused"],
    ["nat-range", "10", "refused"],
    ["limit-rate", "5/minute", "5/min"],
    ["limit-rate", "60/m", "1/sec"],
    ["limit-rate", "3", "3/sec"],
    ["limit-rate", "10001/s", "refused"],
    ["hashlimit-rate", "1000b/s", "992b/s"],
    ["hashlimit-rate", "50000kb/s", "50006kb/s"],
    ["hashlimit-rate", "40mb/s", "40mb/s"],
    ["hashlimit-rate", "512kb/m", "512/min"],
    ["time-of-day", "008:0", "08:00:00"],
    ["time-of-day", "24:00", "refused"],
    ["date-time", "2020-02-30", "2020-03-01T00:00:00"],
    ["date-time", "2020-12-31T23", "2020-12-31T23:00:00"],
    ["date-time", "2039", "refused"],
    ["week-days", "Monday,3", "Mon,Wed"],
    ["month-days", "3,1,31", "1,3,31"],
    ["sctp-chunks", "ABORT:T,DATA:Beu", "DATA:uBe,ABORT:T"],
    ["sctp-chunks", "INIT:E", "refused"],
    ["u32-program", "6&0xFF=1 && 0>>22&0x3C@0>>24=0:5,7", "0x6&0xff=0x1&&0x0>>0x16&0x3c@0x0>>0x18=0x0:0x5,0x7"],
    ["u32-program", "0@@1=1", "refused"],
    ["bpf-program", "1,6 0 0 0,", "1,6 0 0 0"],
    ["bpf-program", "2,6 0 0 0", "refused"],
    ["hex-pattern", "|0d0a|abc", "|0d0a616263|"],
    ["hex-pattern", "|616", "refused"],
    ["mac-address", "aa:bb:CC:0d:e:f", "aa:bb:cc:0d:0e:0f"],
    ["tos", "Minimize-Delay", "0x10/0x3f"],
    ["dscp-class", "af11", "0x0a"],
    ["reject-with", "icmp-h", "icmp-host-unreachable"],
    ["interface", "abcdefghijklmnop", "refused"],
    ["user-range", "root", "0"],
    ["user-range", "nobody", "needs the host"],
  ])("%s %j is %j", (name, text, expected) => {
    expect(saved(name, text, { family: 4 })).toBe(expected);
  });

  test.each([
    ["address-mask", "2001:DB8:0:0::1", "2001:db8::1/128"],
    ["address-mask", "2001:db8::1/ffff:0:ffff::", "2001::/ffff:0:ffff::"],
    ["address-mask", "::ffff:1.2.3.4", "::ffff:1.2.3.4/128"],
    ["address-mask", "::1.2.3.4", "::1.2.3.4/128"],
    ["address-mask", "1:0:0:2:0:0:0:3", "1:0:0:2::3/128"],
    ["address-mask", "1:2:3", "refused"],
    ["masked-host", "a::1/64", "a::1/64"],
    ["nat-range", "[dead::beef]:ftp-data", "[dead::beef]:20"],
    ["nat-range", "[dead::1-dead::2]:80", "[dead::1-dead::2]:80"],
    ["nat-range", "[dead::1]", "dead::1"],
    ["reject-with", "adm-prohibited", "icmp6-adm-prohibited"],
    ["reject-with", "icmp-port-unreachable", "refused"],
    ["icmpv6-type", "neighbour-sol", "135"],
    ["icmpv6-type", "neigh", "refused"],
    ["mobility-type", "home", "1"],
    ["mobility-type", "home-test", "3"],
  ])("%s %j is %j under IPv6", (name, text, expected) => {
    expect(saved(name, text, { family: 6 })).toBe(expected);
  });

  test("releases differ in ranges that run backwards and in names", () => {
    expect(saved("uint16-range", "4:3", { family: 4, release: 10809 })).toBe("4:3");
    expect(saved("uint16-range", "4:3", { family: 4, release: 10811 })).toBe("refused");
    expect(saved("icmp-type", "255/255", { family: 4, release: 10811 })).toBe("255/255");
    expect(saved("icmpv6-type", "mld-listener-done", { family: 6, release: 10809 })).toBe("refused");
    expect(saved("icmpv6-type", "mld-listener-done", { family: 6, release: 10811 })).toBe("132");
  });
});

/** Texts that look like values: digits, hexadecimal, dots, colons, words of the formats. */
const valueLike = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."0123456789abcdefx.:/-,+[]".split("")), maxLength: 24 }),
  fc.stringMatching(/^(\d{1,3}\.){3}\d{1,3}(\/\d{1,2}|:\d{1,5}(-\d{1,5})?)?$/),
  fc.stringMatching(/^0x[0-9a-f]{1,9}(\/0x[0-9a-f]{1,9})?$/),
  fc.stringMatching(/^\d{1,6}(:\d{1,6})?$/),
  fc.stringMatching(/^[01]?\.\d{1,12}$/),
  fc.string({ unit: "binary", maxLength: 300 }).map((text) => text.replace(/[^\0-\xff]/g, "?")),
);
const families = fc.constantFrom<CodecContext>({ family: 4 }, { family: 6 }, { family: null });

describe("codecs", () => {
  test.each([...codecs])("%s never throws, and reads what it prints", (name, codec) => {
    const reader = savedUnder.get(name) ?? codec;
    fc.assert(
      fc.property(valueLike, families, (text, context) => {
        const read = codec.parse(text, context);
        if (!("value" in read)) {
          expect(read.expected).not.toBe("");
          return;
        }
        const printed = codec.print(read.value, context);
        const again = reader.parse(printed, context);
        // what is printed without a word, such as an empty list, need not be read back
        if ("value" in again) expect(reader.print(again.value, context)).toBe(printed);
        else expect(printed === "" || codec.name === "time-span").toBe(true);
        codec.say?.(read.value, context);
      }),
      { numRuns: 300 },
    );
  });

  const quick = [...codecs].filter(([, codec]) => codec.accepts !== undefined);

  test("the values of million-line dumps have a quick check", () => {
    const names = quick.map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "address-mask",
        "comment",
        "interface",
        "mark",
        "mark-change",
        "nat-range",
        "port-range",
        "probability",
        "protocol",
      ]),
    );
  });

  test.each(quick)("%s accepts at a glance only what it can read", (_, codec) => {
    fc.assert(
      fc.property(valueLike, fc.string({ maxLength: 3 }), families, (text, before, context) => {
        const lead = before.replace(/[^\0-\xff]/g, "?");
        const bytes = bytesOf(`${lead}${text}${lead}`);
        const accepted = codec.accepts?.(bytes, lead.length, lead.length + text.length, context.family) ?? false;
        if (accepted) expect("value" in codec.parse(text, context)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["address-mask", "10.96.0.10/32"],
    ["port-range", "8080"],
    ["mark", "0x4000/0x4000"],
    ["probability", "0.33333333349"],
    ["protocol", "tcp"],
    ["interface", "cali+"],
    ["nat-range", "10.244.1.5:8080"],
    ["comment", "default/kubernetes:https"],
    ["port-list", "80,443"],
    ["uint16-range", "0:1500"],
    ["limit-burst", "5"],
  ])("%s accepts %j at a glance", (name, text) => {
    expect(codecNamed(name).accepts?.(bytesOf(text), 0, text.length, 4)).toBe(true);
  });
});
