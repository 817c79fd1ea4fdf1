import type { Severity } from "./finding.ts";
import type { Outcome, Probe } from "./probe.ts";
import { destinationsInWords, shareOf, sharesByAddress } from "./probe.ts";
import { frontendInWords } from "./service-words.ts";
import { percent } from "./words.ts";

/** How the way of a client's connections differs for the worse from the one that kube-proxy meant. */
export type HarmKind =
  /** They get no endpoint. */
  | "lost"
  | "refused"
  /** They are not refused, though there is no endpoint. */
  | "unanswered"
  /** They get an address that is no endpoint of the Service. */
  | "astray"
  /** They get in where they should not. */
  | "open"
  /** The source is not rewritten, so replies may take another way back. */
  | "source-kept"
  /** The source is rewritten, so the client's address is lost. */
  | "source-lost"
  /** Other endpoints, or other shares of them. */
  | "shares";

export interface Harm {
  readonly kind: HarmKind;
  readonly severity: Severity;
  readonly probe: Probe;
  /** How many of the connections, at least. */
  readonly share: number;
  /** A sentence. */
  readonly text: string;
}

/** Differences smaller than this are noise of the kernel's grid of 2^-31. */
const NOISE = 1e-6;

const isLost = ({ kind }: Outcome): boolean => kind === "untranslated";
const isRefused = ({ kind }: Outcome): boolean => kind === "dropped" || kind === "rejected";
const isTranslated = ({ kind }: Outcome): boolean => kind === "translated";
const keepsSource = ({ kind, rewritten }: Outcome): boolean => kind === "translated" && rewritten === false;
const losesSource = ({ kind, rewritten }: Outcome): boolean => kind === "translated" && rewritten === true;

/** What is worse in `actual` than in `expected`, which is the same question asked of the rules as kube-proxy would write them. */
export function harmsOf(actual: Probe, expected: Probe): Harm[] {
  const { outcomes } = actual;
  const { client, frontend } = actual;
  const way = `from ${client.label} to ${frontendInWords(frontend)}`;
  const more = (test: (outcome: Outcome) => boolean): number =>
    shareOf(outcomes, test).least - shareOf(expected.outcomes, test).most;
  const harms: Harm[] = [];
  const add = (kind: HarmKind, severity: Severity, share: number, text: string): void => {
    harms.push({ kind, severity, probe: actual, share, text });
  };
  const wasOpen = shareOf(expected.outcomes, isTranslated);
  const lost = more(isLost);
  if (lost > NOISE && wasOpen.most > NOISE)
    add("lost", "error", lost, `${percent(lost)} of the connections ${way} get no endpoint: ${fateOfLost(outcomes)}.`);
  const refused = more(isRefused);
  if (refused > NOISE)
    add("refused", "error", refused, `${percent(refused)} of the connections ${way} are ${wordOfRefusal(outcomes)}.`);
  const meantToRefuse = wasOpen.most <= NOISE && shareOf(expected.outcomes, isRefused).least > NOISE;
  const unanswered = meantToRefuse ? more((outcome) => isLost(outcome) && outcome.delivered !== "local") : 0;
  const instead = `of the connections ${way} are not refused, as kube-proxy means it for a Service without an endpoint for them,`;
  if (unanswered > NOISE)
    add("unanswered", "warning", unanswered, `${percent(unanswered)} ${instead} and hang: ${fateOfLost(outcomes)}.`);
  const handedIn = meantToRefuse ? more((outcome) => isLost(outcome) && outcome.delivered === "local") : 0;
  if (handedIn > NOISE)
    add(
      "unanswered",
      "info",
      handedIn,
      `${percent(handedIn)} ${instead} but handed to the node itself, which answers that nothing listens there.`,
    );
  const known = new Set(expected.outcomes.map(({ address }) => address));
  const astray = more((outcome) => isTranslated(outcome) && !known.has(outcome.address));
  if (wasOpen.most <= NOISE && more(isTranslated) > NOISE) {
    add(
      "open",
      "error",
      more(isTranslated),
      `Connections ${way} are let in (${destinationsInWords(outcomes)}), though kube-proxy means to refuse them.`,
    );
    return harms;
  }
  if (astray > NOISE) {
    const wrong = outcomes.filter((outcome) => isTranslated(outcome) && !known.has(outcome.address));
    add(
      "astray",
      "error",
      astray,
      `${percent(astray)} of the connections ${way} are sent to ${addressesOf(wrong)}, which is no endpoint of the Service.`,
    );
  }
  const kept = moreOfEach(actual, expected, keepsSource);
  if (kept > NOISE) add("source-kept", severityOfKept(actual), kept, textOfKept(kept, way));
  const hidden = moreOfEach(actual, expected, losesSource);
  if (hidden > NOISE)
    add(
      "source-lost",
      "warning",
      hidden,
      `${percent(hidden)} of the connections ${way} reach the endpoint with an address of this node as their source (SNAT): it does not see who asks.`,
    );
  if (harms.length === 0 && sharesDiffer(outcomes, expected.outcomes))
    add(
      "shares",
      "warning",
      1,
      `Connections ${way} go ${destinationsInWords(outcomes) || "where the text does not show"}.`,
    );
  return harms;
}

