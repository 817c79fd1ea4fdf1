import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ServicePortFacts } from "../../src/kubernetes/service-map.ts";
import { dumpsIn, fileOf, mapOf, sharedDumps } from "./helpers/dumps.ts";

/** Two captures of one node: the maps differ by what changed between them, and by nothing else. */

interface Change {
  readonly change: string;
  readonly service: string;
  readonly address?: string;
  readonly old?: number;
  readonly new?: number;
}

const befores = dumpsIn(sharedDumps).filter(({ name }) => /\/change-[a-z-]+\/before$/.test(name));

describe("maps of two captures differ by the change alone", () => {
  test.runIf(sharedDumps !== null)("there are captures", () => expect(befores.length).toBeGreaterThan(10));

  for (const before of befores) {
    const folder = before.folder.slice(0, -"/before".length);
    const changes = JSON.parse(readFileSync(join(folder, "changes.json"), "utf8")) as Change[];
    test(before.name.slice(0, -"/before".length), () => {
      const [was, is] = ["before", "after"].map((step) =>
        factsOf({ name: `${folder}/${step}`, folder: join(folder, step) }),
      ) as [Map<string, ServicePortFacts>, Map<string, ServicePortFacts>];
      const changed = new Set<string>();
      for (const id of new Set([...was.keys(), ...is.keys()]))
        if (JSON.stringify(was.get(id)) !== JSON.stringify(is.get(id))) changed.add(id);
      expect([...changed].sort()).toEqual(changes.map(({ service }) => service).sort());
      for (const change of changes) expectChange(change, was.get(change.service), is.get(change.service));
    });
  }
});

function factsOf(dump: { name: string; folder: string }): Map<string, ServicePortFacts> {
  const facts = mapOf(fileOf(dump, "iptables-save.txt") as Uint8Array).servicePorts.map((port) => port.facts());
  return new Map(facts.map((one) => [one.id ?? "", one]));
}

function expectChange(change: Change, was: ServicePortFacts | undefined, is: ServicePortFacts | undefined): void {
  const gone = (from: ServicePortFacts | undefined, to: ServicePortFacts | undefined): string[] => {
    const left = new Set(to?.endpoints.map(({ address }) => address));
    return (from?.endpoints ?? []).flatMap(({ address }) => (address !== null && !left.has(address) ? [address] : []));
  };
  switch (change.change) {
    case "endpoint added":
    case "first endpoint added":
      expect([gone(was, is), gone(is, was)]).toEqual([[], [change.address]]);
      expect(is?.hasEndpoints).toBe(true);
      break;
    case "endpoint removed":
      expect([gone(was, is), gone(is, was)]).toEqual([[change.address], []]);
      break;
    case "all endpoints removed":
      expect([is?.endpoints, is?.hasEndpoints]).toEqual([[], false]);
      break;
    case "service added":
      expect([was, is?.id]).toEqual([undefined, change.service]);
      break;
    case "service removed":
      expect([was?.id, is]).toEqual([change.service, undefined]);
      break;
    case "nodePort changed":
      expect({ ...is, nodePort: was?.nodePort }).toEqual(was);
      expect([was?.nodePort, is?.nodePort]).toEqual([change.old, change.new]);
      break;
    case "externalTrafficPolicy Cluster -> Local":
      expect([was?.externalTrafficPolicy, is?.externalTrafficPolicy]).toEqual(["Cluster", "Local"]);
      expect(is?.clusterEndpoints).toEqual(was?.clusterEndpoints);
      break;
    default:
      throw new Error(`a change this test does not know: ${change.change}`);
  }
}
