import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import type { ServiceChainRole } from "../chain-name.ts";
import type { Frontend, NameEvidence } from "../service-map.ts";

/** What the rules tie together as one Service port, while they are read. */
export class ServiceGroup {
  readonly index: number;
  /** What its chains' names end in; `null` when it has no chain. */
  readonly suffix: string | null;
  /** Whether the suffix has the form of a hash. */
  readonly hashed: boolean;
  readonly chains: Record<ServiceChainRole, ChainId> = { svc: NONE, svl: NONE, ext: NONE, fw: NONE, xlb: NONE };
  readonly frontends: Frontend[] = [];
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

  /** Chain from which packets spread over all endpoints of the cluster, then the one for those of this node. */
  get localChain(): ChainId {
    return this.chains.svl !== NONE ? this.chains.svl : this.chains.xlb;
  }

  /** Chain by which packets from outside come in; `NONE` where they go straight to the chain of endpoints. */
  get externalChain(): ChainId {
    return this.chains.ext !== NONE ? this.chains.ext : this.chains.xlb;
  }
}
