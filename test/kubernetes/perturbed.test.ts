import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Dump, dumpsIn, fileOf, fixtures, mapOf, sharedDumps, truthOf } from "./helpers/dumps.ts";
import {
  addCompany,
  addCounters,
  type Perturbation,
  renameAndReaddress,
  shuffle,
  type TrueDump,
  withoutTable,
} from "./helpers/perturb.ts";
import { answer, expectation, type Facts } from "./helpers/truth.ts";

/** Real dumps, edited in ways that keep them dumps of some kube-proxy: the map says what is true then. */

const small = ({ name }: Dump): boolean =>
  !/huge-|large-|partial-sync|prob-1-50|istio-pod|change-/.test(name) &&
  (!name.includes("faults/") || name.endsWith("faults/base"));
const dumps = [...dumpsIn(fixtures), ...dumpsIn(sharedDumps)].filter(small);

const perturbations: readonly (readonly [string, Perturbation])[] = [
  ["other names and addresses", renameAndReaddress],
  ["another order", shuffle],
  ["counters", addCounters],
  ["company", addCompany],
];

describe("a perturbed dump", () => {
  test("there are dumps", () => expect(dumps.length).toBeGreaterThan(3));

  for (const dump of dumps)
    for (const [family, file] of [
      [4, "iptables-save.txt"],
      [6, "ip6tables-save.txt"],
    ] as const) {
      const bytes = fileOf(dump, file);
      if (bytes === null) continue;
      const text = new TextDecoder("latin1").decode(bytes);
      const truth = truthOf(dump);
      const own = {
        text,
        truth: { ...truth, servicePorts: truth.servicePorts.filter((one) => one.family === family) },
      };

      test(`${dump.name} ${file}`, () => {
        fc.assert(
          fc.property(fc.shuffledSubarray([...perturbations.keys()], { minLength: 1 }), fc.nat(), (chosen, seed) => {
            const random = randomFrom(seed);
            let now: TrueDump = own;
            for (const index of chosen) now = perturbations[index]?.[1](now, random) ?? now;
            expect(factsIn(now.text)).toEqual(expected(now));
          }),
          { numRuns: 6, examples: perturbations.map((_, index) => [[index], 1]) },
        );
      });

      test(`${dump.name} ${file} without a table: less is shown, nothing else`, () => {
        const whole = new Map(factsIn(text).map((facts) => [keyOf(facts), facts]));
        for (const table of ["filter", "mangle"])
          for (const facts of factsIn(withoutTable(text, table))) expectLess(facts, whole.get(keyOf(facts)));
        const bare = new Set(factsIn(withoutTable(text, "filter")).map(keyOf));
        for (const { endpoints, ...facts } of whole.values())
          if (endpoints.length > 0) expect(bare).toContain(keyOf({ endpoints, ...facts }));
      });
    }
});

const keyOf = ({ id, protocol }: Facts): string => `${id} ${protocol}`;

const factsIn = (text: string): Facts[] =>
  mapOf(text)
    .servicePorts.map((port) => answer(port.facts()))
    .sort(byId);

const expected = ({ truth }: TrueDump): Facts[] =>
  truth.servicePorts.map((port) => expectation(port, truth.kubeProxyVersion).facts).sort(byId);

function expectLess(facts: Facts, whole: Facts | undefined): void {
  for (const key of Object.keys(facts) as (keyof Facts)[])
    if (facts[key] !== null) expect([facts.id, key, facts[key]]).toEqual([facts.id, key, whole?.[key]]);
}

const byId = (a: Facts, b: Facts): number => (keyOf(a) < keyOf(b) ? -1 : 1);

/** Numerical Recipes' linear congruential generator. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
