import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run, type World } from "../helpers/fake-io.ts";
import { expectSchema } from "../helpers/schema.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/dumps/${name}`, import.meta.url), "utf8");
const healthy = fixture("1.30.5-nft/minimal/iptables-save.txt");
const broken = fixture("1.30.5-nft/faults/nodeport-no-markmasq/iptables-save.txt");
const kubeletOnly =
  "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-MARK-DROP - [0:0]\n-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000\nCOMMIT\n";

const configName = "iptlint.config.json";
const files = { "a.txt": healthy, "b.txt": broken, "kubelet.txt": kubeletOnly };
const off = JSON.stringify({ checks: { "missing-masquerade-mark": "off" } });

const lint = (argv: readonly string[], more: World["files"] = {}, world: World = {}) =>
  run(argv, { files: { ...files, ...more }, ...world });

describe("where the configuration comes from", () => {
  test("the working folder", async () => {
    const { code, stdout } = await lint(["b.txt"], { [configName]: off });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^b.txt: ok, 3 info; 1 turned off\n/);
    expect(stdout).toContain("  1 finding of checks that are turned off: missing-masquerade-mark (1 error)\n");
    expect(stdout).toMatch(/\nconfigured by iptlint\.config\.json\n$/);
  });

  test("a folder above it, the nearest first", async () => {
    const world = { workingFolder: "/home/me/dumps" };
    const far = { "../../../iptlint.config.json": "{" };
    expect((await lint(["b.txt"], { ...far, "../iptlint.config.json": off }, world)).code).toBe(0);
    expect((await lint(["b.txt"], far, world)).code).toBe(2);
    expect((await lint(["b.txt"], { "../../../../iptlint.config.json": "{" }, world)).code).toBe(1);
  });

  test("never the dump's folder", async () => {
    const { code, stdout } = await lint(["x/b.txt"], { "x/b.txt": broken, [`x/${configName}`]: off });
    expect(code).toBe(1);
    expect(stdout).not.toContain("configured by");
  });

  test("--config names one, --no-config wants none", async () => {
    expect((await lint(["--config", "c.json", "b.txt"], { "c.json": off, [configName]: "{" })).code).toBe(0);
    expect((await lint(["--no-config", "b.txt"], { [configName]: "{" })).code).toBe(1);
  });

  test.each([
    ["a missing file", {}, "iptlint: --config c.json does not exist\n"],
    ["a folder", { "c.json/x": "" }, "iptlint: --config c.json is a folder\n"],
    [
      "a wrong key",
      { "c.json": '{"chekcs": {}}' },
      'iptlint: c.json:1: chekcs: unknown key, expected one of $schema, failOn, checks, overrides, suppressions, cluster; did you mean "checks"?\n',
    ],
    ["control characters", { "c.json": '{"\\u001b[2J": 1}' }, 'iptlint: c.json:1: ["\\u001b[2J"]: unknown key'],
    [
      "bytes that are no text",
      { "c.json": "\x1b[2J" },
      "iptlint: c.json:1:1: no JSON: Unexpected character '\\x1b' found.\n",
    ],
  ])("%s is an error of usage", async (_name, more, expected) => {
    const { code, stdout, stderr } = await lint(["--config", "c.json", "b.txt"], more);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.slice(0, expected.length)).toBe(expected);
  });

  test("all errors are told, a line each", async () => {
    const { stderr } = await lint(["a.txt"], { [configName]: '{"failOn": 1,\n"x": 2}' });
    expect(stderr.split("\n").map((line) => line.slice(0, 31))).toEqual([
      "iptlint: iptlint.config.json:1:",
      "iptlint: iptlint.config.json:2:",
      "Try: iptlint --help",
      "",
    ]);
  });
});

