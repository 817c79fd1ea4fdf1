import { expect, test } from "vitest";
import { buildStore } from "../../src/netfilter/build.ts";
import { Ruleset } from "../../src/netfilter/ruleset.ts";
import { rulesetsOf } from "../../src/netfilter/rulesets.ts";
import { trace } from "../../src/netfilter/trace/trace.ts";
import { interfaceAddresses } from "../kernel/bed.ts";
import { CASE_BED, CASES, sceneOf, textOf } from "../kernel/cases.ts";
import { factsOf, questionOf, sayEnd } from "../kernel/compare.ts";

// test/kernel sends the same packets through the real kernel
test.each(CASES.map((each) => [each.name, each] as const))("%s", (_name, each) => {
  const { family, own, clients } = sceneOf(each);
  const [read] = rulesetsOf(buildStore(new TextEncoder().encode(textOf(each))));
  const ruleset = new Ruleset(read!.store, family, "nft", read!.tables);
  const options = { ...CASE_BED, family, backend: "nft" } as const;
  const facts = factsOf({ options, own, clients, addressOf: interfaceAddresses(options) });
  const { ends } = trace(ruleset, questionOf(each.probe, family, each.state), facts);
  expect(ends.map(sayEnd).sort()).toEqual([...each.ends].sort());
});
