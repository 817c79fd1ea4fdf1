import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf } from "../../grammar/bytes.ts";
import { threshold, thresholdAt } from "../../src/kubernetes/balance.ts";
import { endsInHash } from "../../src/kubernetes/chain-hash.ts";
import { endpointChain, endpointHash, hashedChainName, hashedRoleAt } from "../../src/kubernetes/chain-name.ts";

test("a probability as bytes is the same part of 2^31 as its text", () => {
  const printed = fc.integer({ min: 0, max: 10 ** 11 - 1 }).map((digits) => `0.${String(digits).padStart(11, "0")}`);
  const odd = fc.constantFrom(
    "0.",
    "0",
    "1",
    "1.00000000000",
    "0.5",
    ".5",
    "5e-1",
    "0.3333x",
    "0.12345678901234567890",
    "-0.1",
  );
  fc.assert(
    fc.property(fc.oneof(printed, odd), (text) => {
      const bytes = bytesOf(`[${text}]`);
      expect(thresholdAt(bytes, 1, bytes.length - 1)).toBe(threshold(text));
    }),
  );
});

test("the hash in a name is found over bytes as over texts, and in no other name", () => {
  const name = fc.stringMatching(/^[a-z]{1,63}\/[a-z]{1,63}:[a-z]{0,15}$/);
  const address = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([ip, port]) => `${ip}:${port}`);
  fc.assert(
    fc.property(name, address, address, (service, own, other) => {
      const chain = endpointChain(service, "tcp", own);
      const bytes = bytesOf(`${chain} ${own} ${other}`);
      const at = (from: number, to: number): boolean =>
        endsInHash(bytes, "KUBE-SEP-".length, chain.length, bytesOf(`${service}tcp`), from, to);
      const end = chain.length + 1 + own.length;
      expect(at(chain.length + 1, end)).toBe(true);
      expect(at(end + 1, bytes.length)).toBe(own === other);
      expect(chain.endsWith(endpointHash(service, "tcp", own))).toBe(true);
    }),
  );
});

test("the role of a name given as bytes is that of the name, or left open", () => {
  const prefix = fc.constantFrom(
    "KUBE-SVC-",
    "KUBE-SVL-",
    "KUBE-SEP-",
    "KUBE-EXT-",
    "KUBE-FW-",
    "KUBE-XLB-",
    "KUBE-SVX-",
    "KUBE-",
    "kube-SVC-",
  );
  const suffix = fc.oneof(
    fc.constant(""),
    fc.stringMatching(/^[A-Z2-7]{16}$/),
    fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/),
  );
  fc.assert(
    fc.property(prefix, suffix, (start, end) => {
      const bytes = bytesOf(start + end);
      const role = hashedRoleAt(bytes, 0, bytes.length);
      if (role !== undefined) expect(role).toBe(hashedChainName(start + end)?.role ?? null);
    }),
  );
});
