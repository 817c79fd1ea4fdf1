import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readServiceMap } from "../../src/kubernetes/read-service-map.ts";
import { writableServicePort } from "../../src/kubernetes/writable-service-port.ts";
import { deviationsIn } from "../kubernetes/helpers/deviations.ts";
import { dumpsIn, fileOf, fixtures, rulesets } from "../kubernetes/helpers/dumps.ts";

/** Whatever is done to a dump: the map is read, every question has an answer, and shares stay shares. */

const texts = dumpsIn(fixtures)
  .filter(({ name }) => /faults\/base|1\.20\.2-legacy\/minimal|1\.30\.5-nft\/minimal/.test(name))
  .map((dump) => new TextDecoder("latin1").decode(fileOf(dump, "iptables-save.txt") as Uint8Array).split("\n"));

const edit = fc.record({
  kind: fc.constantFrom("delete", "repeat", "swap", "cut", "word", "move", "rename"),
  at: fc.nat(),
  other: fc.nat(),
  word: fc.oneof(
    fc.constantFrom("!", "-j", "KUBE-SVC-", "KUBE-SEP-ZZZZ", "0.5", ":0", "[unsupported", "::1/128", "-g", "__proto__"),
    fc.string(),
  ),
});

function edited(
  lines: readonly string[],
  edits: readonly (typeof edit extends fc.Arbitrary<infer T> ? T : never)[],
): string {
  const text = [...lines];
  for (const { kind, at, other, word } of edits) {
    const i = at % text.length;
    const j = other % text.length;
    const line = text[i] ?? "";
    if (kind === "delete") text.splice(i, 1, "");
    else if (kind === "repeat") text.splice(j, 0, line);
    else if (kind === "swap") [text[i], text[j]] = [text[j] ?? "", line];
    else if (kind === "cut") text[i] = line.slice(0, other % (line.length + 1));
    else if (kind === "move") text.splice(j, 0, ...text.splice(i, 1));
    else if (kind === "rename")
      text[i] = line.replace(
        /KUBE-[A-Z]+-[A-Z2-7]+/,
        `KUBE-${["SVC", "EXT", "SEP", "FW", "XLB", "SVL"][other % 6]}-AAAAAAAAAAAAAAAA`,
      );
    else {
      const words = line.split(" ");
      words[other % words.length] = word;
      text[i] = words.join(" ");
    }
  }
  return text.join("\n");
}

describe("edited dumps", () => {
  test("every question has an answer", () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 12 }), (lines, edits) => {
        for (const ruleset of rulesets(edited(lines, edits))) {
          const map = readServiceMap(ruleset);
          for (const each of deviationsIn(map)) expect(each).not.toBe("");
          void [
            map.owners,
            map.missing,
            map.hostPorts,
            map.nodePortGates,
            map.mode,
            map.ipvsSets,
            map.detachedEndpointChains,
          ];
          for (const port of [...map.servicePorts, ...map.detachedServicePorts]) {
            const { endpoints } = port.facts();
            writableServicePort(port);
            const shares = endpoints.map(({ share }) => share ?? 0);
            expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThan(1 + 1e-9);
            for (const chain of port.endpointChains()) expect(map.byChain(chain)).not.toBeNull();
            for (const { ip } of endpoints) {
              if (ip !== null && map.servicePorts.includes(port)) expect(map.byEndpoint(ip)).toContain(port);
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