describe("what it decides", () => {
  const exitCode = async (config: object, ...argv: string[]) =>
    (await lint(argv, { [configName]: JSON.stringify(config) })).code;

  test("severities and the exit code", async () => {
    expect(await exitCode({ checks: { "missing-*": "info" } }, "b.txt")).toBe(0);
    expect(await exitCode({ checks: { "missing-*": "info" }, failOn: "info" }, "b.txt")).toBe(1);
    expect(await exitCode({ checks: { "missing-*": "warning" }, failOn: "error" }, "b.txt")).toBe(0);
    expect(
      await exitCode({ checks: { "missing-*": "warning" }, failOn: "error" }, "b.txt", "--fail-on", "warning"),
    ).toBe(1);
  });

  test("checks by what they are about", async () => {
    const override = (scope: object) => ({ overrides: [{ ...scope, checks: { "*": "off" } }] });
    expect(await exitCode(override({ namespace: "default" }), "b.txt")).toBe(0);
    expect(await exitCode(override({ namespace: "kube-*" }), "b.txt")).toBe(1);
    expect(await exitCode(override({ service: "web" }), "b.txt")).toBe(0);
    expect(await exitCode(override({ service: "default/web:https" }), "b.txt")).toBe(1);
    expect(await exitCode(override({ chain: "KUBE-EXT-*" }), "b.txt")).toBe(0);
    expect(await exitCode(override({ node: "a.txt" }), "b.txt")).toBe(1);
  });

  test("who asks for a check by its name gets it", async () => {
    expect(await exitCode({ checks: { "*": "off" } }, "b.txt", "--only", "missing-masquerade-mark")).toBe(1);
    expect(await exitCode({ checks: { "*": "off" } }, "b.txt", "--only", "missing-*")).toBe(0);
  });

  test("a node that is to run no kube-proxy is fine without its rules", async () => {
    const none = { cluster: { kubeProxy: false } };
    expect(await exitCode(none, "kubelet.txt")).toBe(0);
    expect(await exitCode({ cluster: { kubeProxy: true } }, "kubelet.txt")).toBe(1);
    const { stdout } = await lint(["kubelet.txt"], { [configName]: JSON.stringify(none) });
    expect(stdout).toMatch(/^kubelet\.txt: ok, no findings\n {2}no kube-proxy Service rules, as expected/);
    expect(await exitCode(none, "a.txt")).toBe(1);
  });

  test("addresses of the node are those of the traces", async () => {
    const { stdout } = await lint(["--format", "json", "b.txt"], {
      [configName]: JSON.stringify({ cluster: { nodeIPs: ["198.51.100.7"] } }),
    });
    const [plain] = JSON.parse((await lint(["--format", "json", "b.txt"])).stdout).findings;
    expect(JSON.parse(stdout).findings[0].effect).toBe(plain.effect);
  });
});

