import { describe, expect, test } from "vitest";
import { buildStore } from "../../src/netfilter/build.ts";
import { NOTHING_KNOWN, type NodeFacts } from "../../src/netfilter/node.ts";
import type { Question } from "../../src/netfilter/question.ts";
import { Ruleset } from "../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import type { End } from "../../src/netfilter/trace/ends.ts";
import { type Trace, trace } from "../../src/netfilter/trace/trace.ts";
import type { Variable } from "../../src/netfilter/trace/worlds.ts";
import { factsOf, questionOf } from "../kernel/compare.ts";
import { generateDump, generateProbe } from "../kernel/generate.ts";
import { Random } from "../kernel/random.ts";
import { SCENES } from "../kernel/scenes.ts";

function rulesetOf(text: string, family: 4 | 6 = 4): Ruleset {
  const [{ store, tables }] = rulesetsOf(buildStore(new TextEncoder().encode(text))) as [Ruleset];
  return new Ruleset(store, family, "nft", tables);
}

const own = 0xc000020an;
const question: Question = {
  family: 4,
  source: 0xcb007109n,
  destination: own,
  destinationPort: 30080,
  protocol: 6,
};

/** A NodePort Service as kube-proxy writes it. */
function service(endpoints: number): Ruleset {
  const sep = (k: number) => `KUBE-SEP-${String(k).padStart(16, "A")}`;
  const ip = (k: number) => `10.244.${k >> 8}.${k & 255}`;
  const all = Array.from({ length: endpoints }, (_, k) => k);
  const lines = [
    "*filter",
    ":FORWARD ACCEPT [0:0]",
    ":KUBE-FORWARD - [0:0]",
    ":KUBE-PROXY-FIREWALL - [0:0]",
    "-A FORWARD -m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL",
    "-A FORWARD -o docker0 -j RETURN",
    "-A FORWARD -j KUBE-FORWARD",
    "-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT",
    "COMMIT",
    "*nat",
    ...["PREROUTING", "POSTROUTING"].map((chain) => `:${chain} ACCEPT [0:0]`),
    ...["KUBE-SERVICES", "KUBE-EXT", "KUBE-SVC", "KUBE-MARK-MASQ", "KUBE-POSTROUTING"].map(
      (chain) => `:${chain} - [0:0]`,
    ),
    ...all.map((k) => `:${sep(k)} - [0:0]`),
    "-A PREROUTING -j KUBE-SERVICES",
    "-A POSTROUTING -j KUBE-POSTROUTING",
    "-A KUBE-SERVICES -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j KUBE-EXT",
    "-A KUBE-EXT -j KUBE-MARK-MASQ",
    "-A KUBE-EXT -j KUBE-SVC",
    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
    "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
    "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
    "-A KUBE-POSTROUTING -j MASQUERADE --random-fully",
    ...all.map((k) => {
      const probability = (Math.round(2 ** 31 / (endpoints - k)) / 2 ** 31).toFixed(11);
      const choice = k < endpoints - 1 ? ` -m statistic --mode random --probability ${probability}` : "";
      return `-A KUBE-SVC${choice} -j ${sep(k)}`;
    }),
    ...all.flatMap((k) => [
      `-A ${sep(k)} -s ${ip(k)}/32 -j KUBE-MARK-MASQ`,
      `-A ${sep(k)} -p tcp -j DNAT --to-destination ${ip(k)}:8080`,
    ]),
    "COMMIT",
    "",
  ];
  return rulesetOf(lines.join("\n"));
}

const known: NodeFacts = { ...NOTHING_KNOWN, addresses: [own], routes: [{ bits: 0n, mask: 0n, interface: "eth0" }] };

/** The step and all before it, by its parents. */
function ancestors({ steps }: Trace, step: number): number[] {
  const way: number[] = [];
  for (let k = step; k >= 0; k = steps[k]!.parent) way.push(k);
  return way;
}

