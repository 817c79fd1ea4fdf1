import { displayText } from "../../grammar/bytes.ts";
import { bitsOf } from "../checks/clients.ts";
import { splitAddress } from "../kubernetes/address-text.ts";
import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { NONE } from "../netfilter/ruleset.ts";
import type { End } from "../netfilter/trace/ends.ts";
import type { Trace } from "../netfilter/trace/trace.ts";
import type { ExplainedShare } from "../report/explanation.ts";
import { lossInWords } from "./fates.ts";
import { linesInWords, linesOf } from "./lines.ts";
import { sameInAllWorlds } from "./worlds.ts";

/** Endpoints with their shares as the rules divide, where packets cannot be followed to them. */
export function sharesByRules(port: ServicePort, asked: Frontend | null): ExplainedShare[] {
  const isLocal = asked !== null && isForLocal(port, asked);
  const endpoints = isLocal ? port.endpoints.filter(({ localShare }) => localShare !== null) : port.endpoints;
  if (endpoints.length === 0 && port.hasEndpoints !== false)
    return [{ share: null, ideal: null, address: null, note: "not shown: the chains that lead to its endpoints" }];
  return endpoints.map(({ address, share, localShare, ideal, chain }) => ({
    share: isLocal ? localShare : share,
    ideal: isLocal ? null : ideal,
    address: address === null ? null : displayText(address),
    note: address === null ? `not shown: ${displayText(chain)} is not in this capture` : null,
  }));
}

/** Whether clients that come in this way get endpoints on this node alone. */
function isForLocal(port: ServicePort, asked: Frontend): boolean {
  return (asked.kind === "clusterIP" ? port.internalTrafficPolicy : port.externalTrafficPolicy) === "Local";
}

/** Where connections go, as far as the capture shows it. */
export interface Outcome {
  readonly shares: readonly ExplainedShare[];
  /** Where they are sent is sure; whether they get there depends on what the capture does not show: a sentence or two. `null`: no. */
  readonly open: string | null;
}

/** Endpoints with their shares as packets get to them, and what becomes of those that get to none. */
export function outcomeOf(trace: Trace): Outcome {
  const lossOf = (end: End) => lossInWords(end, trace);
  const keyOf = (end: End) => `${end.dnat ?? ""} ${lossOf(end) ?? ""}`;
  const sure = sameInAllWorlds(trace.ends, keyOf);
  if (sure !== null) {
    const shares = [...sure].map(([key, share]) => shareOf(trace, share, (end) => keyOf(end) === key, lossOf));
    return { shares: sorted(shares), open: null };
  }
  const sent = sameInAllWorlds(trace.ends, ({ dnat }) => dnat);
  if (sent === null) return { shares: conditionalShares(trace), open: null };
  const shares = [...sent].map(([address, share]) =>
    shareOf(
      trace,
      share,
      ({ dnat }) => dnat === address,
      () => null,
    ),
  );
  return { shares: sorted(shares), open: whatIsOpen(trace) };
}

function shareOf(
  { ends }: Trace,
  share: number,
  isIn: (end: End) => boolean,
  noteOf: (end: End) => string | null,
): ExplainedShare {
  const group = ends.filter(isIn);
  const ideals = new Set(group.map(({ ideal }) => ideal));
  const [end] = group;
  const isWhole = ideals.size === 1 && Math.abs((end?.share ?? -1) - share) < 1e-6;
  return {
    share,
    ideal: isWhole ? (end?.ideal ?? null) : null,
    address: end?.dnat ?? null,
    note: end === undefined ? null : noteOf(end),
  };
}

/** Which rules may keep connections from where they are sent, and what that depends on. */
function whatIsOpen({ ends, steps }: Trace): string {
  const linesBy = (fate: End["fate"]) =>
    linesInWords(ends.filter((end) => end.fate === fate).map(({ step }) => steps[step]?.line ?? 0));
  const [dropped, rejected] = [linesBy("dropped"), linesBy("rejected")];
  const may = [
    ...(dropped === "" ? [] : [`${dropped} may drop it`]),
    ...(rejected === "" ? [] : [`${rejected} may refuse it`]),
  ];
  const open = ends.find(({ assumptions }) => assumptions.length > 0)?.assumptions[0];
  const example = open === undefined ? "" : `, such as whether ${open.variable.holds}`;
  const said = may.length === 0 ? "" : ` ${capital(may.join(", "))}.`;
  return `Whether a connection gets there depends on what the capture does not show${example}.${said} Ask iptlint trace for one packet with --in, --route and --ipset.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The same where the open conditions decide where connections are sent. */
function conditionalShares(trace: Trace): readonly ExplainedShare[] {
  const merged = new Map<string, ExplainedShare>();
  for (const end of trace.ends) {
    const note = noteOf(end, trace);
    const key = `${end.dnat} ${note}`;
    const known = merged.get(key);
    const share = end.share + (known?.share ?? 0);
    merged.set(key, { share, ideal: known === undefined ? end.ideal : null, address: end.dnat, note });
  }
  return sorted([...merged.values()]);
}

const sorted = (shares: readonly ExplainedShare[]): readonly ExplainedShare[] =>
  [...shares].sort((a, b) => rounded(b.share) - rounded(a.share) || order(a.address, b.address));

function noteOf(end: End, trace: Trace): string | null {
  const assumed = end.assumptions.map(({ variable, value }) => (value ? variable.holds : variable.fails));
  const loss = lossInWords(end, trace);
  const parts = [loss, assumed.length === 0 ? null : `if ${displayText(assumed.join(" and "))}`];
  const said = parts.filter((part) => part !== null);
  return said.length === 0 ? null : said.join(", ");
}

/** Probabilities are kept in 31 bits: shares that are meant to be equal differ a little. */
const rounded = (share: number | null): number => Math.round((share ?? 0) * 1e6);

/** By the numbers in them, those without an address last. */
function order(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const [one, other] = [splitAddress(a), splitAddress(b)];
  const [left, right] = [bitsOf(one?.ip ?? ""), bitsOf(other?.ip ?? "")];
  if (left === null || right === null || left === right) return (one?.port ?? 0) - (other?.port ?? 0);
  return left < right ? -1 : 1;
}

/** How one of several endpoints is chosen. */
export function choiceOf({ ruleset }: ServiceMap, port: ServicePort, shares: readonly ExplainedShare[]): string | null {
  if (new Set(shares.map(({ address, note }) => address ?? note)).size < 2) return null;
  const random = "chosen at random for each new connection, not in turn; a long-lived connection stays where it is";
  if (port.sessionAffinity !== "ClientIP") return random;
  const seconds = port.sessionAffinityTimeoutSeconds;
  const within = seconds === null ? "lately" : `within the last ${seconds} seconds`;
  const rules = [port.chain("svc"), port.chain("svl"), port.chain("xlb")].flatMap((chain) =>
    chain === NONE ? [] : port.spread.rules(chain, "affinity"),
  );
  const where = rules.length === 0 ? "" : `, ${linesOf(ruleset, rules)}`;
  return `a client that connected ${within} gets the endpoint that it had (session affinity ClientIP${where}); for others it is ${random}`;
}
