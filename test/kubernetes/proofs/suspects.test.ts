import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { contextsOf } from "../../../src/checks/context.ts";
import { NO_FACTS } from "../../../src/checks/facts.ts";
import { Judge } from "../../../src/kubernetes/proofs/judge.ts";
import { readServiceMap } from "../../../src/kubernetes/read-service-map.ts";
import { buildStore } from "../../../src/netfilter/build.ts";
import { rulesetsOf } from "../../../src/netfilter/rulesets.ts";
import { findingsIn } from "../../checks/helpers/findings.ts";

afterEach(() => vi.restoreAllMocks());

test("a Service of the usual kind is no suspect", () => {
  for (const name of ["1.30.5-nft/minimal", "1.20.2-legacy/minimal"]) {
    const store = buildStore(readFileSync(`fixtures/dumps/${name}/iptables-save.txt`));
    const [context] = contextsOf(
      rulesetsOf(store).map((ruleset) => readServiceMap(ruleset)),
      NO_FACTS,
    );
    expect(context?.services.servicePorts).toHaveLength(1);
    expect(context?.suspects).toMatchObject({ odd: [], all: [] });
  }
});

/** All findings when every Service port is looked at closely. */
function findingsOfAll(text: string): ReturnType<typeof findingsIn> {
  const spy = vi.spyOn(Judge.prototype, "isPristine").mockReturnValue(false);
  const found = findingsIn(text);
  spy.mockRestore();
  return found;
}

const SERVICE_CHAIN = /KUBE-(?:SVC|SEP|EXT|SVL|XLB|FW)-[A-Z2-7]{16}/;

/** Other texts for a line of a dump, one small edit each. */
function* editsOf(line: string, chains: readonly string[]): Generator<readonly string[]> {
  yield [];
  yield [line, line];
  yield [line.replace(SERVICE_CHAIN, () => chains[line.length % chains.length] ?? "")];
  const target = / -j (KUBE-[A-Z]{2,3}-)[A-Z2-7]{16}/.exec(line);
  if (target !== null) {
    const alike = chains.filter((name) => name.startsWith(target[1] ?? "") && !line.includes(name));
    yield [line.replace(/ -j \S+/, ` -j ${alike[line.length % alike.length] ?? "RETURN"}`)];
    yield [line.replace(/ -j \S+/, " -j KUBE-MARK-MASQ")];
  }
  for (const number of line.matchAll(/(?<=[ .:"])\d+(?=[ ./:]|$)/g)) {
    const changed = String((Number(number[0]) + 1) % 256);
    yield [`${line.slice(0, number.index)}${changed}${line.slice(number.index + number[0].length)}`];
  }
  yield [line.replace(/--comment "\w+\//, '--comment "other/')];
  yield [line.replace(/ -m comment --comment (?:"[^"]*"|\S+)/, "")];
  yield [line.replace(/ -p tcp /, " -p udp ").replace(/ -m tcp /, " -m udp ")];
}

describe.each(["1.30.5-nft/minimal", "1.20.2-legacy/minimal", "1.30.5-nft/dualstack"])(
  "no Service port is left out that something is to be said of: %s",
  (name) => {
    const lines = readFileSync(`fixtures/dumps/${name}/iptables-save.txt`, "latin1").split("\n");
    const chains = lines.flatMap((line) => SERVICE_CHAIN.exec(line.startsWith(":") ? line : "")?.[0] ?? []);
    const edits = lines.flatMap((line, at) =>
      SERVICE_CHAIN.test(line) || line.includes("KUBE-SERVICES")
        ? [...editsOf(line, chains)].map((changed) => [...lines.slice(0, at), ...changed, ...lines.slice(at + 1)])
        : [],
    );

    test("as it is", () => expect(findingsOfAll(lines.join("\n"))).toEqual(findingsIn(lines.join("\n"))));

    test(`with any of ${edits.length} edits`, () => {
      const every = Math.ceil(edits.length / 50);
      for (const edit of edits.filter((_, i) => i % every === 0)) {
        const text = edit.join("\n");
        expect(findingsOfAll(text)).toEqual(findingsIn(text));
      }
    }, 120_000);
  },
);
