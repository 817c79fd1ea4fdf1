import { allBits } from "../../grammar/values/address.ts";
import type { AddressMask } from "../../grammar/values/types.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { bitsOf, isWithin, networkOf } from "../checks/clients.ts";
import type { ClusterFacts } from "../checks/facts.ts";
import { splitAddress } from "../kubernetes/address-text.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";

/** Of large nodes so many Service ports are looked at for where pods live. */
const mostPorts = 200;
/** Length of the network that one node gives to its pods, usually (kube-controller-manager --node-cidr-mask-size-ipv4, -ipv6). */
const usualMask = { 4: 24n, 6: 64n } as const;

/** Where the pods of a node have their addresses: where the rules or the configuration say it, else where most endpoints are. */
export class PodAddresses {
  /** The network is known, not guessed. */
  readonly isKnown: boolean;
  readonly #network: AddressMask | null;
  readonly #endpoints: ReadonlySet<bigint>;

  constructor(map: ServiceMap, family: Family, cluster: ClusterFacts) {
    const { localDetector: detector } = map.parameters;
    const shown = detector?.kind === "cidr" ? networkOf(detector.value, family) : null;
    const known = [...(shown === null ? [] : [shown]), ...cluster.podCidrs].find(
      (network) => network.family === family && network.mask !== 0n,
    );
    this.#endpoints = endpointsIn(map);
    this.isKnown = known !== undefined;
    this.#network = known ?? mostCommon(this.#endpoints, family);
  }

  /** An address that a pod may have and no endpoint has; `null` where nothing shows what such addresses are. */
  get unused(): bigint | null {
    return this.#free((last) => last - 5n, -1n);
  }

  /** An address that the node itself has among its pods', as its bridge or tunnel does: the first that is no endpoint's. */
  get bridge(): bigint | null {
    return this.#free(() => 1n, 1n);
  }

  /** Whether the address may be that of a pod of this node. */
  mayBe(address: bigint): boolean {
    return !this.isKnown || (this.#network !== null && isWithin(address, this.#network));
  }

  #free(first: (last: bigint) => bigint, step: bigint): bigint | null {
    if (this.#network === null) return null;
    const { bits, mask, family } = this.#network;
    const last = allBits(family) ^ mask;
    for (let host = first(last); host > 0n && host < last; host += step)
      if (!this.#endpoints.has(bits | host)) return bits | host;
    return null;
  }
}

function endpointsIn(map: ServiceMap): Set<bigint> {
  const found = new Set<bigint>();
  for (const port of map.firstServicePorts(mostPorts))
    for (const address of port.spread.addresses()) {
      const ip = splitAddress(address ?? "")?.ip;
      const bits = ip === undefined ? null : bitsOf(ip);
      if (bits !== null) found.add(bits);
    }
  return found;
}

function mostCommon(addresses: ReadonlySet<bigint>, family: Family): AddressMask | null {
  const width = family === 4 ? 32n : 128n;
  const mask = allBits(family) ^ ((1n << (width - usualMask[family])) - 1n);
  const counts = new Map<bigint, number>();
  let best: bigint | null = null;
  for (const address of addresses) {
    const network = address & mask;
    const count = (counts.get(network) ?? 0) + 1;
    counts.set(network, count);
    if (best === null || count > (counts.get(best) ?? 0)) best = network;
  }
  return best === null ? null : { family, bits: best, mask };
}
