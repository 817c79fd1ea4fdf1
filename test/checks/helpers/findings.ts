import { Source } from "../../../grammar/source.ts";
import { type ClusterFacts, NO_FACTS } from "../../../src/checks/facts.ts";
import type { Finding } from "../../../src/checks/finding.ts";
import { allChecks } from "../../../src/checks/index.ts";
import { type CheckRun, runChecks } from "../../../src/checks/run.ts";
import { factsOf } from "../../../src/config/config.ts";
import { readServiceMap } from "../../../src/kubernetes/read-service-map.ts";
import { buildStore } from "../../../src/netfilter/build.ts";
import { rulesetsOf } from "../../../src/netfilter/rulesets.ts";
import type { CheckFixture } from "./fixtures.ts";

type Text = string | Uint8Array;

const encoder = new TextEncoder();

/** All checks over the texts of one node. */
export function checkNode(...texts: readonly Text[]): CheckRun {
  return checkKnown(NO_FACTS, texts);
}

function checkKnown(facts: ClusterFacts, texts: readonly Text[]): CheckRun {
  const named = texts.map((text, i) => ({
    name: `text-${i}`,
    bytes: typeof text === "string" ? encoder.encode(text) : text,
  }));
  const store = buildStore(Source.join(named));
  return runChecks(
    store,
    rulesetsOf(store).map((ruleset) => readServiceMap(ruleset)),
    allChecks,
    facts,
  );
}

/** All checks over a fixture, with what it says of its cluster. */
export function findingsOf({ text, config }: CheckFixture): readonly Finding[] {
  return read(checkKnown(config === null ? NO_FACTS : factsOf(config, "node"), [text]));
}

const read = ({ findings }: CheckRun): readonly Finding[] => findings.map(({ finding }) => finding);

export const findingsIn = (...texts: readonly Text[]): readonly Finding[] => read(checkNode(...texts));

/** What `--fail-on warning` would fail on, as one line each. */
export const seriousIn = (...texts: readonly Text[]): string[] =>
  findingsIn(...texts)
    .filter(({ severity }) => severity !== "info")
    .map(({ severity, checkId, message, location }) => `${severity} ${checkId} ${location.line}: ${message}`);
