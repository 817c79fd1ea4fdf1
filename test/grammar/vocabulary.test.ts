import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { OptionNode, RuleNode, Word } from "../../grammar/ast.ts";
import {
  allMatches,
  allTargets,
  coreOptions,
  implicitMatch,
  matchRecord,
  targetRecord,
} from "../../grammar/vocabulary/index.ts";
import type { ExtensionRecord, OptionRecord } from "../../grammar/vocabulary/record.ts";
import { sentence } from "../../grammar/vocabulary/words.ts";
import { describeShared, sharedPath } from "../helpers/shared.ts";

const extensions: readonly ExtensionRecord[] = [...allMatches, ...allTargets];

/** One value that each codec takes, in the spelling of people, by the codec's name. */
const EXAMPLES: Readonly<Record<string, string>> = {
  "account-name": "ct_state_invalid_dropped_pkts",
  address: "10.0.0.1",
  "address-mask": "10.0.0.0/8",
  "address-range": "10.0.0.1-10.0.0.9",
  "address-types": "LOCAL",
  "and-mark": "0xffffbfff",
  "and-tos": "0x12",
  "audit-type": "drop",
  bit: "1",
  "bit-rate": "8bit",
  "bpf-program": "1,6 0 0 0",
  byte: "64",
  "chain-name": "KUBE-SERVICES",
  "cluster-hash-mode": "sourceip",
  comment: "why",
  "connbytes-direction": "both",
  "connbytes-mode": "bytes",
  "connection-direction": "ORIGINAL",
  "connection-label": "40",
  "connection-states": "RELATED,ESTABLISHED",
  "connection-status": "ASSURED",
  "conntrack-events": "new,destroy",
  counter: "7",
  "date-time": "2026-11-23T12:00:00",
  "dccp-types": "REQUEST",
  "device-group": "0x5",
  dscp: "46",
  "dscp-class": "EF",
  "ecn-codepoint": "2",
  "estimator-name": "RE1",
  "expect-events": "new",
  "extension-name": "tcp",
  "group-range": "1000",
  hash: "0xfeedcafe",
  "hashlimit-burst": "20",
  "hashlimit-mode": "srcip",
  "hashlimit-rate": "5/min",
  "helper-name": "ftp",
  "hex-pattern": "|0d0a|",
  hexadecimal: "0xff",
  "hexadecimal-port": "0xffff",
  "hexadecimal-protocol": "0xffff",
  "hmark-tuple": "src,dst",
  "host-or-network": "10.0.0.1",
  "icmp-type": "echo-request",
  "icmpv6-type": "packet-too-big",
  "idle-seconds": "42",
  interface: "cali+",
  "interface-name": "eth0",
  interval: "10",
  "ipsec-mode": "tunnel",
  "ipsec-protocol": "esp",
  "ipv6-address-list": "fd00::1",
  "ipv6-headers": "frag",
  "ipv6-options": "149:92",
  "ipvs-method": "MASQ",
  "led-delay": "42",
  "led-trigger": "foo",
  "limit-burst": "7",
  "limit-rate": "5/min",
  "log-level": "debug",
  "log-prefix": "dropped: ",
  "mac-address": "42:01:02:03:04:05",
  mark: "0x4000/0x4000",
  "mark-change": "0x4000/0x4000",
  "masked-host": "fd00::/64",
  "mobility-type": "binding-update",
  "month-days": "1,15",
  "nat-ports": "8080",
  "nat-range": "10.0.0.1:80",
  netmask: "255.255.0.0",
  network: "10.2.0.0/16",
  "nflog-prefix": "dropped",
  "node-count": "4",
  "node-mask": "0x3",
  "node-number": "4",
  "or-mark": "0x4000",
  "or-tos": "0x12",
  "osf-level": "1",
  "packet-rate": "42",
  "packet-type": "multicast",
  pattern: "GET /",
  "policy-direction": "in",
  "policy-kind": "ipsec",
  port: "15001",
  "port-list": "80,8000:8010",
  "port-range": "80",
  "positive-byte": "5",
  "positive-uint32": "5",
  "prefix-length": "24",
  probability: "0.33333333349",
  protocol: "tcp",
  "protocol-number": "tcp",
  "queue-range": "0:3",
  "quoted-text": "/system.slice",
  realm: "0x1/0x2a",
  "recent-name": "KUBE-SEP-X",
  "resolved-port-range": "80",
  "reject-with": "icmp-host-prohibited",
  "sctp-chunk-scope": "any",
  "sctp-chunks": "DATA",
  seconds: "60",
  "segment-size": "1400",
  "set-directions": "src,dst",
  "set-mark": "0x4000",
  "set-name": "blocked",
  shift: "4",
  "simple-connection-states": "NEW",
  "single-node": "2",
  "statistic-mode": "random",
  "string-algorithm": "bm",
  "string-offset": "40",
  "tcp-flags": "SYN,ACK",
  "tcp-options": "mss",
  text: "linux",
  "time-of-day": "08:00",
  "time-span": "250ms",
  "timer-label": "idle",
  tos: "0x10/0x3f",
  "tos-change": "0x10/0x3f",
  "traffic-class": "1:10",
  "u32-program": "6&0xFF=1",
  uint16: "100",
  "uint16-range": "100:200",
  uint32: "100",
  "uint32-range": "100:200",
  uint64: "100",
  "uint64-range": "100:200",
  "ulog-group": "2",
  "ulog-prefix": "dropped",
  "ulog-threshold": "2",
  "user-range": "1000",
  "week-days": "Mon,Fri",
  "window-scale": "7",
  "xor-mark": "0x4000",
  "xor-tos": "0x12",
  zone: "7",
};

