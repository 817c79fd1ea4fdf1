import { readdirSync, readFileSync } from "node:fs";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { byteString, bytesOf } from "../../../grammar/bytes.ts";
import { bytesInMemory, takeMemoryOf } from "../../../grammar/text-memory.ts";
import { EndpointProofs } from "../../../src/kubernetes/proofs/endpoint-proofs.ts";
import { Judge } from "../../../src/kubernetes/proofs/judge.ts";
import { proofsOf, suspectsOf } from "../../../src/kubernetes/proofs/suspects.ts";
import { readServiceMap } from "../../../src/kubernetes/read-service-map.ts";
import { buildStore } from "../../../src/netfilter/build.ts";
import { NONE } from "../../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../../src/netfilter/rulesets.ts";
import { kubeProxyDump } from "../../bench/kube-proxy.mjs";

afterEach(() => vi.restoreAllMocks());

const root = "fixtures/dumps/";
const fixtures = readdirSync(root)
  .flatMap((version) => readdirSync(root + version).map((scenario) => `${root}${version}/${scenario}/`))
  .flatMap((folder) => readdirSync(folder).map((file) => folder + file))
  .filter((path) => /save\.txt$/.test(path));
const made = {
  "a made-up node": kubeProxyDump(300),
  "a made-up node with all comments": kubeProxyDump(300, { comments: true }),
  "a made-up node that counts": kubeProxyDump(300, { nfacct: true }),
  "a made-up node of old": kubeProxyDump(300, { layout: "xlb" }),
  "a made-up node of old with all comments": kubeProxyDump(300, { layout: "xlb", comments: true }),
};
const texts: readonly (readonly [string, string])[] = [
  ...Object.entries(made),
  ...fixtures.map((path) => [path, readFileSync(path, "latin1")] as const),
];

const latin1 = (bytes: Uint8Array): string => byteString(bytes, 0, bytes.length);

/** Of each Service port: whether it is odd, or suspect, or neither; and the chains that are sound. With the compiled proofs or without. */
const verdicts = (text: string, isCompiled: boolean): string[] => verdictsOn(bytesOf(text), isCompiled);

function verdictsOn(bytes: Uint8Array, isCompiled: boolean): string[] {
  return rulesetsOf(buildStore(bytes)).flatMap((ruleset) => {
    const map = readServiceMap(ruleset);
    const { odd, all, soundChains } = suspectsOf(
      map,
      isCompiled ? proofsOf(map, EndpointProofs.of(map.source.rules, 0)) : null,
    );
    return [
      ...map.servicePorts.map(
        (port) => `${port.id} ${odd.includes(port) ? "odd" : all.includes(port) ? "suspect" : port.nameEvidence}`,
      ),
      ...Array.from(soundChains, (isSound, chain) => `${ruleset.chainName(chain)} ${isSound}`),
    ];
  });
}

test.each(texts)("%s", (_, text) => {
  expect(verdicts(text, true)).toEqual(verdicts(text, false));
});

test.each(texts)("%s, in a memory that the proofs work in", (_, text) => {
  const bytes = bytesInMemory(text.length)!;
  bytes.set(bytesOf(text));
  expect(verdictsOn(bytes, true)).toEqual(verdicts(text, false));
  expect(latin1(bytes)).toBe(text);
});

test.each(Object.entries(made))("%s is not copied where the proofs can take its memory", (_, text) => {
  const bytes = bytesInMemory(text.length)!;
  bytes.set(bytesOf(text));
  verdictsOn(bytes, true);
  expect(takeMemoryOf(bytes, 0)).toBeNull();
});

test("on a node as kube-proxy writes it every Service port is proven without a look at claims", () => {
  const [ruleset] = rulesetsOf(buildStore(bytesOf(made["a made-up node"])));
  const map = readServiceMap(ruleset!);
  const proofs = EndpointProofs.of(map.source.rules, 0);
  const { store } = map.ruleset;
  for (const port of map.servicePorts) {
    const mark = store.firstRule(port.chain("svc"));
    const jump = store.nextRule(mark);
    expect(proofs?.isSound(jump, "tcp")).toBe(true);
    expect(proofs?.areNamed(jump, bytesOf(`${port.name}tcp`))).toBe(true);
    expect(proofs?.isSound(jump, "udp")).toBe(false);
    expect(proofs?.isSound(mark, "tcp")).toBe(false);
    expect(proofs?.areNamed(jump, bytesOf(`${port.name}udp`))).toBe(false);
  }
  expect(proofs?.isSound(NONE, "tcp")).toBe(false);
});

