import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import type { ServiceChainRole } from "../chain-name.ts";
import type { Frontend, NameEvidence } from "../service-map.ts";

type Destination = Pick<Frontend, "ip" | "port" | "protocol">;

/** So many frontends of one Service port are looked through one by one. */
const FEW = 8;

/** Where a packet goes, as a key: an address of its own, or any address of the node. */
export const destinationKey = ({ ip, port, protocol }: Destination): string => `${ip ?? "node"} ${port} ${protocol}`;

/** A health check port answers for its Service and leads to no endpoint. */
const isWayIn = ({ kind }: Frontend): boolean => kind !== "healthCheckNodePort";

const placesOf = (frontends: readonly Frontend[]): Map<string, number> =>
  new Map(frontends.flatMap((each, place) => (isWayIn(each) ? [[destinationKey(each), place] as const] : [])));

/** What the rules tie together as one Service port, while they are read. */
export class ServiceGroup {
  readonly index: number;
  /** What its chains' names end in; `null` when it has no chain. */
  readonly suffix: string | null;
  /** Whether the suffix has the form of a hash. */
  readonly hashed: boolean;
  readonly chains: Record<ServiceChainRole, ChainId> = { svc: NONE, svl: NONE, ext: NONE, fw: NONE, xlb: NONE };
  readonly frontends: Frontend[] = [];
  /** Places of frontends by destination, once there are many. */
  #places: Map<string, number> | undefined;
  /** Rules for it in chains that all Service ports share, in the order of the text. */
  readonly rules: RuleId[] = [];
  name: string | null = null;
  nameEvidence: NameEvidence = null;
  protocol: string | null = null;
  /** A set says that its traffic from outside stays on the node. */
  isLocal = false;

  constructor(index: number, suffix: string | null, hashed: boolean) {
    this.index = index;
    this.suffix = suffix;
    this.hashed = hashed;
  }

  /** Place of the frontend for a destination; -1 where there is none. */
  placeOf({ ip, port, protocol }: Destination): number {
    if (this.frontends.length > FEW) {
      this.#places ??= placesOf(this.frontends);
      return this.#places.get(destinationKey({ ip, port, protocol })) ?? -1;
    }
    for (let place = 0; place < this.frontends.length; place++) {
      const each = this.frontends[place] as Frontend;
      if (each.port === port && each.ip === ip && each.protocol === protocol && isWayIn(each)) return place;
    }
    return -1;
  }

  add(frontend: Frontend): void {
    const place = this.frontends.push(frontend) - 1;
    if (this.#places !== undefined && isWayIn(frontend)) this.#places.set(destinationKey(frontend), place);
  }

  /** Chain from which packets spread over all endpoints of the cluster, then the one for those of this node. */
  get localChain(): ChainId {
    return this.chains.svl !== NONE ? this.chains.svl : this.chains.xlb;
  }

  /** Chain by which packets from outside come in; `NONE` where they go straight to the chain of endpoints. */
  get externalChain(): ChainId {
    return this.chains.ext !== NONE ? this.chains.ext : this.chains.xlb;
  }
}
