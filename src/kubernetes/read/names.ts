import { NONE } from "../../netfilter/ruleset.ts";
import { endsInHash } from "../chain-hash.ts";
import { parseServicePortName, printServicePortName, provenSpelling } from "../chain-name.ts";
import type { FoundName, NameList } from "../names/name-list.ts";
import type { ClaimedRules } from "./claimed-rules.ts";
import type { EndpointChains } from "./endpoint-chains.ts";
import { isFrontend } from "./frontends.ts";
import type { ServiceGroup } from "./service-group.ts";

const PROTOCOLS = ["tcp", "udp", "sctp"] as const;
/** A chain's comments agree, or a person wrote them: more than the first few say nothing new. */
const MOST_NAMES = 8;

/** Names a Service port after the comments of its rules, and lets the hash in its chains' names decide between them. */
export function nameByComments(group: ServiceGroup, rules: ClaimedRules, endpoints: EndpointChains): void {
  if (isProvenAtOnce(group, rules)) return;
  const protocol = protocolOf(group, rules, endpoints);
  let first: string | null = null;
  for (const name of namesIn(group, rules)) {
    first ??= name;
    const { hashed, suffix } = group;
    if (!hashed || suffix === null) break;
    for (const each of protocolsFor(protocol)) {
      const proven = provenSpelling(name, each, suffix);
      if (proven === null) continue;
      group.setName(proven, "hash", each);
      return;
    }
  }
  group.setName(first, first === null ? null : group.hashed && protocol !== null ? "refuted" : "comment", protocol);
}

/** Nearly every Service port is named by the first rule that leads to it: that takes bytes alone. */
function isProvenAtOnce(group: ServiceGroup, rules: ClaimedRules): boolean {
  const [way] = group.ways;
  if (!group.hashed || way === undefined || !isFrontend(rules, way)) return false;
  const line = rules.line(way);
  if (line === null || !isPlainProtocol(line.protocol)) return false;
  const { nameStart, nameEnd, protocol, protocolStart } = line;
  const { bytes } = rules.ruleset.store;
  if (!isNameAt(bytes, nameStart, nameEnd)) return false;
  const name = bytes.subarray(nameStart, nameEnd);
  const end = protocolStart + protocol.length;
  if (!endsInHash(bytes, group.suffixStart, group.suffixEnd, name, protocolStart, end)) return false;
  group.setProvenName(nameStart, nameEnd, protocol);
  return true;
}

const isPlainProtocol = (protocol: string): boolean => PROTOCOLS.some((each) => each === protocol);

/** Whether the bytes, no blanks among them, are `namespace/name` or `namespace/name:port`. */
function isNameAt(bytes: Uint8Array, start: number, end: number): boolean {
  let slash = NONE;
  let colon = NONE;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === SLASH) {
      if (slash !== NONE) return false;
      slash = i;
    } else if (byte === COLON) {
      if (colon !== NONE || slash === NONE) return false;
      colon = i;
    }
  }
  return slash > start && slash + 1 < (colon === NONE ? end : colon);
}

const SLASH = 47;
const COLON = 58;

/** A rule that was bent to the group may ask for a protocol that is not its own: the hash knows better. */
const protocolsFor = (protocol: string | null): readonly string[] =>
  protocol === null ? PROTOCOLS : [protocol, ...PROTOCOLS.filter((each) => each !== protocol)];

/** Names what comments do not name, or name wrongly, after a list of Services. `namespaces` that the dump itself names. */
export function nameByList(group: ServiceGroup, list: NameList, namespaces: () => Iterable<string>): void {
  if (group.nameEvidence === "hash") return;
  const byHash = group.hashed && group.suffix !== null ? list.byHash(group.suffix, namespaces) : null;
  const found = byHash ?? (group.name === null && !group.hashed ? nameByPlace(group, list) : null);
  if (found === null) return;
  group.setName(found.name, "list", group.protocol ?? found.protocol);
}

function nameByPlace(group: ServiceGroup, list: NameList): FoundName | null {
  for (const { ip, port, protocol } of group.frontends) {
    const found = port === null || protocol === null ? null : list.byPlace(ip, port, protocol);
    if (found !== null) return found;
  }
  return null;
}

/** `namespace/name:port` without the colon that old releases put behind a Service whose port has no name. */
export function plainName(name: string): string {
  const parsed = parseServicePortName(name);
  return parsed === null ? name : printServicePortName(parsed);
}

function protocolOf(group: ServiceGroup, rules: ClaimedRules, endpoints: EndpointChains): string | null {
  for (const frontend of group.frontends) if (frontend.protocol !== null) return frontend.protocol;
  const { store } = rules.ruleset;
  for (const chain of [group.chains.svc, group.localChain]) {
    if (chain === NONE) continue;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      const target = store.targetChain(rule);
      const dnat = endpoints.isEndpointChain(target) ? endpoints.dnatOf(target) : NONE;
      if (dnat !== NONE) return rules.value(dnat, "protocol");
    }
  }
  return null;
}

/** Different names in the comments of a Service port's rules: those that lead to it first. */
function* namesIn(group: ServiceGroup, rules: ClaimedRules): Generator<string> {
  const seen = new Set<string>();
  const isNew = (name: string | null): name is string => {
    if (name === null || seen.size >= MOST_NAMES || seen.has(name) || parseServicePortName(name) === null) return false;
    seen.add(name);
    return true;
  };
  for (const { rule } of group.frontends.slice(0, MOST_NAMES)) {
    const name = rules.name(rule);
    if (isNew(name)) yield name;
  }
  const { store } = rules.ruleset;
  for (const chain of Object.values(group.chains)) {
    if (chain === NONE) continue;
    let rule = store.firstRule(chain);
    for (let i = 0; rule !== NONE && i < MOST_NAMES; i++, rule = store.nextRule(rule)) {
      const name = rules.name(rule);
      if (isNew(name)) yield name;
    }
  }
}