describe("a Service of 1,000 endpoints", () => {
  const ruleset = service(1000);

  test("has exact shares of 1/1000", () => {
    const { ends } = trace(ruleset, question, known);
    expect(ends).toHaveLength(1000);
    for (const { share, ideal, fate, snat } of ends) {
      expect({ ideal, fate, snat }).toEqual({ ideal: "1/1000", fate: "forwarded", snat: true });
      expect(Math.abs(share - 0.001)).toBeLessThan(1e-9);
    }
    expect(ends.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  test.each([
    ["known", known, 1000],
    ["unknown", NOTHING_KNOWN, 2001],
  ])("takes less than a megabyte of JSON on a node that is %s", (_name, facts, most) => {
    const { ends, steps } = trace(ruleset, question, facts);
    expect(ends.length).toBeLessThanOrEqual(most);
    expect(ends.length).toBeGreaterThanOrEqual(1000);
    const said = ends.map(({ way: _, assumptions, ...end }) => ({
      ...end,
      assumptions: assumptions.map(({ variable, value }) => (value ? variable.holds : variable.fails)),
    }));
    const written = steps.map(({ rule: _, chance: __, ...step }) => step);
    expect(JSON.stringify({ ends: said, steps: written }).length).toBeLessThan(1_000_000);
  });

  test("has every rule on the way of each end, by parents alone", () => {
    const found = trace(ruleset, question, known);
    for (const end of found.ends) {
      const whole = new Set([end.step, ...end.via].flatMap((step) => ancestors(found, step)));
      expect([...whole].sort((a, b) => a - b)).toEqual([...end.way].sort((a, b) => a - b));
      const translation = end.way.find((step) => found.steps[step]!.effect.includes("DNAT"))!;
      expect(found.steps[translation]!.effect).toContain(end.dnat);
      expect(found.steps[end.step]!.effect).toContain("MASQUERADE");
    }
  });
});

test("two endpoints share no steps after their choice", () => {
  const found = trace(service(2), question, known);
  for (const end of found.ends) {
    expect(end.via).toEqual([]);
    expect(ancestors(found, end.step).reverse()).toEqual(end.way);
  }
});

describe("what is too much", () => {
  test("more than 4,096 states end unknown, with a reason", () => {
    const { ends } = trace(service(6000), question, known);
    expect(ends.map(({ fate, share, reason }) => [fate, share, reason])).toEqual([
      ["unknown", 1, "there are too many ways to follow"],
    ]);
  });

  test("chains that call the next one twice each", () => {
    const chains = Array.from({ length: 40 }, (_, k) => `C${k}`);
    const rules = chains.slice(1).flatMap((next, k) => [`-A C${k} -j ${next}`, `-A C${k} -j ${next}`]);
    const text = `*filter\n:INPUT ACCEPT [0:0]\n${chains.map((chain) => `:${chain} - [0:0]\n`).join("")}-A INPUT -j C0\n${rules.join("\n")}\nCOMMIT\n`;
    const { ends } = trace(rulesetOf(text), question, known);
    expect(ends).toMatchObject([{ fate: "unknown", reason: "there are too many ways to follow" }]);
  });

  test("100,000 chains, each called by the one before", () => {
    const chains = Array.from({ length: 100_000 }, (_, k) => `C${k}`);
    const text = `*filter\n:INPUT ACCEPT [0:0]\n${chains.map((chain) => `:${chain} - [0:0]\n`).join("")}-A INPUT -j C0\n${chains
      .slice(1)
      .map((next, k) => `-A C${k} -j ${next}\n`)
      .join("")}COMMIT\n`;
    const { ends } = trace(rulesetOf(text), question, known);
    expect(ends).toMatchObject([{ fate: "unknown", reason: "more than 512 chains call each other" }]);
  });

  test("chains in a circle", () => {
    const text =
      "*filter\n:INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -j B\n-A B -p udp -j DROP\n-A B -j A\nCOMMIT\n";
    const { ends } = trace(rulesetOf(text), question, known);
    expect(ends).toMatchObject([{ fate: "unknown", reason: "chain A leads back to itself, which the kernel refuses" }]);
  });

  test("a chain that the capture lacks", () => {
    const text =
      "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SVC - [0:0]\n-A PREROUTING -j KUBE-SVC\n-A KUBE-SVC -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A\n-A KUBE-SVC -p tcp -j DNAT --to-destination 10.244.1.5:80\nCOMMIT\n";
    const { ends } = trace(rulesetOf(text), question, known);
    expect(ends.map(({ fate, ideal, dnat, reason }) => [fate, ideal, dnat, reason])).toEqual([
      ["unknown", "1/2", null, "chain KUBE-SEP-A is not in this capture"],
      ["forwarded", "1/2", "10.244.1.5:80", null],
    ]);
  });

  test("unknown sets one after the other stay few ends", () => {
    const names = Array.from({ length: 60 }, (_, k) => `set-${k}`);
    const rules = names.map(
      (name) =>
        `-A INPUT -m set --match-set ${name}-a src -m set --match-set ${name}-b dst -j MARK --set-xmark 0x10000/0x10000\n`,
    );
    const text = `*filter\n:INPUT ACCEPT [0:0]\n${rules.join("")}-A INPUT -m mark --mark 0x10000/0x10000 -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n`;
    const { ends } = trace(rulesetOf(text), question, known);
    // there are more combinations than atoms in the universe, of which each lets the packet in or not
    expect(ends.map(({ fate, share }) => [fate, share])).toEqual([
      ["dropped", 1],
      ["local", 1],
    ]);
    for (const { assumptions } of ends)
      expect(assumptions[0]!.variable.holds).toMatch(/^it is one of many combinations/);
  });
});

/** Share of the packets of each combination of up to ten assumptions that can be true together. */
function totals(ends: readonly End[]): number[] {
  const variables = [
    ...new Map(ends.flatMap(({ assumptions }) => assumptions.map(({ variable }) => [variable.key, variable]))).values(),
  ];
  if (variables.length > 10) return [];
  const found: number[] = [];
  for (let world = 0; world < 1 << variables.length; world++) {
    const values = new Map(variables.map((variable, k) => [variable.key, ((world >> k) & 1) === 1]));
    if (!canBe(variables, values)) continue;
    const fitting = ends.filter(({ assumptions }) =>
      assumptions.every(({ variable, value }) => values.get(variable.key) === value),
    );
    found.push(fitting.reduce((sum, { share }) => sum + share, 0));
  }
  return found;
}

/** Whether some address, port or interface is all that the values say of it. */
function canBe(variables: readonly Variable[], values: ReadonlyMap<string, boolean>): boolean {
  const regions = variables.flatMap(({ key, region }) =>
    region === undefined ? [] : [{ ...region, holds: values.get(key) }],
  );
  return [...new Set(regions.map(({ topic }) => topic))].every((topic) => {
    const mine = regions.filter((region) => region.topic === topic);
    const candidates = [0n, ...mine.flatMap(({ from, to }) => [from - 1n, from, to, to + 1n])];
    return candidates.some((point) => mine.every(({ from, to, holds }) => (from <= point && point <= to) === holds));
  });
}

describe("generated rules", () => {
  const cases = Array.from({ length: 150 }, (_, k) => k);
  const surroundings = (family: 4 | 6) => ({
    options: { family, outside: "out0" },
    own: SCENES[family].own,
    clients: SCENES[family].clients,
    addressOf: new Map([["eth0", family === 4 ? "198.19.0.1" : "fd00:fffe::1"]]),
  });

  test.each([4, 6] as const)("IPv%d: shares are whole whatever is assumed, and knowing more adds no end", (family) => {
    let judged = 0;
    for (const k of cases) {
      const random = new Random(k * 2 + family);
      const { text } = generateDump(random, SCENES[family]);
      const ruleset = rulesetOf(text, family);
      for (let n = 0; n < 4; n++) {
        const asked = questionOf(generateProbe(random, SCENES[family]), family);
        const { inInterface: _, ttl: __, tos: ___, ...vague } = asked;
        const precise = trace(ruleset, asked, factsOf(surroundings(family)));
        const unsure = trace(ruleset, vague, NOTHING_KNOWN);
        for (const total of [...totals(precise.ends), ...totals(unsure.ends)]) {
          expect(total).toBeCloseTo(1, 9);
          judged++;
        }
        if (unsure.ends.some(({ reason }) => reason?.startsWith("there are too many"))) continue;
        for (const end of precise.ends) {
          const alike = unsure.ends.some(
            (other) =>
              other.fate === end.fate &&
              other.rejectWith === end.rejectWith &&
              (other.dnat === end.dnat || other.dnat?.startsWith("?")) &&
              (other.outInterface === null || other.outInterface === end.outInterface),
          );
          expect(alike, `${text}\n${end.fate} ${end.dnat} ${end.rejectWith}`).toBe(true);
        }
      }
    }
    expect(judged).toBeGreaterThan(1000);
  });
});

test("what is for a group is for this node if it listens", () => {
  const ruleset = rulesetOf("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p udp -j DROP\nCOMMIT\n");
  const asked = { ...question, protocol: 17, destinationPort: 5353, destination: 0xe00000fbn };
  expect(trace(ruleset, asked, known).ends.map(({ fate, assumptions }) => [fate, assumptions[0]?.value])).toEqual([
    ["unknown", false],
    ["dropped", true],
  ]);
  expect(trace(ruleset, { ...asked, destination: 0xffffffffn }, known).ends.map(({ fate }) => fate)).toEqual([
    "dropped",
  ]);
});
