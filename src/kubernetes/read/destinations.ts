import type { Frontend } from "../service-map.ts";
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

/** Whether no two frontends of the groups can have one destination. False: perhaps they do. Cheaper than to know who has which. */
export function areDistinct(groups: readonly ServiceGroup[]): boolean {
  let size = 64;
  for (let i = 0; i < groups.length; i++) size += 2 * (groups[i] as ServiceGroup).frontends.length;
  // open addressing; 0 is an empty place
  const seen = new Int32Array(2 ** Math.ceil(Math.log2(size)));
  const mask = seen.length - 1;
  for (let i = 0; i < groups.length; i++) {
    const { frontends } = groups[i] as ServiceGroup;
    for (let k = 0; k < frontends.length; k++) {
      const hash = hashOf(frontends[k] as Frontend) || 1;
      let place = hash & mask;
      while (seen[place] !== 0) {
        if (seen[place] === hash) return false;
        place = (place + 1) & mask;
      }
      seen[place] = hash;
    }
  }
  return true;
}

/** FNV-1a of a destination, of its protocol the first letter alone. */
function hashOf({ ip, port, protocol }: Frontend): number {
  let hash = BASIS;
  if (ip !== null) for (let i = 0; i < ip.length; i++) hash = Math.imul(hash ^ ip.charCodeAt(i), PRIME);
  hash = Math.imul(hash ^ (port ?? -1), PRIME);
  hash = Math.imul(hash ^ (protocol?.charCodeAt(0) ?? 0), PRIME);
  return hash ^ (hash >>> 15);
}

const BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