const word = (text: string): Word => ({ text, offset: 0, length: text.length, quoted: false });

function optionNode(record: OptionRecord, negated: boolean): OptionNode {
  const values = record.codecs.map(({ name }) => word(EXAMPLES[name] ?? `no example of ${name}`));
  return { flag: word(record.flag), record, negated, bang: negated ? word("!") : null, values };
}

function ruleOf(parts: Partial<RuleNode>): RuleNode {
  const base = {
    kind: "rule",
    index: 0,
    line: 1,
    offset: 0,
    length: 0,
    words: [],
    command: "append",
    ruleNumber: null,
  } as const;
  return { ...base, chain: word("INPUT"), counters: null, options: [], matches: [], target: null, ...parts };
}

/** The sentence of a rule that has just this option. */
function sentenceOf(extension: ExtensionRecord | null, record: OptionRecord, negated: boolean): string {
  const options = [optionNode(record, negated)];
  if (extension === null) return sentence(ruleOf({ options }), record.family ?? 4);
  const family = record.family ?? extension.family ?? 4;
  const node = { name: extension.name, word: word(extension.name), record: extension, options };
  if (extension.kind === "match") return sentence(ruleOf({ matches: [node] }), family);
  return sentence(ruleOf({ target: { ...node, goto: false } }), family);
}

describe("records", () => {
  const options = [
    ...coreOptions.map((record) => [`core ${record.flag}`, null, record] as const),
    ...extensions.flatMap((extension) =>
      extension.options.map(
        (record) => [`${extension.kind} ${extension.name} ${record.flag}`, extension, record] as const,
      ),
    ),
  ];

  test.each(options)("%s has a codec and an example for every value, and words for both answers", (_, __, record) => {
    expect(record.codecs.length).toBe(record.arity === "optional" ? 1 : record.arity);
    for (const { name } of record.codecs) expect(EXAMPLES).toHaveProperty(name);
    expect(record.negatedPhrase !== undefined).toBe(record.negatable);
    for (const phrase of [record.phrase, record.negatedPhrase ?? ""]) {
      for (const [, digit] of phrase.matchAll(/\{(\d)\}/g)) expect(Number(digit)).toBeLessThan(record.codecs.length);
    }
  });

  test.each(options)("%s names options that its extension has", (_, extension, record) => {
    const flags = (extension?.options ?? coreOptions).flatMap(({ flag, aliases = [] }) => [flag, ...aliases]);
    for (const flag of [...(record.excludes ?? []), ...(record.requires ?? [])]) expect(flags).toContain(flag);
    if (record.savedAs !== undefined) expect(flags).toContain(record.savedAs);
    if (record.savedAs === undefined) expect(record.savedValues).toBeUndefined();
  });

  test("an extension gives a spelling to one option only", () => {
    for (const { name, options: own } of extensions) {
      const spellings = own.flatMap(({ flag, aliases = [] }) => [flag, ...aliases]);
      expect(new Set(spellings).size, name).toBe(spellings.length);
    }
  });

  test("each option alone makes a sentence", () => {
    const sentences = options.flatMap(([name, extension, record]) =>
      (record.negatable ? [false, true] : [false]).map((negated) => {
        const text = sentenceOf(extension, record, negated);
        expect(text, name).toMatch(/^(In every case|When) [^{}]+\.( Its comment says ".*"\.)?$/);
        expect(text, name).not.toMatch(/undefined|no example|not: | {2}| ,/);
        return `${name}${negated ? " (negated)" : ""}\n    ${text}`;
      }),
    );
    expect(`${sentences.join("\n")}\n`).toMatchSnapshot();
  });
});

