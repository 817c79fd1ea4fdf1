import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { dumpsIn, fileOf, mapOf, truthOf } from "../kubernetes/helpers/dumps.ts";
import { answer, expectation } from "../kubernetes/helpers/truth.ts";

const nodes = dumpsIn(fileURLToPath(new URL("../../fixtures/healthy", import.meta.url)));

const byId = (a: { id: string | null; protocol: string | null }, b: { id: string | null; protocol: string | null }) =>
  `${a.id} ${a.protocol}` < `${b.id} ${b.protocol}` ? -1 : 1;

describe("company of other projects does not change what the Services are", () => {
  test("there are nodes of many kinds", () => expect(nodes.length).toBeGreaterThan(20));

  for (const node of nodes)
    for (const [family, file] of [
      [4, "iptables-save.txt"],
      [6, "ip6tables-save.txt"],
    ] as const) {
      const text = fileOf(node, file);
      if (text === null) continue;
      test(`${node.name} ${file}`, () => {
        const { servicePorts, kubeProxyVersion } = truthOf(node);
        const expected = servicePorts
          .filter((port) => port.family === family)
          .map((port) => expectation(port, kubeProxyVersion).facts);
        const found = mapOf(text).servicePorts.map((port) => answer(port.facts()));
        expect(found.sort(byId)).toEqual(expected.sort(byId));
      });
    }
});
