import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "vitest";

const root = process.env["IPTLINT_SHARED"];

/** Absolute path of a file of the shared folder; only within `describeShared`. */
export const sharedPath = (path: string): string => resolve(root ?? "", path);

/** Tests over the shared folder: skipped, and seen to be skipped, where IPTLINT_SHARED does not name it; with REQUIRE_ALL=1 they fail instead. */
export function describeShared(name: string, tests: () => void): void {
  if (root !== undefined && existsSync(root)) {
    describe(name, tests);
    return;
  }
  if (process.env["REQUIRE_ALL"] === "1") throw new Error("IPTLINT_SHARED names no folder");
  // vitest runs the body of a skipped group to find its tests, and bodies look at the folder
  describe.skip(name, () => test("IPTLINT_SHARED is not set", () => {}));
}
