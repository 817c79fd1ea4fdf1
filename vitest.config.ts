import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

export default defineConfig({
  define: { __VERSION__: JSON.stringify(version) },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/build-native.mjs"],
    testTimeout: 60_000,
    restoreMocks: true,
    maxWorkers: 2,
    env: { TZ: "UTC", NO_COLOR: "1" },
  },
});