describe("with other bytes in lines of single Services the verdicts are the same", () => {
  test.each(texts.filter(([, text]) => text.includes("KUBE-SEP-")))("%s", (_, text) => {
    const lines = text.split("\n");
    const own = lines.flatMap((line, at) =>
      /^(?:-A |:)KUBE-(?:SEP|SVC|EXT)-|^-A KUBE-(?:SEP|SVC|SVL|EXT|SERVICES|NODEPORTS)/.test(line) ? [at] : [],
    );
    const edit = fc.tuple(fc.nat(own.length - 1), fc.nat(300), fc.nat(2), fc.constantFrom(..."0123456789.:/[] ,ATZ\t"));
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.nat(own.length - 1),
        fc.nat(6),
        (edits, at, kind) => {
          const changed = [...lines];
          for (const [line, place, much, letter] of edits) {
            const old = changed[own[line] as number] as string;
            const from = place % (old.length + 1);
            if (kind !== 1) changed[own[line] as number] = old.slice(0, from) + letter + old.slice(from + much);
          }
          const [one, other] = [own[at] as number, own[(at * 7 + 3) % own.length] as number];
          if (kind === 2) changed.splice(one, 0, changed[one] as string);
          if (kind === 3) changed.splice(one, 1);
          if (kind === 4) [changed[one], changed[other]] = [changed[other] as string, changed[one] as string];
          const after = changed.join("\n");
          expect(verdicts(after, true)).toEqual(verdicts(after, false));
        },
      ),
      { numRuns: Number(process.env["IPTLINT_RUNS"] ?? 60) },
    );
  });
});

test.each(Object.entries(made))("of %s only the first Service ports are looked at rule by rule", (_, text) => {
  const [ruleset] = rulesetsOf(buildStore(bytesOf(text)));
  const map = readServiceMap(ruleset!);
  const judged = vi.spyOn(Judge.prototype, "isPristine");
  expect(suspectsOf(map, proofsOf(map, EndpointProofs.of(map.source.rules, 0))).all).toEqual([]);
  expect(map.servicePorts.length).toBeGreaterThan(10);
  expect(judged.mock.calls.length).toBeLessThan(4);
});

test("hashes are those of SHA-256, whatever the length of the owner", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const hashOf = (text: string): string => {
    const bits = Array.from(sha256(bytesOf(text)), (byte) => byte.toString(2).padStart(8, "0")).join("");
    return Array.from({ length: 16 }, (_, k) => alphabet[Number.parseInt(bits.slice(5 * k, 5 * k + 5), 2)]).join("");
  };
  for (const length of [...Array(200).keys(), 297, 298, 400].slice(1)) {
    const owner = "n".repeat(length);
    const [svc, sep] = [hashOf(`${owner}tcp`), hashOf(`${owner}tcp10.1.2.${length % 256}:80`)];
    const store = buildStore(
      bytesOf(
        `*nat\n:KUBE-MARK-MASQ - [0:0]\n:KUBE-SVC-${svc} - [0:0]\n:KUBE-SEP-${sep} - [0:0]\n-A KUBE-SVC-${svc} -j KUBE-SEP-${sep}\n` +
          `-A KUBE-SEP-${sep} -s 10.1.2.${length % 256}/32 -j KUBE-MARK-MASQ\n` +
          `-A KUBE-SEP-${sep} -p tcp -m tcp -j DNAT --to-destination 10.1.2.${length % 256}:80\nCOMMIT\n`,
      ),
    );
    const proofs = EndpointProofs.of(readServiceMap(rulesetsOf(store)[0]!).source.rules, 0);
    expect(proofs?.isSound(0, "tcp")).toBe(true);
    expect(proofs?.areNamed(0, bytesOf(`${owner}tcp`))).toBe(owner.length <= 297);
    expect(proofs?.areNamed(0, bytesOf(`${owner.slice(1)}xtcp`))).toBe(false);
  }
});
