import { expect, test } from "vitest";
import type { Look, NodeReport } from "../../src/report/report.ts";
import { renderText } from "../../src/report/text.ts";
import { findingAt, look, nodeOf, reportOf, wholeLine } from "./sample.ts";

const lines = [
  '-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080 -j KUBE-EXT-CDGGSHYLG3RE2FKL',
  "-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL",
];

const broken = findingAt(wholeLine(lines, 2), {
  effect:
    "Traced from outside: 3 of 3 endpoints are reached without a source rewrite (SNAT). The reply of an endpoint on another node bypasses this one, so that connection times out.",
  label: "kube-proxy writes this rule before it, and it is missing:",
  missing: [
    '-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ',
  ],
  related: [{ location: wholeLine(lines, 1), label: "30080/tcp goes here", before: true }],
  confirm: "iptables -t nat -S KUBE-EXT-CDGGSHYLG3RE2FKL",
  remedy:
    "find out who edited the chain, then restart kube-proxy (it rewrites this chain only when the Service changes or at a full sync)",
});

function text(nodes: readonly NodeReport[], changes: Partial<Look> = {}): string {
  return [...renderText(reportOf(lines, nodes), { ...look, ...changes })].join("");
}

test("a healthy node is three lines", () => {
  expect(text([nodeOf([])])).toBe(`node-a.txt: ok, no findings
  kube-proxy rules as of 1.25 and later (iptables mode): 10 Services, 11 service ports, 1 endpoint
  kube-system/kube-dns 2 endpoints
  1,137 rules, captured with iptables-save 1.8.9, nft back end
`);
});

test("a finding shows the way there, the place, what is missing and what to do", () => {
  expect(text([nodeOf([broken])])).toBe(`node-a.txt: 1 error
  kube-proxy rules as of 1.25 and later (iptables mode): 10 Services, 11 service ports, 1 endpoint
  kube-system/kube-dns 2 endpoints
  1,137 rules, captured with iptables-save 1.8.9, nft back end

error missing-masquerade-mark: NodePort 30080/tcp of default/web:http is forwarded without a mark
  for SNAT
  Traced from outside: 3 of 3 endpoints are reached without a source rewrite (SNAT). The reply of an
  endpoint on another node bypasses this one, so that connection times out.

    1 | -A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080
      |    -j KUBE-EXT-CDGGSHYLG3RE2FKL  <- 30080/tcp goes here
    2 | -A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL
      | ^ kube-proxy writes this rule before it, and it is missing:
      + -A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment
      |    --comment "masquerade traffic for default/web:http external destinations"
      |    -j KUBE-MARK-MASQ

  confirm  iptables -t nat -S KUBE-EXT-CDGGSHYLG3RE2FKL
  remedy   find out who edited the chain, then restart kube-proxy (it rewrites this chain only when
           the Service changes or at a full sync)
  more     iptlint checks missing-masquerade-mark
`);
});

test("colour changes nothing but the colour", () => {
  const painted = text([nodeOf([broken])], { colour: true });
  expect(painted).toContain("\x1b[31m");
  expect(painted.replace(/\x1b\[\d+m/g, "")).toBe(text([nodeOf([broken])]));
});

test.each([40, 60, 80, 100, 200])("no line is wider than %i columns, and no name is cut", (width) => {
  const shown = text([nodeOf([broken])], { width });
  expect(Math.max(...shown.split("\n").map((line) => line.length))).toBeLessThanOrEqual(width);
  for (const name of ["KUBE-EXT-CDGGSHYLG3RE2FKL", "KUBE-SVC-CDGGSHYLG3RE2FKL", "KUBE-MARK-MASQ"]) {
    expect(shown).toContain(name);
  }
});

test("a capture without kube-proxy's Services is never ok", () => {
  const shown = text([nodeOf([], { kubeProxy: null })]);
  expect(shown.split("\n")[0]).toBe("node-a.txt: no kube-proxy Service rules in this capture (seen: kubelet's chains)");
  expect(text([nodeOf([], { kubeProxy: null, expectsKubeProxy: false })])).toMatch(/^node-a.txt: ok/);
});

test("several nodes are summed up at the end", () => {
  const shown = text([nodeOf([]), nodeOf([broken], { name: "node-b.txt" })]);
  expect(shown.trimEnd().split("\n").at(-1)).toBe("2 nodes, 1 fine: 1 error");
});

test("what a limit left out is counted", () => {
  const withheld = [{ checkId: "missing-masquerade-mark", severity: "error" as const, count: 1234 }];
  const shown = text([nodeOf([broken], { withheld })]);
  expect(shown).toMatch(/^node-a.txt: 1,235 errors\n/);
  expect(shown).toContain("and 1,234 more of missing-masquerade-mark");
});

test("quiet leaves the findings alone", () => {
  expect(text([nodeOf([])], { quiet: true })).toBe("");
  expect(text([nodeOf([broken])], { quiet: true })).toMatch(/^error missing-masquerade-mark:/);
});
