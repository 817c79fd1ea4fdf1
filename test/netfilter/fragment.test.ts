import { describe, expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { tableOfChain } from "../../src/kubernetes/chain-table.ts";
import { buildStore } from "../../src/netfilter/build.ts";

/** For each table the chains in which the text's rules stand, with their number. */
function placed(text: string): Record<string, string> {
  const store = buildStore(bytesOf(text), { tableHint: tableOfChain });
  const tables: Record<string, Map<string, number>> = {};
  for (let rule = 0; rule < store.ruleCount; rule++) {
    const chain = store.chainOf(rule);
    const { name, implied } = store.tableOf(chain);
    expect(implied).toBe(true);
    tables[name] ??= new Map();
    const counts = tables[name] as Map<string, number>;
    counts.set(store.chainName(chain), (counts.get(store.chainName(chain)) ?? 0) + 1);
  }
  return Object.fromEntries(
    Object.entries(tables).map(([table, counts]) => [
      table,
      [...counts].map(([chain, count]) => (count === 1 ? chain : `${chain} ${count}`)).join(", "),
    ]),
  );
}

const article = `-A KUBE-SERVICES ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m tcp --dport 30080 -j KUBE-MARK-MASQ
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 30080 -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-SVC-XXXXX
-A KUBE-SVC-XXXXX -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-YYYYY
-A KUBE-SVC-XXXXX -j KUBE-SEP-ZZZZZ
-A KUBE-SEP-YYYYY -s 10.244.1.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-YYYYY -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:80
`;

describe("rules without a table go where targets and chains imply", () => {
  test.each([
    ["an article", article, { nat: "KUBE-SERVICES 2, KUBE-NODEPORTS, KUBE-SVC-XXXXX 2, KUBE-SEP-YYYYY 2" }],
    ["a target of nat", "-A X -j DNAT --to-destination 1.1.1.1\n", { nat: "X" }],
    ["a target of filter", "-A X -j REJECT\n", { filter: "X" }],
    [
      "hooks of filter to chains whose names nat has too",
      "-A FORWARD -j KUBE-SERVICES\n-A INPUT -j KUBE-NODEPORTS\n-A KUBE-SERVICES -j KUBE-SVC-XXXXX\n-A KUBE-NODEPORTS -j KUBE-SVC-XXXXX\n",
      { filter: "FORWARD, INPUT", nat: "KUBE-SERVICES, KUBE-NODEPORTS" },
    ],
    ["a target of raw", "-A X -j NOTRACK\n", { raw: "X" }],
    ["a target of mangle", "-A X -j TPROXY --on-port 80\n", { mangle: "X" }],
    ["a built-in chain of nat", "-A POSTROUTING -j X\n", { nat: "POSTROUTING" }],
    ["a built-in chain of filter", "-A FORWARD -j X\n", { filter: "FORWARD" }],
    ["nothing says it", "-A X -j RETURN\n", { filter: "X" }],
    ["a chain that leads to one of nat", "-A X -j Y\n-A Y -j MASQUERADE\n", { nat: "X, Y" }],
    ["a chain that one of nat leads to", "-A X -j MASQUERADE\n-A X -j Y\n-A Y -j RETURN\n", { nat: "X 2, Y" }],
    [
      "the same built-in chain of two tables",
      "-A OUTPUT -j X\n-A X -j DNAT --to-destination 1.1.1.1\n-A OUTPUT -j DROP\n",
      { nat: "OUTPUT, X", filter: "OUTPUT" },
    ],
    [
      "chains of kube-proxy by their names",
      "-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-NPX46M4PTMTKRN6Y\n",
      { nat: "KUBE-SERVICES" },
    ],
    [
      "kube-proxy's chain of the filter table",
      "-A KUBE-SERVICES -d 10.96.0.1/32 -j REJECT --reject-with icmp-port-unreachable\n",
      { filter: "KUBE-SERVICES" },
    ],
    [
      "both of one name",
      "-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-NPX46M4PTMTKRN6Y\n-A KUBE-SERVICES -d 10.96.0.2/32 -j REJECT\n",
      { nat: "KUBE-SERVICES", filter: "KUBE-SERVICES" },
    ],
    [
      "hooks of kube-proxy",
      "-A INPUT -j KUBE-EXTERNAL-SERVICES\n-A FORWARD -j KUBE-FORWARD\n-A POSTROUTING -j KUBE-POSTROUTING\n",
      { filter: "INPUT, FORWARD", nat: "POSTROUTING" },
    ],
    ["the mark of masquerade", "-A X -j KUBE-MARK-MASQ\n", { nat: "X" }],
  ])("%s", (_name, text, expected) => {
    expect(placed(text)).toEqual(expected);
  });

  test.each([
    [
      "filter",
      "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N X\n-A INPUT -j X\n-A X -j RETURN\n",
      { filter: "INPUT, X" },
    ],
    [
      "nat",
      "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n-A OUTPUT -j X\n-A X -j RETURN\n",
      { nat: "OUTPUT, X" },
    ],
    [
      "mangle",
      "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n-A OUTPUT -j X\n",
      { mangle: "OUTPUT" },
    ],
    ["raw", "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-A OUTPUT -j X\n", { raw: "OUTPUT" }],
  ])("what iptables -S lists is the table with these built-in chains: %s", (_name, text, expected) => {
    expect(placed(text)).toEqual(expected);
  });
});

describe("declarations of a fragment", () => {
  test("belong to the table of their rules", () => {
    const store = buildStore(
      bytesOf(":X - [0:0]\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j X\n-A X -j REDIRECT --to-ports 80\n"),
    );
    expect(store.tables.map(({ name, chains }) => [name, chains.map((chain) => store.chainName(chain))])).toEqual([
      ["nat", ["X", "PREROUTING"]],
    ]);
  });

  test("lines behind a table are a fragment of their own", () => {
    const store = buildStore(bytesOf("*filter\n-A INPUT -j DROP\nCOMMIT\n-A X -j MASQUERADE\n"));
    expect(store.tables.map(({ name, implied }) => [name, implied])).toEqual([
      ["filter", false],
      ["nat", true],
    ]);
  });
});

test("the order of a chain's rules is that of the text", () => {
  const store = buildStore(bytesOf(article));
  const [table] = store.tables;
  const chain = store.chainNamed(table as (typeof store.tables)[0], "KUBE-SVC-XXXXX");
  const first = store.firstRule(chain);
  expect([first, store.nextRule(first)].map((rule) => store.line(rule))).toEqual([4, 5]);
});

test("a hundred thousand lines in a row of jumps take no longer than they should", { timeout: 20_000 }, () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `-A C${index} -j C${index + 1}`);
  const store = buildStore(bytesOf(`${lines.join("\n")}\n-A C100000 -j MASQUERADE\n`));
  expect(store.tables.map(({ name }) => name)).toEqual(["nat"]);
});
