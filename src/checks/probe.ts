import type { Frontend } from "../kubernetes/service-map.ts";
import type { Question } from "../netfilter/question.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { End } from "../netfilter/trace/ends.ts";
import type { Trace } from "../netfilter/trace/trace.ts";
import type { Client } from "./clients.ts";
import { percent } from "./words.ts";

/** What becomes of a part of the connections. */
export type OutcomeKind =
  /** It gets a new destination and goes on to it. */
  | "translated"
  /** It keeps the destination it was sent to: handed to the node's own sockets, or sent on towards that address. */
  | "untranslated"
  | "dropped"
  | "rejected"
  | "unknown";

export interface Outcome {
  readonly kind: OutcomeKind;
  /** Where what is assumed holds. */
  readonly share: number;
  readonly delivered: "local" | "forwarded" | null;
  /** New destination, `10.244.1.5:80`. */
  readonly address: string | null;
  /** The source was rewritten; `null` where it does not get so far. */
  readonly rewritten: boolean | null;
  /** The last rule that matched, `NONE` for a policy. */
  readonly rule: RuleId;
  /** All rules that matched on the way, in order. */
  readonly way: readonly RuleId[];
  /** Table and hook at which it ends, `filter FORWARD`; "" where no rule and no policy matched. */
  readonly where: string;
  /** Conditions that the rules leave open, and the value with which it comes to this. */
  readonly assumptions: readonly OpenCondition[];
  readonly reason: string | null;
}

export interface OpenCondition {
  readonly key: string;
  readonly value: boolean;
  /** As a clause. */
  readonly text: string;
}

/** Where the connections of a client to a frontend go. */
export interface Probe {
  readonly client: Client;
  readonly frontend: Frontend;
  readonly outcomes: readonly Outcome[];
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["tcp", 6],
  ["udp", 17],
  ["sctp", 132],
]);

export const protocolNumber = (name: string | null): number => PROTOCOLS.get(name ?? "tcp") ?? 6;

/** What a client asks; `null` where the rules do not show where to. */
export function questionOf(client: Client, frontend: Frontend, destination: bigint | null): Question | null {
  if (destination === null || frontend.port === null) return null;
  return {
    family: destination > 0xffffffffn ? 6 : 4,
    source: client.source,
    destination,
    protocol: protocolNumber(frontend.protocol),
    destinationPort: frontend.port,
    local: client.local,
    ...(client.inInterface !== undefined && { inInterface: client.inInterface }),
    ...(client.notInInterface !== undefined && { notInInterface: client.notInInterface }),
  };
}

export function outcomesOf({ ends, steps }: Trace): Outcome[] {
  return ends.map((end) => ({
    kind: kindOf(end),
    share: end.share,
    delivered: end.fate === "local" || end.fate === "forwarded" ? end.fate : null,
    address: end.dnat,
    rewritten: end.snat,
    rule: steps[end.step]?.rule ?? NONE,
    way: end.way.map((step) => steps[step]?.rule ?? NONE),
    where: end.step < 0 ? "" : `${steps[end.step]?.table} ${steps[end.step]?.hook}`,
    assumptions: end.assumptions.map(({ variable, value }) => ({
      key: variable.key,
      value,
      text: value ? variable.holds : variable.fails,
    })),
    reason: end.reason,
  }));
}

function kindOf({ fate, dnat }: End): OutcomeKind {
  if (fate === "dropped" || fate === "rejected" || fate === "unknown") return fate;
  return dnat === null ? "untranslated" : "translated";
}

/** Smallest and largest share of the connections of which something may hold. */
export interface ShareRange {
  readonly least: number;
  readonly most: number;
}

/** With more open conditions than this nothing is said. */
const MOST_CONDITIONS = 8;

/** Share of the connections of which `test` holds, over all values that the open conditions may have. */
export function shareOf(outcomes: readonly Outcome[], test: (outcome: Outcome) => boolean): ShareRange {
  return sharesByAddress(outcomes, test, () => null)(null);
}

/** The same of the connections to an address; all addresses are counted in one pass. */
export function sharesByAddress(
  outcomes: readonly Outcome[],
  test: (outcome: Outcome) => boolean,
  addressOf: (outcome: Outcome) => string | null = ({ address }) => address,
): (address: string | null) => ShareRange {
  const wanted = outcomes.map((outcome) => test(outcome));
  const conditions = [...new Set(outcomes.flatMap(({ assumptions }) => assumptions.map(({ key }) => key)))];
  if (conditions.length > MOST_CONDITIONS) return () => ({ least: 0, most: 1 });
  const ranges = new Map<string | null, { least: number; most: number }>();
  for (const [k, outcome] of outcomes.entries()) if (wanted[k]) ranges.set(addressOf(outcome), { least: 1, most: 0 });
  for (let world = 0; world < 1 << conditions.length; world++) {
    const shares = new Map<string | null, number>();
    let total = 0;
    for (const [k, outcome] of outcomes.entries()) {
      if (!outcome.assumptions.every(({ key, value }) => value === ((world >> conditions.indexOf(key)) & 1) > 0))
        continue;
      total += outcome.share;
      if (wanted[k]) shares.set(addressOf(outcome), (shares.get(addressOf(outcome)) ?? 0) + outcome.share);
    }
    // conditions that exclude each other make worlds in which there is nothing
    if (total < 0.5) continue;
    for (const [address, range] of ranges) {
      const share = shares.get(address) ?? 0;
      range.least = Math.min(range.least, share);
      range.most = Math.max(range.most, share);
    }
  }
  for (const range of ranges.values()) range.least = Math.min(range.least, range.most);
  return (address) => ranges.get(address) ?? { least: 0, most: 0 };
}

/** `50.0 % to 10.244.1.5:80 and 50.0 % to 10.244.2.7:80`, largest first, at most `most` of them. */
export function destinationsInWords(outcomes: readonly Outcome[], most = 4): string {
  const byAddress = new Map<string, number>();
  for (const { address, share, kind } of outcomes)
    if (kind === "translated" && address !== null) byAddress.set(address, (byAddress.get(address) ?? 0) + share);
  const sorted = [...byAddress].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const shown = sorted.slice(0, sorted.length > most ? most - 1 : most);
  const parts = shown.map(([address, share]) => `${percent(share)} to ${address}`);
  if (shown.length < sorted.length) parts.push(`the rest to ${sorted.length - shown.length} more endpoints`);
  return parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}
