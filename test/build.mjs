// Builds dist/: the command as one file, the library, its types, the JSON Schemas.

import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import buildNative from "./build-native.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  format: "esm",
  target: "node20.19",
  minify: true,
  legalComments: "none",
  define: { __VERSION__: JSON.stringify(version) },
  logLevel: "warning",
};

/** Commander loads this for subcommands that are programs of their own; iptlint has none, and it takes milliseconds. */
const withoutChildProcess = {
  name: "without-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ path }) => ({ path, namespace: "nothing" }));
    onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: "" }));
  },
};

await buildNative();
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
await Promise.all([
  buildCommand(),
  build({
    ...shared,
    entryPoints: { index: "src/index.ts" },
    outdir: "dist",
    platform: "neutral",
    mainFields: ["module", "main"],
  }),
]);
cpSync("src/report/schema", "dist/schema", { recursive: true });

const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "test/tsconfig.build.json"], {
  stdio: "inherit",
});
process.exitCode = tsc.status ?? 1;

/**
 * One file that starts fast: V8 parses a script before it runs its first line, so what --version and --help do not need stands in it as
 * strings, and a part is compiled when it is first asked for. Beside it lies what V8 made of the parts here; another version of Node
 * ignores that and compiles them itself.
 */
async function buildCommand() {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: { iptlint: "src/cli/bin.ts" },
    outdir: "dist",
    splitting: true,
    chunkNames: "[name]-[hash]",
    platform: "node",
    plugins: [withoutChildProcess],
    write: false,
  });
  const parts = await Promise.all(
    outputFiles.map(async ({ path, text }) => [
      `./${basename(path)}`,
      (await transform(text, { format: "cjs", minify: true, supported: { "dynamic-import": false } })).code,
    ]),
  );
  const starter = `"use strict";
const parts = ${JSON.stringify(Object.fromEntries(parts))};
const loaded = {}, scripts = {};
let compiled;
function load(name) {
  if (!Object.hasOwn(parts, name)) return require(name);
  if (loaded[name] === undefined) {
    const part = (loaded[name] = { exports: {} });
    const source = "(function(module,exports,require){" + parts[name] + "\\n})";
    if (Object.keys(loaded).length > 2) compiled ??= readCompiled();
    const cachedData = compiled?.[name];
    scripts[name] = new (require("node:vm").Script)(source, { filename: name, ...(cachedData && { cachedData }) });
    scripts[name].runInThisContext()(part, part.exports, load);
  }
  return loaded[name].exports;
}
function readCompiled() {
  try {
    const bytes = require("node:fs").readFileSync(__dirname + "/iptlint.cache");
    const head = bytes.indexOf(10);
    const { version, places } = JSON.parse(bytes.toString("latin1", 0, head));
    if (version !== process.version + process.arch) return {};
    return Object.fromEntries(places.map(([name, from, to]) => [name, bytes.subarray(head + 1 + from, head + 1 + to)]));
  } catch {
    return {};
  }
}
load("./iptlint.js");
`;
  writeFileSync("dist/iptlint.cjs", `#!/usr/bin/env node\n${starter}`);
  chmodSync("dist/iptlint.cjs", 0o755);
  writeCompiled(starter);
}

/** Runs the command once and keeps what V8 compiled on the way. */
function writeCompiled(starter) {
  writeFileSync(
    "dist/warm-up.cjs",
    `${starter}
process.once("exit", () => {
  let at = 0;
  const all = Object.entries(scripts).map(([name, script]) => [name, script.createCachedData()]);
  const places = all.map(([name, data]) => [name, at, (at += data.length)]);
  const head = JSON.stringify({ version: process.version + process.arch, places });
  require("node:fs").writeFileSync(__dirname + "/iptlint.cache", Buffer.concat([Buffer.from(head + "\\n"), ...all.map(([, data]) => data)]));
});
`,
  );
  const warmUp = "fixtures/dumps/1.30.5-nft/mixed/iptables-save.txt";
  spawnSync(process.execPath, ["dist/warm-up.cjs", warmUp], { stdio: "ignore" });
  rmSync("dist/warm-up.cjs");
}
