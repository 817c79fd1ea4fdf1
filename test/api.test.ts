import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as iptlint from "../src/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const bytes = readFileSync(resolve(root, "fixtures/dumps/1.30.5-nft/minimal/iptables-save.txt"));
const nodes = iptlint.groupByNode([{ name: "dump.txt", bytes }]);

/** What a user of the library compiles against, without the documentation in it. */
const guarded = [
  "src/index",
  "src/api",
  "src/lint",
  "src/nodes",
  "src/sieve",
  "src/restore",
  "src/config/config",
  "src/suppress/baseline",
  "src/suppress/suppression",
  "src/report/report",
  "src/report/service-list",
  "src/report/explanation",
  "src/report/trace-report",
  "src/checks/finding",
  "src/explain/packet",
  "grammar/parse",
  "grammar/ast",
];

test("the declarations change knowingly", async () => {
  const out = mkdtempSync(join(tmpdir(), "iptlint-types-"));
  const flags = ["-p", "test/tsconfig.build.json", "--outDir", out, "--removeComments"];
  spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", ...flags], { cwd: root });
  const text = guarded.map((name) => `// ${name}\n${readFileSync(join(out, `${name}.d.ts`), "utf8")}`).join("\n");
  rmSync(out, { recursive: true, force: true });
  await expect(text).toMatchFileSnapshot("__snapshots__/api.txt");
});

test("every question can be asked of the library", () => {
  expect(iptlint.lint(nodes).nodes.map(({ findings }) => findings)).toEqual([[]]);
  expect(iptlint.services(nodes).servicePorts.map(({ nodePort }) => nodePort)).toEqual([30080]);
  expect(iptlint.explain(nodes, "30080").answers[0]?.shares.map(({ address }) => address)).toEqual([
    "10.244.1.5:80",
    "10.244.2.7:80",
  ]);
  expect(iptlint.trace(nodes, { to: "192.0.2.10:30080/tcp", nodeIp: ["192.0.2.10"] })[0]?.ends).toHaveLength(2);
  expect(iptlint.checks.length).toBeGreaterThan(10);
  expect([
    ...iptlint.formats.concise(iptlint.lint(nodes), { width: 80, colour: false, unicode: true, quiet: false }),
  ]).toEqual([]);
  expect(Buffer.compare(Buffer.from(iptlint.print(iptlint.parse(bytes))), bytes)).toBe(0);
});

test("a configuration and a baseline can be given", () => {
  const config = iptlint.readConfig({ name: "c.json", text: '{"cluster": {"nodePortRange": "31000-31999"}}' });
  const newBaseline = new iptlint.NewBaseline("b.json");
  const [node] = iptlint.lint(nodes, { config, newBaseline }).nodes;
  expect(node?.suppressed.map(({ finding }) => finding.checkId)).toEqual(["node-port-outside-range"]);
  const text = [...iptlint.renderBaseline(newBaseline.entries)].join("");
  const baseline = iptlint.readBaseline({ name: "b.json", text });
  expect(iptlint.lint(nodes, { config, baseline }).nodes[0]?.findings).toEqual([]);
  expect(() => iptlint.readConfig({ name: "c.json", text: "{" })).toThrow(iptlint.ConfigError);
});

test("iptables-restore's judgement can be asked for", () => {
  expect(iptlint.restore([{ name: "a", bytes }]).nodes[0]?.restore?.refusedLines).toBe(0);
});

test("what does not read is a RequestError", () => {
  expect(() => iptlint.explain(nodes, "99999")).toThrow(iptlint.RequestError);
  expect(() => iptlint.trace(nodes, { to: "nowhere" })).toThrow(iptlint.RequestError);
});
