import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { ClaimedRules } from "../../src/kubernetes/read/claimed-rules.ts";
import { SuffixIndex } from "../../src/kubernetes/read/suffix-index.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import type { RuleStore } from "../../src/netfilter/store.ts";

const HEAD = `*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-EXT-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-FW-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]
`;

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("default/web", "a/b:http", "x/y:", "no-name", "a/b/c", "a:b/c") },
  fc.constantFrom("", "two words", 'a/\\"b', "a\\\\b/c", "\xc3\xa4/b", "a/b cluster IP", "tab\there", "a/b\xa0c"),
);
const said = fc.constantFrom(" cluster IP", " external IP", " loadbalancer IP", "", " cluster  IP", "cluster IP", ' "');
const comment = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(name, said).map(([of, what]) => `-m comment --comment "${of}${what}" `) },
  fc.constantFrom(
    "",
    "-m comment --comment bare/word ",
    '-m comment --comment "a/b" -m comment --comment "c cluster IP" ',
  ),
);
const address = fc.constantFrom(
  "10.96.0.1/32",
  "10.96.0.10/32",
  "10.0.0.0/8",
  "10.96.0.1",
  '"10.96.0.1/32"',
  "fd00::1/128",
);
const protocol = fc.constantFrom("tcp", "tcp", "tcp", "udp", "sctp", '"tcp"', "6", "TCP");
const port = fc.constantFrom("80", "443", "30080", '"80"', "http", "1:2", "70000", "0080");
const target = fc.constantFrom("SVC", "EXT", "FW", "SEP").map((role) => `KUBE-${role}-AAAAAAAAAAAAAAAA`);
const jump = fc.oneof({ weight: 4, arbitrary: target }, fc.constantFrom("KUBE-MARK-MASQ", "KUBE-NODEPORTS", "OTHER"));

const toAddress = fc
  .tuple(fc.constantFrom("", "", "! -s 10.0.0.0/8 ", "[1:2] "), address, protocol, comment, port, jump)
  .chain(([before, ip, by, words, to, chain]) =>
    fc.constantFrom("KUBE-SERVICES", "KUBE-SVC-AAAAAAAAAAAAAAAA").map((of) => {
      const counters = before.startsWith("[") ? before : "";
      const source = counters === "" ? before : "";
      return `${counters}-A ${of} ${source}-d ${ip} -p ${by} ${words}-m ${by} --dport ${to} -j ${chain}`;
    }),
  );
const toNodePort = fc
  .tuple(protocol, comment, port, jump)
  .map(([by, words, to, chain]) => `-A KUBE-NODEPORTS -p ${by} ${words}-m ${by} --dport ${to} -j ${chain}`);
const inExternal = fc.tuple(comment, jump).map(([words, chain]) => `-A KUBE-EXT-AAAAAAAAAAAAAAAA ${words}-j ${chain}`);
const toEndpoint = fc
  .tuple(fc.constantFrom("random", "nth", '"random"'), fc.constantFrom("0.5", "0.33333333349", '"0.5"'), jump)
  .map(
    ([mode, part, chain]) =>
      `-A KUBE-SVC-AAAAAAAAAAAAAAAA -m statistic --mode ${mode} --probability ${part} -j ${chain}`,
  );

const HOLES = ["address", "clusterIP", "protocol", "port", "nodePort", "probability", "notLocalSource"];

/** All that is known of each rule. */
function knownOf(store: RuleStore): unknown[] {
  return rulesetsOf(store).flatMap((ruleset) => {
    const rules = new ClaimedRules(ruleset);
    return Array.from({ length: store.ruleCount }, (_, rule) => [
      rules.claim(rule),
      rules.name(rule),
      ...HOLES.map((hole) => rules.value(rule, hole)),
    ]);
  });
}

test("lines that are told apart by bytes say what their words say", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(toAddress, toAddress, toNodePort, inExternal, toEndpoint), { maxLength: 60 }),
      (lines) => {
        const text = bytesOf(`${HEAD}${lines.join("\n")}\nCOMMIT\n`);
        expect(knownOf(buildStore(text))).toEqual(knownOf(buildStore(text, { memo: false })));
      },
    ),
    { numRuns: 300 },
  );
});

test("a comment of another form is no name", () => {
  const rule = (said: string): string =>
    `-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "${said}" -m tcp --dport 80 -j KUBE-EXT-AAAAAAAAAAAAAAAA`;
  const lines = ["a/b/ccluster IP", "a/b/dcluster IP", "a/b external IP", "c/d external IP"].map(rule);
  const known = knownOf(buildStore(bytesOf(`${HEAD}${lines.join("\n")}\nCOMMIT\n`)));
  expect(known).toMatchObject([{ 1: null }, { 1: null }, { 1: "a/b" }, { 1: "c/d" }]);
});

test("claims that are asked for one by one are those of all rules at once", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(toAddress, toNodePort, inExternal, toEndpoint), { maxLength: 40 }), (lines) => {
      const store = buildStore(bytesOf(`${HEAD}${lines.join("\n")}\nCOMMIT\n`));
      for (const ruleset of rulesetsOf(store)) {
        const [one, all] = [new ClaimedRules(ruleset), new ClaimedRules(ruleset)];
        const backwards = Array.from({ length: store.ruleCount }, (_, i) =>
          one.claim(store.ruleCount - 1 - i),
        ).reverse();
        expect(backwards).toEqual([...all.claims]);
      }
    }),
    { numRuns: 100 },
  );
});

test("suffixes have numbers in the order in which they are met", () => {
  const suffix = fc.stringMatching(/^[A-C]{0,3}$/);
  fc.assert(
    fc.property(fc.array(suffix, { maxLength: 60 }), suffix, (suffixes, other) => {
      const index = new SuffixIndex(bytesOf(suffixes.join("")), suffixes.length);
      const distinct = [...new Set(suffixes)];
      let at = 0;
      for (const each of suffixes) {
        expect(index.intern(at, at + each.length)).toBe(distinct.indexOf(each));
        at += each.length;
      }
      expect(index.find(other)).toBe(distinct.indexOf(other));
    }),
  );
});
