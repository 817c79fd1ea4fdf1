import { SALT } from "../../../grammar/salt.ts";
import { NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { isHostPrefix, portAt } from "../address-text.ts";
import type { Frontend } from "../service-map.ts";
import type { ClaimedRules } from "./claimed-rules.ts";
import { isFrontend } from "./frontends.ts";
import type { KnownLine } from "./line-values.ts";
import { destinationKey, type ServiceGroup } from "./service-group.ts";

/** Of those who claim one destination only the first few are looked at again. */
const MOST_CLAIMANTS = 16;

const NOBODY: readonly ServiceGroup[] = [];

/** Who claims which destination, in the order of the rules. */
export class Destinations {
  readonly #claimants = new Map<string, ServiceGroup[]>();

  add(group: ServiceGroup, frontend: Frontend): void {
    const key = destinationKey(frontend);
    const claimants = this.#claimants.get(key);
    if (claimants === undefined) this.#claimants.set(key, [group]);
    else if (claimants.length < MOST_CLAIMANTS) claimants.push(group);
  }

  at(key: string): readonly ServiceGroup[] {
    return this.#claimants.get(key) ?? NOBODY;
  }
}

/** Where packets go, each once. */
export interface DestinationSet {
  add(destination: Frontend): void;
  /** No destination was added twice. False: perhaps one was. */
  readonly areDistinct: boolean;
}

/** Whether no two frontends of the groups can have one destination. False: perhaps they do. Cheaper than to know who has which. */
export function areDistinct(groups: readonly ServiceGroup[], rules: ClaimedRules): boolean {
  const hashes = new Hashes();
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i] as ServiceGroup;
    if (!group.isMade && addLines(group, rules, hashes)) continue;
    const { frontends } = group;
    for (let k = 0; k < frontends.length; k++) hashes.add(hashOf(frontends[k] as Frontend));
  }
  return hashes.areDistinct;
}

/** Adds the destinations of the rules that lead to a group; false where bytes do not show all of them. */
function addLines(group: ServiceGroup, rules: ClaimedRules, hashes: Hashes): boolean {
  const { bytes } = rules.ruleset.store;
  const found: number[] = [];
  for (let i = 0; i < group.ways.length; i++) {
    const way = group.ways[i] as RuleId;
    if (!isFrontend(rules, way)) continue;
    const line = rules.line(way);
    const hash = line === null ? 0 : hashOfLine(bytes, line);
    if (hash === 0) return false;
    found.push(hash);
  }
  for (let i = 0; i < found.length; i++) hashes.add(found[i] as number);
  return true;
}

/** Numbers other than 0, and whether each came once. */
class Hashes {
  areDistinct = true;
  #slots = new Int32Array(1024);
  #count = 0;

  add(hash: number): void {
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask)
      if (this.#slots[slot] === hash) {
        this.areDistinct = false;
        return;
      }
    this.#slots[slot] = hash;
    this.#count++;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 4);
    this.#count = 0;
    for (let i = 0; i < old.length; i++) if (old[i] !== 0) this.add(old[i] as number);
  }
}

/** FNV-1a from the salt on of a destination, of its protocol the first letter alone. */
function hashOf({ ip, port, protocol }: Frontend): number {
  let hash = SALT;
  if (ip !== null) for (let i = 0; i < ip.length; i++) hash = Math.imul(hash ^ ip.charCodeAt(i), PRIME);
  return ended(hash, port ?? -1, protocol ?? "");
}

/** The same for a line; 0 where it asks for a network, or for no port from 1 to 65535. */
function hashOfLine(bytes: Uint8Array, line: KnownLine): number {
  let hash = SALT;
  if (line.addressStart !== NONE) {
    let i = line.addressStart;
    let isV6 = false;
    for (; i < line.addressEnd && bytes[i] !== SLASH; i++) {
      if (bytes[i] === COLON) isV6 = true;
      hash = Math.imul(hash ^ (bytes[i] as number), PRIME);
    }
    if (!isHostPrefix(bytes, i, line.addressEnd, isV6)) return 0;
  }
  const port = portAt(bytes, line.portStart, line.portEnd);
  return port === 0 ? 0 : ended(hash, port, line.protocol);
}

function ended(hash: number, port: number, protocol: string): number {
  const all = Math.imul(Math.imul(hash ^ port, PRIME) ^ protocol.charCodeAt(0), PRIME);
  return all ^ (all >>> 15) || 1;
}

const PRIME = 0x01000193;
const SLASH = 47;
const COLON = 58;