/**
 * How many connections more than expected are as `test` asks, of those to endpoints that are reached either way: that an endpoint gets
 * more connections is another matter.
 */
function moreOfEach(actual: Probe, expected: Probe, test: (outcome: Outcome) => boolean): number {
  const isMeant = (outcome: Outcome): boolean => isTranslated(outcome) && test(outcome);
  const total = sharesByAddress(actual.outcomes, isTranslated);
  const part = sharesByAddress(actual.outcomes, isMeant);
  const totalBefore = sharesByAddress(expected.outcomes, isTranslated);
  const partBefore = sharesByAddress(expected.outcomes, isMeant);
  let more = 0;
  for (const address of addressesIn(actual.outcomes)) {
    const [is, was] = [total(address), totalBefore(address)];
    if (is.most <= NOISE || was.least <= NOISE) continue;
    const now = part(address).least / is.most;
    const before = Math.min(1, partBefore(address).most / was.least);
    if (now > before) more += (now - before) * is.least;
  }
  return more;
}

const addressesIn = (outcomes: readonly Outcome[]): ReadonlySet<string | null> =>
  new Set(outcomes.filter(isTranslated).map(({ address }) => address));

/** The node's own address finds its way back; who comes to a cluster IP from outside is rarely a client that matters. */
const severityOfKept = ({ client, frontend }: Probe): Severity =>
  client.local ? "info" : client.kind === "outside" && frontend.kind === "clusterIP" ? "warning" : "error";

function fateOfLost(outcomes: readonly Outcome[]): string {
  return outcomes.some((outcome) => isLost(outcome) && outcome.delivered === "local")
    ? "they are handed to the node itself, where nothing listens on that port"
    : "they leave the node with the Service's address as their destination, which no host has";
}

const wordOfRefusal = (outcomes: readonly Outcome[]): string =>
  outcomes.some(({ kind }) => kind === "dropped") ? "dropped" : "rejected";

const textOfKept = (share: number, way: string): string =>
  `${percent(share)} of the connections ${way} reach their endpoint without a source rewrite (SNAT); a reply that does not come back through this node is not understood by the client, and the connection times out.`;

function addressesOf(outcomes: readonly Outcome[]): string {
  const addresses = [...new Set(outcomes.map(({ address }) => address ?? "?"))];
  return addresses.length > 2 ? `${addresses[0]} and ${addresses.length - 1} other addresses` : addresses.join(" and ");
}

function sharesDiffer(actual: readonly Outcome[], expected: readonly Outcome[]): boolean {
  const [now, before] = [sharesByAddress(actual, isTranslated), sharesByAddress(expected, isTranslated)];
  for (const address of addressesIn([...actual, ...expected])) {
    const [is, was] = [now(address), before(address)];
    if (is.least > was.most + NOISE || is.most < was.least - NOISE) return true;
  }
  return false;
}
