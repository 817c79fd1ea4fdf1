import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Truth } from "../kubernetes/helpers/truth.ts";
import { Judge, type Verdict } from "./judge.ts";
import { mutantsOf } from "./mutants.ts";
import { siteOf } from "./probes.ts";
import { printSummary, summarise } from "./summary.ts";

/** A sample; `node test/mutation/mutation.mjs FOLDER...` judges every mutant. IPTLINT_MUTANTS_EVERY=1 does so here. */
const every = Number(process.env["IPTLINT_MUTANTS_EVERY"] ?? 139);

const read = (name: string): string =>
  readFileSync(new URL(`../../fixtures/dumps/${name}`, import.meta.url)).toString("latin1");

const verdicts: Verdict[] = [];

describe("an edit of kube-proxy's rules that changes where a packet goes is flagged", { timeout: 300_000 }, () => {
  test.each([
    ["1.30.5-nft/mixed", 4],
    ["1.30.5-nft/dualstack", 6],
    ["1.20.2-legacy/mixed", 4],
  ] as const)("%s, IPv%i", (name, family) => {
    const text = read(`${name}/${family === 4 ? "iptables" : "ip6tables"}-save.txt`);
    const judge = new Judge(text, siteOf(JSON.parse(read(`${name}/truth.json`)) as Truth, family));
    let number = 0;
    for (const mutant of mutantsOf(text)) if (number++ % every === 0) verdicts.push(judge.judge(mutant));
    expect(number).toBeGreaterThan(500);
  });

  test("99 of 100, without those that equal another configuration", () => {
    const summary = summarise(verdicts);
    const { harmful, configured, flagged, harmless, alarms } = summary;
    const report = printSummary(summary, true);
    expect(harmful, report).toBeGreaterThan(50);
    // of a small sample one may be missed
    expect(harmful - configured.length - flagged, report).toBeLessThanOrEqual(Math.max(1, 0.01 * harmful));
    expect(configured.length, report).toBeLessThanOrEqual(Math.max(2, 0.12 * harmful));
    expect(alarms.length, report).toBeLessThanOrEqual(Math.max(1, 0.01 * harmless));
  });
});