describe("look-up", () => {
  test.each([
    ["icmp", 4, "icmp"],
    ["icmp", 6, undefined],
    ["icmpv6", 6, "icmp6"],
    ["ipv6-icmp", null, "icmp6"],
    ["tcp", null, "tcp"],
    ["constructor", null, undefined],
    ["__proto__", null, undefined],
  ] as const)("match %s for family %s is %s", (name, family, expected) => {
    expect(matchRecord(name, family)?.name).toBe(expected);
  });

  test("ACCEPT, DROP, QUEUE and RETURN are targets without options", () => {
    for (const name of ["ACCEPT", "DROP", "QUEUE", "RETURN"]) expect(targetRecord(name)?.options).toEqual([]);
    expect(targetRecord("KUBE-SERVICES")).toBeUndefined();
    expect(targetRecord("TTL", 6)).toBeUndefined();
  });

  test.each([
    ["TCP", 4, "tcp"],
    ["6", 6, "tcp"],
    ["icmp", 6, undefined],
    ["icmpv6", 6, "icmp6"],
    ["icmpv6", 4, undefined],
    ["udplite", 4, undefined],
    ["mh", 6, "mh"],
    ["mobility-header", 6, undefined],
    ["135", 6, undefined],
  ] as const)("-p %s brings for family %s the match %s", (protocol, family, expected) => {
    expect(implicitMatch(protocol, family)).toBe(expected);
  });
});

/** Rows of options.tsv that stand for something else here. */
const NOT_RECORDS: ReadonlyMap<string, string> = new Map([
  ["target standard", "ACCEPT, DROP, QUEUE and RETURN have records of their own"],
]);

describeShared("every option of options.tsv", () => {
  test("has its record, with its number of values", () => {
    const [head = "", ...rows] = readFileSync(sharedPath("extensions/options.tsv"), "utf8").trimEnd().split("\n");
    const column = (name: string): number => head.split("\t").indexOf(name);
    let seen = 0;
    for (const row of rows) {
      const cells = row.split("\t");
      const cell = (name: string): string => cells[column(name)] ?? "";
      const kind = cell("kind");
      const name = cell("extension");
      if (NOT_RECORDS.has(`${kind} ${name}`)) continue;
      const options =
        kind === "core" ? coreOptions : (kind === "match" ? matchRecord(name) : targetRecord(name))?.options;
      expect(options, `${kind} ${name}`).toBeDefined();
      seen++;
      const flag = cell("option");
      if (flag === "") continue;
      const record = options?.find((option) => option.flag === flag || option.aliases?.includes(flag));
      expect(record, `${name} ${flag}`).toBeDefined();
      expect(String(record?.arity), `${name} ${flag}`).toBe(cell("args"));
      if (kind !== "core" && cell("parser") === "x6")
        expect(record?.negatable, `${name} ${flag}`).toBe(cell("negatable") === "yes");
    }
    expect(seen).toBe(rows.length - NOT_RECORDS.size);
  });
});
