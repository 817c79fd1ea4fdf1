import { readAddress } from "../../grammar/values/address.ts";
import type { NodeFacts } from "../../src/netfilter/node.ts";
import type { Question, QuestionState } from "../../src/netfilter/question.ts";
import type { End } from "../../src/netfilter/trace/ends.ts";
import { readIpSets } from "../../src/netfilter/trace/ipset.ts";
import type { Trace } from "../../src/netfilter/trace/trace.ts";
import type { Client, Probe } from "./bed.ts";
import type { Seen } from "./observers.ts";

const bits = (text: string): bigint => {
  const address = readAddress(text, { family: null });
  if (address === null) throw new Error(`${text} is no address`);
  return address.bits;
};

/** What a bed is made of. */
export interface Surroundings {
  readonly options: { readonly family: 4 | 6; readonly outside: string };
  readonly own: readonly string[];
  readonly clients: readonly Client[];
  readonly addressOf: ReadonlyMap<string, string>;
}

/** What is true of a bed. */
export function factsOf({ options, own, clients, addressOf }: Surroundings, sets = ""): NodeFacts {
  const all = options.family === 4 ? 0xffffffffn : (1n << 128n) - 1n;
  return {
    addresses: [...own, ...addressOf.values()].map(bits),
    routes: [
      { bits: 0n, mask: 0n, interface: options.outside },
      ...clients.map((client) => ({ bits: bits(client.address), mask: all, interface: client.interface })),
    ],
    interfaceAddresses: new Map([...addressOf].map(([name, address]) => [name, bits(address)])),
    sets: readIpSets(sets).sets,
  };
}

export function questionOf(probe: Probe, family: 4 | 6, state: QuestionState = "new"): Question {
  return {
    family,
    source: bits(probe.from),
    destination: bits(probe.to),
    destinationPort: probe.port,
    protocol: probe.protocol === "tcp" ? 6 : 17,
    state,
    ttl: 64,
    tos: 0,
    ...(probe.in === "local" ? { local: true } : { inInterface: probe.in }),
  };
}

/** How far a count may lie from what is expected, in standard deviations: some ten thousand counts are compared. */
const DEVIATIONS = 6;

/** Where a trace and the kernel disagree about the same packet, sent as often as there are sightings. Empty: nowhere. */
export function disagreements(trace: Trace, seen: readonly Seen[]): string[] {
  const problems: string[] = [];
  const counts = new Map<End, number>();
  for (const one of seen) {
    const fitting = trace.ends.filter((end) => fits(end, one));
    if (fitting.length === 0)
      problems.push(`the kernel: ${saySeen(one)}; the trace: ${trace.ends.map(sayEnd).join(" | ")}`);
    for (const end of fitting) counts.set(end, (counts.get(end) ?? 0) + 1);
  }
  if (problems.length > 0) return problems.slice(0, 1);
  if (seen.length < 2 || trace.ends.some((end) => end.assumptions.length > 0)) return [];
  for (const end of trace.ends) {
    // ends that look alike from outside are counted together
    const share = trace.ends.filter((other) => looksLike(other, end)).reduce((sum, other) => sum + other.share, 0);
    const count = counts.get(end) ?? 0;
    const expected = share * seen.length;
    const allowed = DEVIATIONS * Math.sqrt(Math.max(0, share * (1 - share) * seen.length)) + 1e-6;
    if (Math.abs(count - expected) > allowed) {
      problems.push(`${sayEnd(end)}: ${count} of ${seen.length} packets, expected ${expected.toFixed(1)}`);
    }
  }
  return problems;
}

function fits(end: End, seen: Seen): boolean {
  if (end.fate === "unknown") return end.assumptions.length > 0;
  if (end.fate !== seen.fate || !sameTarget(end.dnat, seen.dnat)) return false;
  if (end.fate === "rejected") return end.rejectWith === seen.rejectWith;
  if (end.fate === "forwarded" && end.outInterface !== seen.outInterface) return false;
  return end.snat === seen.snat;
}

const looksLike = (left: End, right: End): boolean =>
  left.fate === right.fate &&
  left.dnat === right.dnat &&
  left.snat === right.snat &&
  left.rejectWith === right.rejectWith &&
  left.outInterface === right.outInterface;

/** A range of ports or addresses fits what lies in it. */
function sameTarget(expected: string | null, seen: string | null): boolean {
  if (expected === seen) return true;
  if (expected === null || seen === null) return false;
  const range = /^(.*):(\d+)-(\d+)$/.exec(expected);
  if (range === null) return false;
  const [, address, from, to] = range;
  const [, host, port] = /^(.*):(\d+)$/.exec(seen) ?? [];
  return host === address && Number(from) <= Number(port) && Number(port) <= Number(to);
}

export const saySeen = (seen: Seen): string =>
  `${seen.fate}${seen.rejectWith === null ? "" : ` with ${seen.rejectWith}`} dnat=${seen.dnat} snat=${seen.snat} out=${seen.outInterface}`;

export const sayEnd = (end: End): string =>
  `${end.share.toFixed(3)} ${end.fate}${end.rejectWith === null ? "" : ` with ${end.rejectWith}`} dnat=${end.dnat} snat=${end.snat} out=${end.outInterface}${end.reason === null ? "" : ` (${end.reason})`}${end.assumptions.length > 0 ? ` if ${end.assumptions.map(({ variable, value }) => (value ? variable.holds : variable.fails)).join(", ")}` : ""}`;
