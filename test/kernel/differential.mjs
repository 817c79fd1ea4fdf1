// node test/kernel/differential.mjs [--seed N] [--generated N] [--packets N]: traces against the real kernel, on many packets.
// Needs root, network namespaces, iptables, nft and conntrack. IPTLINT_SHARED adds the dumps of that folder.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL("differential-main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "iptlint-differential-"));
const outfile = join(folder, "main.mjs");
try {
  await build({
    entryPoints: [here],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "warning",
    // the modules look for their neighbours where they are written, not where they are built
    define: { "import.meta.url": JSON.stringify(pathToFileURL(here).href) },
  });
  await import(pathToFileURL(outfile).href);
} finally {
  rmSync(folder, { recursive: true });
}
