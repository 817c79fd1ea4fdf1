// The laws of grammar and service map for as long as you like: node test/properties/long.mjs [runs per property, default 50000] [seed]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [runs = "50000", seed] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "test/properties", "--test-timeout=86400000"],
  {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: { ...process.env, IPTLINT_RUNS: runs, ...(seed && { IPTLINT_SEED: seed }) },
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
