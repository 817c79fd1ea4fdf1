import { afterEach, expect, test, vi } from "vitest";
import { Judge } from "../../src/kubernetes/proofs/judge.ts";
import { kubeProxyDump } from "../bench/kube-proxy.mjs";
import { findingsIn } from "./helpers/findings.ts";

afterEach(() => vi.restoreAllMocks());

const text = kubeProxyDump(300, { comments: true });
const [jump = "", start = "", address = ""] = /(--comment "\S+ -> )([\d.:]+)" -j KUBE-SEP-\S+/.exec(text) ?? [];

const messagesIn = (dump: string): string[] =>
  findingsIn(dump).flatMap(({ checkId, message }) => (checkId === "misleading-comment" ? [message] : []));

/** The same when no Service port is taken for sound, so that every comment is read word by word. */
function messagesOfAll(dump: string): string[] {
  const spy = vi.spyOn(Judge.prototype, "isPristine").mockReturnValue(false);
  const found = messagesIn(dump);
  spy.mockRestore();
  return found;
}

test("comments as kube-proxy writes them mislead nobody", () => {
  expect(address).not.toBe("");
  expect(messagesIn(text)).toEqual([]);
});

test.each([
  ["another address", "10.1.2.3:80", true],
  ["one that begins the same", `${address}1`, true],
  ["one that ends the same", `1${address}`, true],
  ["the beginning of it", address.slice(0, -1), true],
  ["a second arrow, to it", `10.1.2.3:80 -> ${address}`, false],
  ["a second arrow, away from it", `${address} -> 10.1.2.3:80`, true],
  ["something behind it", `${address} and more`, false],
  ["a blank behind it", `${address} `, false],
  ["a quote before it", `\\" -> ${address}`, false],
  ["a quote behind it", `${address}\\"`, true],
  ["an arrow before a quote", `${address}\\" -> 10.1.2.3:80`, true],
])("%s", (_, said, isLie) => {
  const changed = text.replace(
    jump,
    jump.replace(`${start}${address}`, () => `${start}${said}`),
  );
  expect(changed).not.toBe(text);
  const found = messagesIn(changed);
  expect(found).toEqual(messagesOfAll(changed));
  expect(found.length).toBe(isLie ? 1 : 0);
});
