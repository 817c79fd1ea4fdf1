import { displayText } from "../../grammar/bytes.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import { brokenLinesOf } from "./broken-lines.ts";
import type { Check, Draft } from "./check.ts";
import { Consequences } from "./consequences.ts";
import { type Context, contextsOf } from "./context.ts";
import { type ClusterFacts, NO_FACTS } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { allChecks } from "./index.ts";
import { oneForEachCause, type Reported } from "./one-cause.ts";
import { PendingFinding } from "./pending-finding.ts";
import { problemFindings } from "./problem-findings.ts";
import { bytesOfSpot, locationOf } from "./spot.ts";

/** Checks that did not judge a ruleset, and why. */
export interface Muted {
  readonly checkIds: readonly string[];
  /** A sentence without stop. */
  readonly reason: string;
}

/** So many findings of one check are told of a ruleset; the rest is counted, as the parser does. */
const MOST_OF_A_KIND = 10_000;

export interface CheckRun {
  /** Worst first, then in the order of the text. */
  readonly findings: readonly PendingFinding[];
  readonly muted: readonly Muted[];
  /** Checks that found more than was told. */
  readonly counted: readonly string[];
}

/**
 * Runs all checks over the texts of one node; `maps`: what kube-proxy meant in each of its rulesets.
 * @param onCheck - is told before each check how many have run
 */
export function runChecks(
  store: RuleStore,
  maps: readonly ServiceMap[],
  checks: readonly Check[] = allChecks,
  facts: ClusterFacts = NO_FACTS,
  onCheck: (done: number) => void = () => {},
): CheckRun {
  const found: PendingFinding[] = [];
  const muted = new Map<string, Set<string>>();
  const counted = new Set<string>();
  const contexts = contextsOf(maps, facts);
  const broken = brokenLinesOf(store);
  const lost = new Map<number, string[]>();
  for (const check of checks)
    check.runOnNode?.({ store, contexts }, (draft, about) => found.push(pending(check, made(draft, about), store)));
  for (const context of contexts) {
    const reported: Reported[] = [];
    for (const [done, check] of checks.entries()) {
      onCheck(done);
      const reason = reasonToBeSilent(check, context);
      if (reason === null) {
        if (runCheck(check, context, reported) > MOST_OF_A_KIND) counted.add(check.id);
      } else if (reason !== NOT_THERE) muted.set(reason, (muted.get(reason) ?? new Set()).add(check.id));
    }
    const { kept, explained } = new Consequences(context, broken).part(reported);
    for (const { check, draft } of oneForEachCause(context, kept)) found.push(pending(check, draft, store));
    for (const [{ draft }, { node }] of explained) lost.set(node, [...(lost.get(node) ?? []), draft.message]);
  }
  for (const finding of problemFindings(store.ast, lost)) found.push(finding);
  found.sort((a, b) => a.rank - b.rank || a.offset - b.offset || order(a, b));
  return {
    findings: found,
    muted: [...muted].map(([reason, ids]) => ({ reason, checkIds: [...ids] })),
    counted: [...counted],
  };
}

type Made = Draft | ((about: never) => Draft);

const made = (draft: Made, about: unknown): Draft => (typeof draft === "function" ? draft(about as never) : draft);

/** Adds what the check has to say of a ruleset; how often it had. */
function runCheck(check: Check, context: Context, reported: Reported[]): number {
  let count = 0;
  let last: Made | null = null;
  let lastAbout: unknown;
  check.run?.(context, (draft, about) => {
    last = draft;
    lastAbout = about;
    if (++count <= MOST_OF_A_KIND) reported.push({ check, draft: made(draft, about) });
  });
  if (count > MOST_OF_A_KIND && last !== null)
    reported.push({
      check,
      draft: {
        at: made(last, lastAbout).at,
        message: `${count - MOST_OF_A_KIND} more of this kind`,
        severity: "info",
      },
    });
  return count;
}

const order = (a: PendingFinding, b: PendingFinding): number =>
  a.checkId < b.checkId ? -1 : a.checkId > b.checkId ? 1 : 0;

const whyNotWhole = {
  cut: "is cut off",
  fragment: "is an excerpt",
  absent: "is missing",
} as const;

/** There is nothing for the check to judge, which is no gap. */
const NOT_THERE = "";

function reasonToBeSilent({ subject, needs }: Check, context: Context): string | null {
  if (subject === "capture") return null;
  if (context.capture.isLossy) return `the text does not describe the kernel's rules${ofFamily(context)}`;
  if (subject === "kube-proxy" && context.services.mode !== "iptables") return NOT_THERE;
  for (const table of needs) {
    const wholeness = context.wholeness(table);
    // a table that nobody uses is not printed; of nat and filter kube-proxy uses both
    if (wholeness === "absent" && table !== "nat" && table !== "filter") return NOT_THERE;
    if (wholeness !== "whole") return `table ${table} ${whyNotWhole[wholeness]}${ofFamily(context)}`;
  }
  return null;
}

/** ` (IPv6)` where the node has rulesets of both. */
function ofFamily(context: Context): string {
  const several = new Set(context.all.map(({ ruleset }) => ruleset.family)).size > 1;
  return several && context.ruleset.family !== null ? ` (IPv${context.ruleset.family})` : "";
}

function pending(check: Check, draft: Draft, store: RuleStore): PendingFinding {
  const { severity = check.severity, confidence = check.confidence } = draft;
  const offset = store.ast.source.lineOffset(bytesOfSpot(store, draft.at).offset);
  return new PendingFinding({ checkId: check.id, severity, confidence }, offset, () => findingOf(check, draft, store));
}

function findingOf(check: Check, draft: Draft, store: RuleStore): Finding {
  const chain = chainOf(draft, store);
  const table = chain !== NONE ? store.tableOf(chain).name : "table" in draft.at ? draft.at.table.name : null;
  const optional = (text: string | null | undefined): string | null => (text == null ? null : displayText(text));
  return {
    checkId: check.id,
    severity: draft.severity ?? check.severity,
    confidence: draft.confidence ?? check.confidence,
    message: displayText(draft.message),
    table,
    chain: chain === NONE ? null : displayText(store.chainName(chain)),
    servicePort: optional(draft.servicePort),
    location: locationOf(store, draft.at),
    label: optional(draft.label),
    missing: (draft.missing ?? []).map(displayText),
    related: (draft.related ?? []).map(({ at, label, before }) => ({
      location: locationOf(store, at),
      label: displayText(label),
      ...(before === true && { before }),
    })),
    effect: optional(draft.effect),
    confirm: optional(draft.confirm === undefined ? check.confirm : draft.confirm),
    remedy: optional(draft.remedy === undefined ? check.remedy : draft.remedy),
    references: check.references,
  };
}

function chainOf({ at }: Draft, store: RuleStore): ChainId {
  return "rule" in at ? store.chainOf(at.rule) : "chain" in at ? at.chain : NONE;
}
