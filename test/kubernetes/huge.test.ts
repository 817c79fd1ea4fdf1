import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deviationsIn } from "./helpers/deviations.ts";
import { dumpsIn, fileOf, mapOf, sharedDumps, truthOf } from "./helpers/dumps.ts";
import { answer, expectation } from "./helpers/truth.ts";

const dumps = dumpsIn(sharedDumps).filter(({ name }) => name.includes("huge-"));

describe.runIf(sharedDumps !== null)("large nodes", () => {
  test("10,000 Services with 20 endpoints each", () => {
    const folder = join(sharedDumps ?? "", "1.30.5-legacy/huge-10000x20");
    const map = mapOf(fileOf({ name: folder, folder }, "iptables-save.txt") as Uint8Array);
    expect(map.servicePorts.length).toBe(10_000);
    for (const port of map.servicePorts) {
      expect([port.nameEvidence, port.endpointChains().length]).toEqual(["hash", 20]);
      expect(port.balance(port.chain("svc"))).toBe("even");
    }
    expect(map.detachedEndpointChains).toEqual([]);
    expect(deviationsIn(map)).toEqual([]);
  });

  for (const dump of dumps)
    test(dump.name, () => {
      const truth = truthOf(dump);
      const map = mapOf(fileOf(dump, "iptables-save.txt") as Uint8Array);
      expect(map.servicePorts.length).toBe(truth.servicePorts.length);
      expect(map.detachedServicePorts.length + map.detachedEndpointChains.length).toBe(0);
      expect(deviationsIn(map)).toEqual([]);
      const programmed = truth.servicePorts.map(({ endpoints }) => endpoints.filter(({ programmed: is }) => is).length);
      let endpoints = 0;
      for (const port of map.servicePorts) {
        endpoints += port.endpointChains().length;
        expect(port.nameEvidence).toBe("hash");
      }
      expect(endpoints).toBe(programmed.reduce((sum, count) => sum + count));
      const expected = new Map(truth.servicePorts.map((port) => [`${port.id} ${port.protocol}`, port]));
      // Facts in full for every hundredth.
      for (const port of map.servicePorts.filter((_, i) => i % 100 === 0)) {
        const given = expected.get(`${port.id} ${port.protocol}`);
        expect(answer(port.facts())).toEqual(given && expectation(given, truth.kubeProxyVersion).facts);
      }
    });
});
