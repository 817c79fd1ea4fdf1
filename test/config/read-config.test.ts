import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { factsOf, levelOf } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import { matchesGlob } from "../../src/config/glob.ts";
import { readConfig } from "../../src/config/read-config.ts";
import { expectSchema } from "../helpers/schema.ts";
import { findingAt, wholeLine } from "../report/sample.ts";

const name = "iptlint.config.json";

function problemsOf(text: string): readonly string[] {
  try {
    readConfig({ name, text });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const everything = {
  $schema: "./node_modules/iptlint/dist/schema/config.schema.json",
  failOn: "error",
  checks: { "missing-*": "info", "missing-hook": "error", "duplicate-rule": "off" },
  overrides: [
    { namespace: ["legacy-*", "test"], checks: { "missing-masquerade-mark": "off" } },
    { service: "default/web", chain: "KUBE-EXT-*", node: "node-a*", checks: { "*": "warning" } },
  ],
  suppressions: [{ check: ["duplicate-rule", "missing-*"], service: "web", reason: "known" }],
  cluster: {
    nodeIPs: { "node-a*": ["192.0.2.10", "2001:db8::a"] },
    podCIDRs: ["10.244.0.0/16", "fd00:10:244::/56"],
    serviceCIDRs: ["10.96.0.0/12"],
    nodePortRange: "30000-32767",
    owners: ["Calico", "Docker"],
    kubeProxy: true,
  },
};

test("a configuration with everything is read, and its schema agrees", () => {
  expectSchema("config", everything);
  expect(problemsOf(JSON.stringify(everything))).toEqual([]);
  expect(problemsOf("{}")).toEqual([]);
  expect(problemsOf("\ufeff{}\r\n")).toEqual([]);
});

test.each([
  [
    "an unknown key",
    '{"fail": "error"}',
    ":1: fail: unknown key, expected one of $schema, failOn, checks, overrides, suppressions, cluster",
  ],
  [
    "a misspelt key",
    '{\n"cluster": {\n"nodeIP": []}}',
    ':3: cluster.nodeIP: unknown key, expected one of nodeIPs, podCIDRs, serviceCIDRs, nodePortRange, owners, kubeProxy; did you mean "nodeIPs"?',
  ],
  ["a key twice", '{"checks": {},\n"checks": {}}', ":2: checks: this key stands here for the second time"],
  [
    "a wrong type",
    '{"checks": []}',
    ":1: checks: seen [], expected an object with ids of checks and what they are worth",
  ],
  [
    "a wrong type at the top",
    "[1]",
    ":1: seen [1], expected an object with $schema, failOn, checks, overrides, suppressions, cluster",
  ],
  [
    "an unknown check",
    '{"checks": {"missing-hok": "off"}}',
    ':1: checks["missing-hok"]: no such check, expected an id that `iptlint checks` lists, or a pattern such as missing-*; did you mean "missing-hook"?',
  ],
  [
    "a pattern for nothing",
    '{"checks": {"no-such-*": "off"}}',
    ':1: checks["no-such-*"]: no such check, expected an id that `iptlint checks` lists, or a pattern such as missing-*',
  ],
  [
    "an unknown level",
    '{"checks": {"missing-hook": "warn"}}',
    ':1: checks["missing-hook"]: seen "warn", expected one of "error", "warning", "info", "on", "off"',
  ],
  [
    "a misspelt level",
    '{"failOn": "eror"}',
    ':1: failOn: seen "eror", expected one of "error", "warning", "info", "never"; did you mean "error"?',
  ],
  [
    "a number where a name is",
    '{"overrides": [{"namespace": 7, "checks": {}}]}',
    ":1: overrides[0].namespace: seen 7, expected a name, or a pattern such as web-*",
  ],
  [
    "an empty list of names",
    '{"overrides": [{"chain": [], "checks": {}}]}',
    ":1: overrides[0].chain: seen [], expected a name, or a list of names",
  ],
  [
    "an override of nothing",
    '{"overrides": [{"namespace": "a"}]}',
    ":1: overrides[0].checks: missing, expected ids of checks and what they are worth here",
  ],
  [
    "an override for all",
    '{"overrides": [{"checks": {"missing-hook": "off"}}]}',
    ':1: overrides[0]: seen {"checks": {"missing-hook": "off"}}, expected one of node, namespace, service, chain beside checks',
  ],
  [
    "a suppression without reason",
    '{"suppressions": [{"check": "missing-hook"}]}',
    ":1: suppressions[0].reason: missing, expected why these findings are accepted",
  ],
  [
    "an empty reason",
    '{"suppressions": [{"check": "missing-hook", "reason": " "}]}',
    ':1: suppressions[0].reason: seen " ", expected why these findings are accepted',
  ],
  [
    "a suppression of nothing",
    '{"suppressions": [{"reason": "x"}]}',
    ":1: suppressions[0].check: missing, expected the id of a check, or a list of them",
  ],
  [
    "a suppression of an unknown check",
    '{"suppressions": [{"check": "x", "reason": "x"}]}',
    ':1: suppressions[0].check: seen "x", expected an id that `iptlint checks` lists, or a pattern such as missing-*',
  ],
  [
    "a host name",
    '{"cluster": {"nodeIPs": ["node-a"]}}',
    ':1: cluster.nodeIPs[0]: seen "node-a", expected an IP address',
  ],
  [
    "half an address",
    '{"cluster": {"nodeIPs": {"a": ["10"]}}}',
    ':1: cluster.nodeIPs.a[0]: seen "10", expected an IP address',
  ],
  [
    "an address for a network",
    '{"cluster": {"podCIDRs": ["10.0.0.1"]}}',
    ':1: cluster.podCIDRs[0]: seen "10.0.0.1", expected a network such as "10.244.0.0/16"',
  ],
  [
    "a prefix too long",
    '{"cluster": {"serviceCIDRs": ["10.0.0.0/33"]}}',
    ':1: cluster.serviceCIDRs[0]: seen "10.0.0.0/33", expected a network such as "10.244.0.0/16"',
  ],
  [
    "a range of nothing",
    '{"cluster": {"nodePortRange": "32767-30000"}}',
    ':1: cluster.nodePortRange: seen "32767-30000", expected a range of ports such as "30000-32767"',
  ],
  [
    "a number for a range",
    '{"cluster": {"nodePortRange": 30000}}',
    ':1: cluster.nodePortRange: seen 30000, expected a range of ports such as "30000-32767"',
  ],
  [
    "a word for a boolean",
    '{"cluster": {"kubeProxy": "none"}}',
    ':1: cluster.kubeProxy: seen "none", expected true or false',
  ],
])("%s is told with file, line, path, what was seen and what is expected", (what, text, expected) => {
  expect(problemsOf(text)).toEqual([`${name}${expected}`]);
  expect(schemaTakes(JSON.parse(text))).toBe(beyondSchema.has(what));
});

/** What a JSON Schema cannot see. */
const beyondSchema: ReadonlySet<string> = new Set([
  "a key twice",
  "an unknown check",
  "a pattern for nothing",
  "a suppression of an unknown check",
  "a prefix too long",
  "a range of nothing",
]);

function schemaTakes(value: unknown): boolean {
  try {
    expectSchema("config", value);
    return true;
  } catch {
    return false;
  }
}

test("an owner is told with the one that was meant", () => {
  const [problem] = problemsOf('{"cluster": {"owners": ["calico"]}}');
  expect(problem).toMatch(/cluster\.owners\[0\]: seen "calico", expected one of .*; did you mean "Calico"\?$/);
});

test.each([
  ["nothing", "", ":1:1: no JSON: an empty file"],
  ["a comma too many", '{\n"checks": {},\n}', ":3:1: no JSON: Unexpected token RBrace found."],
  ["a dump", "*nat\n", ":1:1: no JSON: Unexpected character '*' found."],
  ["text behind", "{} {}", ":1:4: no JSON: Unexpected token LBrace found."],
  ["brackets without end", "[".repeat(1_000_000), ": no JSON that can be read"],
])("what is no JSON is told with its place: %s", (_name, text, expected) => {
  expect(problemsOf(text)).toEqual([`${name}${expected}`]);
});

test("everything that is wrong is told at once", () => {
  expect(problemsOf('{"failOn": 1, "cluster": {"kubeProxy": 1},\n"x": 1}')).toHaveLength(3);
});

test("prototype names are keys like others", () => {
  expect(problemsOf('{"__proto__": {}, "constructor": 1}')).toHaveLength(2);
  expect(problemsOf('{"checks": {"__proto__": "off"}}')).toHaveLength(1);
});

test.each([
  ["*", "", true],
  ["a*", "a", true],
  ["*a*b", "xaxxb", true],
  ["a*b", "abc", false],
  ["KUBE-SVC-*", "KUBE-SVC-X", true],
  ["a.c", "abc", false],
  ["", "a", false],
])("glob %s on %s", (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected);
});

test("a glob on a hostile name takes no time worth mentioning", () => {
  expect(matchesGlob("*a*a*a*a*b", "a".repeat(200_000))).toBe(false);
});

test("levels: an id is stronger than a pattern, an override stronger than both", () => {
  const config = readConfig({ name, text: JSON.stringify(everything) });
  const of = (checkId: string, servicePort: string | null, chain = "KUBE-SVC-X", node = "node-b") =>
    levelOf(findingAt(wholeLine([""], 1), { checkId, servicePort, chain }), node, config);
  expect(of("missing-hook", null)).toBe("error");
  expect(of("missing-canary", null)).toBe("info");
  expect(of("duplicate-rule", null)).toBe("off");
  expect(of("unreachable-endpoint", null)).toBe("error");
  expect(of("missing-masquerade-mark", "default/web:http")).toBe("info");
  expect(of("missing-masquerade-mark", "legacy-1/web:http")).toBe("off");
  expect(of("missing-masquerade-mark", "test/web")).toBe("off");
  expect(of("duplicate-rule", "default/web:http", "KUBE-EXT-X", "node-a1")).toBe("warning");
  expect(of("duplicate-rule", "default/web:http", "KUBE-EXT-X", "node-b")).toBe("off");
  expect(of("duplicate-rule", "default/web2:http", "KUBE-EXT-X", "node-a1")).toBe("off");
});

test.each([
  ["web", "default/web:http", true],
  ["web", "default/web2:http", false],
  ["default/web", "default/web:http", true],
  ["default/web", "default/web", true],
  ["default/web:http", "default/web:http", true],
  ["default/web:https", "default/web:http", false],
  ["*/web", "a/web:x", true],
  ["w*", "web/other:x", false],
])("a service called %s is %s: %s", (pattern, servicePort, expected) => {
  const config = readConfig({
    name,
    text: JSON.stringify({ overrides: [{ service: pattern, checks: { "*": "off" } }] }),
  });
  expect(levelOf(findingAt(wholeLine([""], 1), { servicePort }), "n", config) === "off").toBe(expected);
});

test("addresses of nodes go to the nodes that are meant", () => {
  const config = readConfig({ name, text: JSON.stringify(everything) });
  expect(factsOf(config, "node-a1").nodeIps.map(({ family }) => family)).toEqual([4, 6]);
  expect(factsOf(config, "node-b").nodeIps).toEqual([]);
  const forAll = readConfig({ name, text: '{"cluster": {"nodeIPs": ["192.0.2.1"]}}' });
  expect(factsOf(forAll, "whichever").nodeIps).toHaveLength(1);
});

test("the README's example is one", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, text = ""] = /```json\n([\s\S]*?)```/.exec(readme) ?? [];
  expectSchema("config", JSON.parse(text));
  expect(problemsOf(text)).toEqual([]);
});