describe("suppressions", () => {
  const known = (entry: object) => ({ [configName]: JSON.stringify({ suppressions: [entry] }) });

  test("of the configuration, with a reason", async () => {
    const entry = { check: "missing-masquerade-mark", service: "default/web", reason: "to be mended in May" };
    const { code, stdout } = await lint(["--format", "json", "b.txt"], known(entry));
    const report = JSON.parse(stdout);
    expectSchema("findings", report);
    expect(code).toBe(0);
    expect(report.suppressed).toMatchObject([
      {
        suppression: { by: "configuration", reason: "to be mended in May", location: { file: configName, line: 1 } },
        finding: { checkId: "missing-masquerade-mark", severity: "error" },
      },
    ]);
    expect(report.configuration).toBe(configName);
  });

  test("one that covers nothing is told with its line", async () => {
    const entry = { check: "duplicate-rule", reason: "long gone" };
    const { code, stdout } = await lint(["a.txt"], known(entry));
    expect(code).toBe(0);
    expect(stdout).toContain("info unused-suppression: this entry for duplicate-rule suppresses nothing");
    expect(stdout).toContain("(iptlint.config.json line");
    expect((await lint(["a.txt", "--fail-on", "info"], known(entry))).code).toBe(1);
    expect((await lint(["a.txt"], known({ ...entry, node: "other-node" }))).stdout).not.toContain("unused-suppression");
  });

  test("one is of use when one node needs it", async () => {
    const { stdout } = await lint(["a.txt", "b.txt"], known({ check: "missing-masquerade-mark", reason: "x" }));
    expect(stdout).not.toContain("unused-suppression");
  });

  test("one whose check could not look is not called unused", async () => {
    const filterOnly = healthy.replace(/^\*nat[\s\S]*?^COMMIT\n/m, "");
    const { stdout } = await lint(["f.txt"], {
      "f.txt": filterOnly,
      ...known({ check: "missing-masquerade-mark", reason: "x" }),
    });
    expect(stdout).not.toContain("unused-suppression");
  });

  const rule = /^(-A KUBE-EXT-CDGGSHYLG3RE2FKL .*)(-j KUBE-SVC-\w+)$/m;

  test("in the comment of a rule", async () => {
    const comment = '-m comment --comment "iptlint-ignore missing-masquerade-mark: known" ';
    const text = broken.replace(rule, `$1${comment}$2`);
    expect(text).not.toBe(broken);
    const { code, stdout } = await lint(["c.txt"], { "c.txt": text });
    expect({ code, head: stdout.split("\n")[0] }).toEqual({
      code: 0,
      head: "c.txt: ok, 3 info; 1 suppressed",
    });
    const sarif = JSON.parse((await lint(["--format", "sarif", "c.txt"], { "c.txt": text })).stdout);
    const accepted = sarif.runs[0].results.find(
      (result: { suppressions?: object }) => result.suppressions !== undefined,
    );
    expect(accepted.suppressions).toMatchObject([{ kind: "inSource", justification: "known" }]);
    expect((await lint(["--no-suppressions", "c.txt"], { "c.txt": text })).code).toBe(1);
  });

  test("before the line, in a file that is kept by hand", async () => {
    const text = broken.replace(rule, "# iptlint-ignore-next missing-masquerade-mark: known\n$&");
    expect((await lint(["c.txt"], { "c.txt": text })).code).toBe(0);
  });

  test("a comment without reason, or for another check, suppresses nothing and is told", async () => {
    for (const [directive, told] of [
      [
        "missing-masquerade-mark",
        "malformed-suppression: a comment that is to suppress findings cannot be read: it gives no reason",
      ],
      ["duplicate-rule: x", "unused-suppression: this comment suppresses nothing: there is no duplicate-rule here"],
    ] as const) {
      const text = broken.replace(rule, `# iptlint-ignore-next ${directive}\n$&`);
      const { code, stdout } = await lint(["--format", "concise", "c.txt"], { "c.txt": text });
      expect(code).toBe(1);
      expect(stdout).toContain("error missing-masquerade-mark:");
      expect(stdout).toContain(told);
    }
  });

  test("hostile text of a suppression reaches no output as control", async () => {
    const text = broken.replace(
      rule,
      '-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "iptlint-ignore \x1b[2Jx\u202e: y" $2',
    );
    for (const format of ["text", "concise", "json", "sarif", "github", "markdown", "junit"]) {
      const { stdout } = await lint(["--format", format, "c.txt"], { "c.txt": text });
      expect(stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  test("a capture that cannot be believed is never fine without a word", async () => {
    const lossy = readLossy();
    const { code, stdout, stderr } = await lint(["l.txt"], {
      "l.txt": lossy,
      ...known({ check: "lost-matches", reason: "we know" }),
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^l.txt: ok, no findings; 1 suppressed\n/);
    expect(stdout).toContain("1 finding suppressed: lost-matches (1 error)");
    expect(stdout).toMatch(/the text does not describe the kernel's rules: \d+ checks did not run/);
    const warning =
      "iptlint: l.txt: lost-matches is suppressed or turned off: the capture may not show what the kernel has\n";
    expect(stderr).toBe(warning);
    const config = { [configName]: JSON.stringify({ checks: { "*": "off" } }) };
    const quiet = await lint(["--quiet", "--format", "concise", "l.txt"], { "l.txt": lossy, ...config });
    expect(quiet).toMatchObject({ code: 0, stdout: "", stderr: warning });
  });

  /** What an iptables before 1.8.8 prints of rules that a newer one wrote. */
  function readLossy(): string {
    return healthy.replace(/ -m (?:tcp|udp) --dport \d+/g, "").replace(/ -m mark (?:! )?--mark \S+/g, "");
  }
});

describe("a baseline", () => {
  test("accepts what was found, and nothing else", async () => {
    const { code, written, stdout } = await lint(["--write-baseline", "b.json", "b.txt"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^b.txt: ok, no findings; 4 suppressed\n/);
    const baseline = written.get("b.json") ?? "";
    expectSchema("baseline", JSON.parse(baseline));
    expect(JSON.parse(baseline).findings).toContainEqual({
      check: "missing-masquerade-mark",
      table: "nat",
      chain: "KUBE-EXT-CDGGSHYLG3RE2FKL",
      servicePort: "default/web:http",
      rule: "-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVC-CDGGSHYLG3RE2FKL",
    });

    const more = { "b.json": baseline };
    expect((await lint(["--baseline", "b.json", "b.txt"], more)).code).toBe(0);
    const moved = { ...more, "b.txt": `# a line more\n${broken.replace(/\[\d+:\d+\]/g, "[77:88]")}` };
    expect((await lint(["--baseline", "b.json", "b.txt"], moved)).code).toBe(0);
    expect((await lint(["--baseline", "b.json", "--no-suppressions", "b.txt"], more)).code).toBe(1);
    const mended = await lint(["--baseline", "b.json", "a.txt"], more);
    expect(mended.stdout).toContain("unused-suppression: 4 entries of the baseline suppress nothing, the first for ");
  });

  test("what is said of suppressions is not accepted with the rest", async () => {
    const text = `# iptlint-ignore-next duplicate-rule\n${healthy}`;
    const { code, stdout, written } = await lint(["--write-baseline", "b.json", "c.txt"], { "c.txt": text });
    expect(code).toBe(1);
    expect(stdout).toContain("warning malformed-suppression");
    expect(JSON.parse(written.get("b.json") ?? "").findings).toEqual([]);
  });

  test.each([
    ["a missing one", {}, "--baseline b.json does not exist"],
    ["another file", { "b.json": "{}" }, "b.json:1: schema: missing"],
  ])("%s is an error of usage", async (_name, more, expected) => {
    const { code, stderr } = await lint(["--baseline", "b.json", "b.txt"], more);
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
  });

  test("one cannot be read and written in one run", async () => {
    expect((await lint(["--baseline", "b.json", "--write-baseline", "b.json", "b.txt"])).code).toBe(2);
  });
});
