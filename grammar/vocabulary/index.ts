import { connectionMatches } from "./match-connection.ts";
import { hostMatches } from "./match-host.ts";
import { packetMatches } from "./match-packet.ts";
import { rateMatches } from "./match-rate.ts";
import { transportMatches } from "./match-transport.ts";
import type { ExtensionRecord, Family } from "./record.ts";
import { markTargets } from "./target-mark.ts";
import { natTargets } from "./target-nat.ts";
import { packetTargets } from "./target-packet.ts";

export { coreOptions } from "./core.ts";

/** Every match of iptables-extensions(8). */
export const allMatches: readonly ExtensionRecord[] = [
  ...transportMatches,
  ...packetMatches,
  ...connectionMatches,
  ...rateMatches,
  ...hostMatches,
];

/** Every target of iptables-extensions(8), the standard ones (ACCEPT, DROP, QUEUE, RETURN) among them. */
export const allTargets: readonly ExtensionRecord[] = [...packetTargets, ...natTargets, ...markTargets];

let matches: Map<string, ExtensionRecord> | undefined;
let targets: Map<string, ExtensionRecord> | undefined;

/** The match of that name or alias; `undefined` when there is none for the family. `null` as family asks for either. */
export function matchRecord(name: string, family: Family | null = null): ExtensionRecord | undefined {
  matches ??= byName(allMatches);
  return ofFamily(matches.get(name), family);
}

/** The target of that name; `undefined` for a user-defined chain. `null` as family asks for either. */
export function targetRecord(name: string, family: Family | null = null): ExtensionRecord | undefined {
  targets ??= byName(allTargets);
  return ofFamily(targets.get(name), family);
}

/** Protocols, in lower case, whose match iptables loads by itself at the first option that nobody else knows (`-p tcp --dport 80`). */
const IMPLICIT = new Map<string, string>([
  ["tcp", "tcp"],
  ["6", "tcp"],
  ["udp", "udp"],
  ["17", "udp"],
  ["sctp", "sctp"],
  ["132", "sctp"],
  ["dccp", "dccp"],
  ["33", "dccp"],
  ["esp", "esp"],
  ["50", "esp"],
  ["ah", "ah"],
  ["51", "ah"],
  ["ipcomp", "ipcomp"],
  ["108", "ipcomp"],
  ["icmp", "icmp"],
  ["1", "icmp"],
  ["ipv6-icmp", "icmp6"],
  ["icmpv6", "icmp6"],
  ["58", "icmp6"],
  ["mh", "mh"],
]);

/** The match that `-p` with this value brings along when an option needs it; `undefined` when it brings none (find_proto in iptables/xshared.c). */
export function implicitMatch(protocolText: string, family: Family | null = null): string | undefined {
  const name = IMPLICIT.get(protocolText) ?? IMPLICIT.get(protocolText.toLowerCase());
  return name !== undefined && matchRecord(name, family) !== undefined ? name : undefined;
}

function byName(records: readonly ExtensionRecord[]): Map<string, ExtensionRecord> {
  const map = new Map<string, ExtensionRecord>();
  for (const record of records) {
    map.set(record.name, record);
    for (const alias of record.aliases ?? []) map.set(alias, record);
  }
  return map;
}

function ofFamily(record: ExtensionRecord | undefined, family: Family | null): ExtensionRecord | undefined {
  return record?.family === undefined || family === null || record.family === family ? record : undefined;
}
