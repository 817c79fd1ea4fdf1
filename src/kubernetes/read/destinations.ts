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
