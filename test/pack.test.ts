import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kubeProxyDump } from "./bench/kube-proxy.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "iptlint-pack-"));
const fixture = join(root, "fixtures/dumps/1.30.5-nft/minimal/iptables-save.txt");
let installed = "";

beforeAll(() => {
  execFileSync(process.execPath, ["test/build.mjs"], { cwd: root });
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", "--silent", `./${tarball}`], { cwd: folder });
  installed = join(folder, "node_modules/iptlint");
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const iptlint = (...argv: string[]) =>
  spawnSync(join(folder, "node_modules/.bin/iptlint"), argv, { cwd: folder, encoding: "utf8" });

test("nothing but the package is installed", () => {
  expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["iptlint"]);
});

test("the command works", () => {
  const { status, stdout, stderr } = iptlint(fixture);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain(": ok, no findings\n");
  expect(iptlint("--version").stdout).toBe(`${JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version}\n`);
  expect(iptlint("explain", "30080", fixture).stdout).toMatch(/^30080\/tcp is the NodePort of Service /);
});

test.each([
  ["ast", `ast '${fixture}' | head -1`],
  ["lint", `'${fixture}' | true`],
  ["--version", "--version | true"],
  ["--help", "--help | true"],
])("a pipe that is closed early ends %s quietly", (_name, rest) => {
  const bin = join(folder, "node_modules/.bin/iptlint");
  const script = `'${bin}' ${rest}; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("0");
});

const hasTerminals = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") === true;

/** What a terminal is sent by the command while a dump comes in slowly, and the exit code or signal. */
function onTerminal(command: string, env: Record<string, string> = {}): { shown: string; status: number | null } {
  const { CI: _, ...others } = process.env;
  const { stdout, status } = spawnSync("script", ["-qefc", command, "/dev/null"], {
    encoding: "utf8",
    env: { ...others, TERM: "xterm", ...env },
  });
  return { shown: stdout, status };
}

describe.runIf(hasTerminals)("on a terminal", () => {
  const slow = () => `{ sleep 3; cat '${fixture}'; } | '${join(folder, "node_modules/.bin/iptlint")}' -`;

  test("progress is shown after a second, and is gone at the end", () => {
    const { shown, status } = onTerminal(`stty cols 100; ${slow()} > '${join(folder, "out.txt")}'`);
    expect(shown).toMatch(/^\r\x1b\[K<stdin>: read 0 of 0 MB, 0 rules\r[^\n]*\r\x1b\[K$/);
    expect(status).toBe(0);
  });

  test("Ctrl-C takes it away and ends the program", async () => {
    const dump = join(folder, "large.txt");
    writeFileSync(dump, kubeProxyDump(300_000));
    const bin = join(folder, "node_modules/.bin/iptlint");
    const command = `{ sleep 2; cat '${dump}'; } | '${bin}' - > '${join(folder, "out.txt")}'`;
    const { CI: _, ...others } = process.env;
    const terminal = spawn("script", ["-qefc", command, "/dev/null"], { env: { ...others, TERM: "xterm" } });
    let shown = "";
    terminal.stdout.on("data", (piece) => {
      if (shown === "") terminal.stdin.write("\x03");
      shown += piece;
    });
    const [status] = await once(terminal, "close");
    expect(shown).toMatch(/^\r\x1b\[K<stdin>: [^\n]*\r\^C[^\n]*\r\x1b\[K$/);
    expect(status).toBe(130);
    expect(readFileSync(join(folder, "out.txt"), "utf8")).toBe("");
  });

  test("there is none in CI, nor without a terminal", () => {
    expect(onTerminal(`${slow()} > '${join(folder, "out.txt")}'`, { CI: "true" }).shown).toBe("");
    expect(onTerminal(`${slow()} > '${join(folder, "out.txt")}' 2> '${join(folder, "err.txt")}'`).shown).toBe("");
  });
});

test("standard input is read to its end, however slowly it comes", () => {
  const bin = join(folder, "node_modules/.bin/iptlint");
  const slowly = `{ head -c 2000 '${fixture}'; sleep 0.3; tail -c +2001 '${fixture}'; } | '${bin}' -`;
  const { stdout, status } = spawnSync("bash", ["-c", slowly], { encoding: "utf8" });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^<stdin>: ok/);
});

test("the library works and has types", () => {
  const script = `
    import { readFileSync } from "node:fs";
    import { groupByNode, lint, parse, print } from "iptlint";
    const bytes = readFileSync(process.argv[2]);
    const report = lint(groupByNode([{ name: "a", bytes }]));
    console.log(report.nodes[0].kubeProxy.services, Buffer.compare(Buffer.from(print(parse(bytes))), bytes));
  `;
  writeFileSync(join(folder, "use.mjs"), script);
  const { stdout, stderr } = spawnSync(process.execPath, ["use.mjs", fixture], { cwd: folder, encoding: "utf8" });
  expect({ stdout, stderr }).toEqual({ stdout: "1 0\n", stderr: "" });

  writeFileSync(
    join(folder, "use.ts"),
    'import { lint, type Finding } from "iptlint";\nexport const all: readonly Finding[] = lint([]).nodes.flatMap((node) => node.findings);\n',
  );
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "", "use.ts"];
  const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...flags], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(tsc.stdout).toBe("");
});

test("the JSON Schemas are in the package", () => {
  const schemas = readdirSync(join(installed, "dist/schema"));
  for (const name of ["findings", "services", "explain", "trace", "ast", "config", "baseline"])
    expect(schemas).toContain(`${name}.schema.json`);
});

test("the package holds what it needs and is small", () => {
  const sizes = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(installed, "dist", name)))
    .filter((file) => file.isFile())
    .map(({ size }) => size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(4_200_000);
});
