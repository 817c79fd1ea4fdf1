import { expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { lint } from "../../src/lint.ts";
import { nasty } from "../bench/odd.mjs";

/** More than a call takes arguments: a list of so many can be spread into none. */
const MANY = 150_000;

const idsOf = (text: string): string[] => {
  const { nodes } = lint([{ name: "node", texts: [{ name: "dump.txt", bytes: bytesOf(text) }] }]);
  return nodes.flatMap(({ findings }) => findings.map(({ checkId }) => checkId));
};
const numbered = (rule: (address: string) => string): string =>
  Array.from({ length: MANY }, (_, i) => rule(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`)).join("\n");

test("a chain with very many rules that no packet gets to", () => {
  const text = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -j ACCEPT
${numbered((address) => `-A FORWARD -s ${address} -j DROP`)}
COMMIT
`;
  expect(idsOf(text)).toContain("unreachable-rule");
});

test("a Service with very many rules that kube-proxy does not write", () => {
  const text = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.10.1/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL
${numbered((address) => `-A KUBE-SVC-CDGGSHYLG3RE2FKL -s ${address} -j ACCEPT`)}
COMMIT
`;
  expect(idsOf(text)).toContain("unexpected-kube-proxy-rule");
});

test("an endpoint's chain with very many rules, to which very many Services lead", () => {
  const ids = idsOf(nasty["one endpoint for all Services"]?.(40_000) ?? "");
  expect(ids).toContain("missing-hairpin-mark");
});

test("a Service of old with very many NodePorts, each with its mark", () => {
  const asked = (i: number): string =>
    `-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport ${i + 1} -j`;
  const chain = "KUBE-SVC-CDGGSHYLG3RE2FKL";
  const text = `*nat
:PREROUTING ACCEPT [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:${chain} - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
${Array.from({ length: 60_000 }, (_, i) => `${asked(i)} KUBE-MARK-MASQ\n${asked(i)} ${chain}`).join("\n")}
COMMIT
`;
  expect(idsOf(text)).toContain("partial-capture");
});

test("a finding that thousands of rules have is counted, and what suppresses it is not called unused", () => {
  const rules = Array.from({ length: 10_005 }, (_, i) => `-A FORWARD -s 10.0.${i >> 8}.${i & 255}/32 -p tcp -j ACCEPT`);
  const text = `*filter
:FORWARD ACCEPT [0:0]
-A FORWARD -p tcp -j ACCEPT
${rules.join("\n")}
-A FORWARD -s 10.1.1.1/32 -p tcp -m comment --comment "iptlint-ignore redundant-rule: known" -j ACCEPT
-A FORWARD -s 10.1.1.2/32 -p tcp -j ACCEPT
COMMIT
`;
  const { nodes } = lint([{ name: "node", texts: [{ name: "dump.txt", bytes: bytesOf(text) }] }]);
  const found = nodes.flatMap(({ findings }) => findings).filter(({ checkId }) => checkId === "redundant-rule");
  expect(found).toHaveLength(10_001);
  expect(found.at(-1)).toMatchObject({ message: "7 more of this kind", severity: "info" });
  expect(idsOf(text)).not.toContain("unused-suppression");
});

test("with a limit the first findings of each check are told, and the others counted", () => {
  const rules = Array.from({ length: 30 }, (_, i) => `-A FORWARD -s 10.0.0.${i}/32 -p tcp -j ACCEPT`);
  const text = `*filter
:FORWARD ACCEPT [0:0]
-A FORWARD -p tcp -j ACCEPT
${rules.join("\n")}
-A FORWARD -p tcp -m tcp --dport 99999 -j DROP
COMMIT
`;
  const nodes = [{ name: "node", texts: [{ name: "dump.txt", bytes: bytesOf(text) }] }];
  const [all] = lint(nodes).nodes;
  const [some] = lint(nodes, { maxFindings: 4 }).nodes;
  const left = all?.findings.filter(({ checkId }) => checkId === "redundant-rule") ?? [];
  expect(left).toHaveLength(30);
  expect(all?.withheld).toEqual([]);
  expect(some?.findings).toEqual(all?.findings.filter((finding) => !left.slice(4).includes(finding)));
  expect(some?.withheld).toEqual([{ checkId: "redundant-rule", severity: "info", count: 26 }]);
});
