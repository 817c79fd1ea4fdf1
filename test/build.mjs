// Builds dist/: the command (a starter, and parts that it loads when they are needed), the library, its types, the JSON Schemas.

import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  format: "esm",
  target: "node20.19",
  // Node reads every byte of a file before it runs its first line: half the bytes start sooner.
  minify: true,
  legalComments: "none",
  define: { __VERSION__: JSON.stringify(version) },
  logLevel: "warning",
};

rmSync("dist", { recursive: true, force: true });
await Promise.all([
  build({
    ...shared,
    entryPoints: { iptlint: "src/cli/bin.ts" },
    outdir: "dist",
    // For the same reason what --version and --help do not need stands in files of its own.
    splitting: true,
    chunkNames: "parts/[name]-[hash]",
    platform: "node",
    // commander is CommonJS and asks for node:events and the like by require().
    banner: { js: 'import{createRequire as $require}from"node:module";const require=$require(import.meta.url);' },
  }),
  build({
    ...shared,
    entryPoints: { index: "src/index.ts" },
    outdir: "dist",
    platform: "neutral",
    mainFields: ["module", "main"],
  }),
]);
writeFileSync("dist/iptlint.js", `#!/usr/bin/env node\n${readFileSync("dist/iptlint.js", "utf8")}`);
chmodSync("dist/iptlint.js", 0o755);
cpSync("src/report/schema", "dist/schema", { recursive: true });

const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "test/tsconfig.build.json"], {
  stdio: "inherit",
});
process.exitCode = tsc.status ?? 1;
