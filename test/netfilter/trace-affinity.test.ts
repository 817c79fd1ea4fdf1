import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readAddress } from "../../grammar/values/address.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import { NOTHING_KNOWN } from "../../src/netfilter/node.ts";
import type { Question } from "../../src/netfilter/question.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import { type Trace, trace } from "../../src/netfilter/trace/trace.ts";

const bits = (text: string): bigint => readAddress(text, { family: null })!.bits;
const dump = readFileSync(new URL("../../fixtures/dumps/1.30.5-nft/mixed/iptables-save.txt", import.meta.url));
const [ruleset] = rulesetsOf(buildStore(dump));
const node = { ...NOTHING_KNOWN, addresses: [bits("192.168.50.11")] };
const sticky: Question = {
  family: 4,
  source: bits("203.0.113.9"),
  destination: bits("192.168.50.11"),
  destinationPort: 30090,
  protocol: 6,
};

const truth = JSON.parse(
  readFileSync(new URL("../../fixtures/dumps/1.30.5-nft/mixed/truth.json", import.meta.url), "utf8"),
);
const endpoints: string[] = truth.servicePorts.find(
  ({ id }: { id: string }) => id === "default/sticky",
).clusterEndpoints;

/** Endpoints with their shares. */
const said = ({ ends }: Trace): string[] => ends.map(({ dnat, ideal }) => `${ideal} ${dnat}`).sort();
const expected = endpoints.map((endpoint) => `1/${endpoints.length} ${endpoint}`).sort();

/** How often the longest way chooses at random. */
const choices = ({ ends, steps }: Trace): number =>
  Math.max(...ends.map(({ way }) => way.filter((step) => steps[step]!.chance !== null).length));

test("a client who comes back is not asked by chance again", () => {
  const first = trace(ruleset!, sticky, node);
  expect(first.assumed).toContain("the client is new to the lists of recent addresses");
  expect([said(first), choices(first)]).toEqual([expected, 1]);
  // as many as came to each the first time, now by the rule that remembers them
  const again = trace(ruleset!, { ...sticky, affinity: true }, node);
  expect([said(again), choices(again)]).toEqual([expected, 0]);
});

test("an established connection stays where it is, whatever the lists say", () => {
  const found = trace(ruleset!, { ...sticky, affinity: true, state: "established" }, node);
  expect(said(found)).toEqual(expected);
  expect(found.ends.every(({ snat }) => snat === true)).toBe(true);
  expect(found.steps.some(({ table }) => table === "nat")).toBe(false);
});

test("a connection whose first packet is dropped has no second one", () => {
  const text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -j DROP\nCOMMIT\n";
  const [closed] = rulesetsOf(buildStore(new TextEncoder().encode(text)));
  for (const asked of [{ state: "established" }, { state: "new-again" }, { affinity: true }] as const) {
    expect(trace(closed!, { ...sticky, ...asked }, node).ends).toMatchObject([
      { fate: "unknown", share: 1, reason: "an earlier packet of the client is dropped already" },
    ]);
  }
});
