import { isHookRole, type Role } from "../kubernetes/templates/slot.ts";
import type { ChainId } from "../netfilter/ruleset.ts";
import { answeredHere, unlessAnsweredHere } from "./answered-here.ts";
import type { Check, Draft, RelatedSpot, Spot } from "./check.ts";
import type { Context } from "./context.ts";
import { type Severity, severities } from "./finding.ts";

/** What a check reported, before it becomes a finding. */
export interface Reported {
  readonly check: Check;
  readonly draft: Draft;
}

/** Findings about one Service port from which others may follow. */
const MOST_HOSTS = 16;

/** Places of consequences that a finding shows. */
const MOST_RELATED = 6;

/**
 * A rule of a Service port that was edited leaves traces in several places. What a check reports that `followsOthers` is shown with the
 * first finding about the same Service port from which it may follow, in the order of the checks, instead of being one more.
 */
export function oneForEachCause(context: Context, reported: readonly Reported[]): readonly Reported[] {
  const kept: Reported[] = [];
  const hosts = new Map<string, number[]>();
  for (const each of reported) {
    const { check, draft } = each;
    const port = draft.servicePort ?? null;
    if (port === null || check.subject !== "kube-proxy" || severityOf(each) === "info") {
      kept.push(each);
      continue;
    }
    const ofPort = hosts.get(port) ?? [];
    const follows = (place: number): boolean => mayFollow(context, each, kept[place] as Reported);
    const host = check.followsOthers === true ? ofPort.find(follows) : undefined;
    if (host !== undefined) kept[host] = together(kept[host] as Reported, each);
    else {
      kept.push(each);
      if (ofPort.length < MOST_HOSTS) hosts.set(port, [...ofPort, kept.length - 1]);
    }
  }
  return withoutDamageUnasked(context, kept);
}

/** What is damaged and yet does no harm, since the node itself answers before the rules are asked. */
function withoutDamageUnasked(context: Context, kept: readonly Reported[]): readonly Reported[] {
  const isGrave = (each: Reported): boolean => each.check.subject === "kube-proxy" && severityOf(each) === "error";
  if (!kept.some(isGrave)) return kept;
  const answered = answeredHere(context);
  return kept.map((each) => {
    const addresses = answered.get(each.draft.servicePort ?? "");
    if (addresses === undefined || !isGrave(each)) return each;
    return { ...each, draft: unlessAnsweredHere(each.draft, addresses) };
  });
}

const severityOf = ({ check, draft }: Reported): Severity => draft.severity ?? check.severity;

/** How many chains of kube-proxy a packet has behind it, by role: shared ones, those for outside, those that balance, an endpoint's. */
function depthOf(role: Role): number {
  if (role === "sep") return 3;
  if (role === "svc" || role === "svl" || role === "xlb") return 2;
  return role === "ext" || role === "fw" ? 1 : 0;
}

/** Damage in a chain shows in the chain itself, and in those to which it leads; damage by rules of others shows in none. */
function mayFollow(context: Context, guest: Reported, host: Reported): boolean {
  const [to] = chainsOf(context, [guest.draft.at]);
  const toRole = to === undefined ? null : context.role(to);
  if (to === undefined || toRole === null) return true;
  const [at] = chainsOf(context, [host.draft.at]);
  if (at !== undefined && (context.role(at) === null || isHookRole(context.role(at) as Role))) return false;
  const from = chainsOf(context, [host.draft.at, ...(host.draft.related ?? []).map((related) => related.at)]);
  return from.some((chain) => {
    const role = context.role(chain);
    if (chain === to || role === null) return chain === to;
    const steps = depthOf(toRole) - depthOf(role);
    return steps === 1 || (depthOf(role) === 0 && steps < 3);
  });
}

const chainsOf = ({ store }: Context, spots: readonly Spot[]): ChainId[] =>
  spots.flatMap((spot) => ("rule" in spot ? store.chainOf(spot.rule) : "chain" in spot ? spot.chain : []));

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
