import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, test } from "vitest";
import { anyBytes, dumpText } from "./arbitrary-dump.ts";
import { editedDumps } from "./edited-dump.ts";
import { expectLaws, expectLawsOfText } from "./laws.ts";

/** IPTLINT_RUNS=100000 runs long; IPTLINT_SEED repeats a run. */
const numRuns = Number(process.env["IPTLINT_RUNS"] ?? 300);
const seed = process.env["IPTLINT_SEED"];
const options = { numRuns, ...(seed !== undefined && { seed: Number(seed) }) };

const healthy = new URL("../../fixtures/healthy/", import.meta.url);
const texts = readdirSync(healthy, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith("-save.txt"))
  .map((name) => readFileSync(new URL(name, healthy), "latin1"));

describe("the laws of the grammar hold", { timeout: 0 }, () => {
  test("over any bytes", () => {
    fc.assert(fc.property(anyBytes, expectLaws), options);
  });

  test("over dumps made of the whole vocabulary", () => {
    fc.assert(fc.property(dumpText, expectLawsOfText), options);
  });

  test("over edited dumps of real nodes", () => {
    fc.assert(fc.property(editedDumps(texts), expectLawsOfText), options);
  });
});
