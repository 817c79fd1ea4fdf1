import { describe, expect, test } from "vitest";
import { type Dump, dumpsIn, fileOf, fixtures, mapOf, sharedDumps, truthOf } from "./helpers/dumps.ts";
import { answer, expectation } from "./helpers/truth.ts";

const isClean = ({ name }: Dump): boolean => !name.includes("faults/") || name.includes("faults/base");
const small = ({ name }: Dump): boolean => !name.includes("huge-");

const dumps = [...dumpsIn(fixtures), ...dumpsIn(sharedDumps)].filter((dump) => isClean(dump) && small(dump));

describe("the map says what kube-proxy was given", () => {
  test("there are dumps", () => expect(dumps.length).toBeGreaterThan(5));

  for (const dump of dumps)
    for (const [family, file] of [
      [4, "iptables-save.txt"],
      [6, "ip6tables-save.txt"],
    ] as const) {
      const text = fileOf(dump, file);
      if (text === null) continue;
      test(`${dump.name} ${file}`, () => {
        const truth = truthOf(dump);
        const map = mapOf(text);
        const expected = truth.servicePorts
          .filter((port) => port.family === family)
          .map((port) => expectation(port, truth.kubeProxyVersion).facts);
        const stale = dump.name.includes("large-stale/after") || dump.name.includes("partial-sync");
        const ports = stale ? map.servicePorts.filter((port) => port.frontends.length > 0) : map.servicePorts;
        expect(ports.map((port) => answer(port.facts())).sort(byId)).toEqual(expected.sort(byId));
      });
    }
});

const byId = (a: { id: string | null; protocol: string | null }, b: { id: string | null; protocol: string | null }) =>
  `${a.id} ${a.protocol}` < `${b.id} ${b.protocol}` ? -1 : 1;
