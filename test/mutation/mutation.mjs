// node test/mutation/mutation.mjs [--every N] [--six] [--all] FOLDER...: edits kube-proxy's rules in the dumps of these folders, one
// edit at a time, and says which edits change where packets go and yet are not flagged. Each folder holds a dump and its truth.json.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL("main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "iptlint-mutation-"));
const outfile = join(folder, "main.mjs");
try {
  await build({
    entryPoints: [here],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "warning",
    define: { __VERSION__: '"0"' },
  });
  await import(pathToFileURL(outfile).href);
} finally {
  rmSync(folder, { recursive: true });
}
