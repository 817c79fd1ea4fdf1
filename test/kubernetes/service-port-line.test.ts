import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { EndpointProofs } from "../../src/kubernetes/proofs/endpoint-proofs.ts";
import { readServiceMap } from "../../src/kubernetes/read-service-map.ts";
import { lineOf, type ServicePortLine } from "../../src/kubernetes/service-port-line.ts";
import { buildStore } from "../../src/netfilter/build.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import { kubeProxyDump } from "../bench/kube-proxy.mjs";

afterEach(() => vi.restoreAllMocks());

/** What is said of each Service port, with proofs or without. */
function linesOf(text: string, isProven: boolean): readonly ServicePortLine[] {
  const spy = isProven ? null : vi.spyOn(EndpointProofs, "of").mockReturnValue(null);
  const found = rulesetsOf(buildStore(bytesOf(text))).flatMap((ruleset) => {
    const map = readServiceMap(ruleset);
    expect(map.proofs === null).toBe(!isProven);
    return map.servicePorts.map((port) => lineOf(map, port, 2));
  });
  spy?.mockRestore();
  return found;
}

describe.each([
  ["with comments", kubeProxyDump(2500, { comments: true })],
  ["without", kubeProxyDump(2500, { comments: false })],
])("a node %s", (_, text) => {
  test("says the same whether its Services are proven or read", () => {
    const proven = linesOf(text, true);
    expect(proven.length).toBeGreaterThan(50);
    expect(proven).toEqual(linesOf(text, false));
  });

  test("also when the capture ends early", () => {
    const cut = text.slice(0, text.lastIndexOf("COMMIT"));
    expect(linesOf(cut, true)).toEqual(linesOf(cut, false));
  });

  test("also with other bytes in lines of single Services", () => {
    const lines = text.split("\n");
    const own = lines.flatMap((line, at) => (/^-A KUBE-(?:SEP|SVC|EXT|SERVICES|NODEPORTS)/.test(line) ? [at] : []));
    const edit = fc.tuple(fc.nat(own.length - 1), fc.nat(300), fc.nat(2), fc.constantFrom(..."0123456789.:/[] ,ATZ\t"));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 40 }), (edits) => {
        const changed = [...lines];
        for (const [line, place, much, letter] of edits) {
          const old = changed[own[line] as number] as string;
          const from = place % (old.length + 1);
          changed[own[line] as number] = old.slice(0, from) + letter + old.slice(from + much);
        }
        const after = changed.join("\n");
        expect(linesOf(after, true)).toEqual(linesOf(after, false));
      }),
      { numRuns: 20 },
    );
  });
});
