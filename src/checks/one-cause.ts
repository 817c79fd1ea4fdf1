import type { Check, Draft, RelatedSpot, Spot } from "./check.ts";
import { type Severity, severities } from "./finding.ts";

/** What a check reported, before it becomes a finding. */
export interface Reported {
  readonly check: Check;
  readonly draft: Draft;
}

/** Places of consequences that a finding shows. */
const MOST_RELATED = 6;

/**
 * A rule of a Service port that was edited leaves traces in several places. What a check reports that `followsOthers` is shown with the
 * first finding about the same Service port, in the order of the checks, instead of being one more.
 */
export function oneForEachCause(reported: readonly Reported[]): readonly Reported[] {
  const kept: Reported[] = [];
  const hosts = new Map<string, number>();
  for (const each of reported) {
    const { check, draft } = each;
    const port = draft.servicePort ?? null;
    if (port === null || check.subject !== "kube-proxy" || severityOf(each) === "info") {
      kept.push(each);
      continue;
    }
    const host = hosts.get(port);
    if (host === undefined) hosts.set(port, kept.length);
    if (host === undefined || check.followsOthers !== true) kept.push(each);
    else kept[host] = together(kept[host] as Reported, each);
  }
  return kept;
}

const severityOf = ({ check, draft }: Reported): Severity => draft.severity ?? check.severity;

function together(host: Reported, guest: Reported): Reported {
  const { draft } = host;
  const isWorse = severities.indexOf(severityOf(guest)) < severities.indexOf(severityOf(host));
  const spots: readonly RelatedSpot[] = [
    { at: guest.draft.at, label: guest.draft.label ?? guest.check.summary },
    ...(guest.draft.related ?? []),
  ];
  const shown = [draft.at, ...(draft.related ?? []).map(({ at }) => at)];
  const added = spots.filter(({ at }) => !shown.some((other) => isSame(at, other)));
  return {
    check: host.check,
    draft: {
      ...draft,
      related: [...(draft.related ?? []), ...added].slice(0, Math.max(MOST_RELATED, draft.related?.length ?? 0)),
      missing: [...new Set([...(draft.missing ?? []), ...(guest.draft.missing ?? [])])],
      ...(isWorse && { severity: severityOf(guest), effect: guest.draft.effect ?? null }),
    },
  };
}

const isSame = (a: Spot, b: Spot): boolean =>
  ("rule" in a && "rule" in b && a.rule === b.rule) || ("chain" in a && "chain" in b && a.chain === b.chain);
