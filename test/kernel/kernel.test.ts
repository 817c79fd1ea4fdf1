import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildStore } from "../../src/netfilter/build.ts";
import { Ruleset } from "../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import { trace } from "../../src/netfilter/trace/trace.ts";
import { Bed, whyNoBed } from "./bed.ts";
import { CASE_BED, CASES, sceneOf, textOf } from "./cases.ts";
import { disagreements, factsOf, questionOf } from "./compare.ts";
import { runDifferential } from "./differential.ts";
import { dumpsBelow } from "./dumps.ts";
import { SCENES } from "./scenes.ts";

const reason = whyNoBed();
if (reason !== null && process.env["REQUIRE_ALL"] === "1") throw new Error(`no real kernel to ask: ${reason}`);

const FIXTURES = fileURLToPath(new URL("../../fixtures/dumps", import.meta.url));

/** Packets of one kind whose shares are looked at. */
const MANY = 60;

describe.skipIf(reason !== null)(`the real kernel${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  describe.each([4, 6] as const)("IPv%d", (family) => {
    describe.each(["nft", "legacy"] as const)("%s", (backend) => {
      let bed: Bed;
      beforeAll(() => {
        bed = new Bed({ ...CASE_BED, family, backend });
      });
      afterAll(() => bed?.close());

      const comesBack = async (): Promise<void> => {
        const { own, clients } = SCENES[family];
        bed.setOwn(own);
        bed.setClients(clients);
        expect(bed.load(readFileSync(join(FIXTURES, "1.30.5-nft/mixed/iptables-save.txt"), "latin1"))).toBeNull();
        const probe = { from: "192.168.50.77", in: "eth0", to: "192.168.50.11", protocol: "tcp", port: 30090 } as const;
        const [first] = await bed.send([probe]);
        expect(first!.dnat).toMatch(/^10\.244\./);
        const again = await bed.send(
          Array.from({ length: 20 }, () => probe),
          true,
        );
        expect(new Set(again.map(({ dnat }) => dnat))).toEqual(new Set([first!.dnat]));
      };
      if (family === 4) test("a client comes back to the endpoint that it was given", comesBack);

      const mine = CASES.filter((each) => (each.family ?? 4) === family);
      test.each(mine.map((each) => [each.name, each] as const))("%s", async (_name, each) => {
        const { own, clients } = sceneOf(each);
        bed.setOwn(own);
        bed.setClients(clients);
        const text = textOf(each);
        expect(bed.load(text)).toBeNull();
        const [read] = rulesetsOf(buildStore(new TextEncoder().encode(text)));
        const ruleset = new Ruleset(read!.store, family, backend, read!.tables);
        const found = trace(ruleset, questionOf(each.probe, family, each.state), factsOf(bed));
        const seen =
          each.state === "established"
            ? await bed.sendEstablished([each.probe])
            : each.state === "new-again"
              ? (await bed.sendAgain([each.probe], 2))[1]!
              : await bed.send(Array.from({ length: each.ends.length > 1 ? MANY : 1 }, () => each.probe));
        expect(disagreements(found, seen)).toEqual([]);
      });
    });
  });

  test("agrees about rules of all kinds", { timeout: 300_000 }, async () => {
    // the shared folder holds more of the same, for test/kernel/differential.mjs
    const dumps = dumpsBelow(FIXTURES).filter(({ name }) => !name.includes("faults") || /base|sep|drop/.test(name));
    const result = await runDifferential({ seed: 1, dumps, generated: 30, packets: 10, repeats: 30 });
    expect(result.disagreements.map(({ text: _text, ...rest }) => rest)).toEqual([]);
    expect(result.generated).toBeGreaterThan(20);
    expect(result.packets).toBeGreaterThan(400);
    expect(result.answers).toBeGreaterThan(20);
  });
});
