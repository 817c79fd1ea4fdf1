import { endpointHash } from "../kubernetes/chain-name.ts";
import { plainName } from "../kubernetes/read/names.ts";
import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import { type ChainId, NONE } from "../netfilter/ruleset.ts";

/** Endpoints, counted over all Service ports, above which kube-proxy leaves out comments and cleans up late (largeClusterEndpointsThreshold). */
const LARGE = 1000;

/** kube-proxy's chains of single Services to which no rule leads. */
export interface Unreferenced {
  readonly chains: readonly ChainId[];
  /** Chains of endpoints among them, by the Service port (`namespace/name:port`) that their own comment and hash name. */
  readonly endpoints: ReadonlyMap<string, readonly ChainId[]>;
  /** The cluster is so large that kube-proxy leaves such chains for a while. */
  readonly isLarge: boolean;
}

export function unreferencedIn({ ruleset, source, parameters }: ServiceMap): Unreferenced {
  const { rules } = source;
  const chains: ChainId[] = [];
  const endpoints = new Map<string, ChainId[]>();
  let endpointChains = 0;
  const { ofServices } = rules.chainRoles;
  for (let i = 0; i < ofServices.length; i++) {
    const chain = ofServices[i] as ChainId;
    const isEndpoint = source.endpoints.isEndpointChain(chain);
    if (isEndpoint) endpointChains++;
    if (ruleset.store.callerCount(chain) > 0 || !ruleset.store.isDeclared(chain)) continue;
    chains.push(chain);
    const name = isEndpoint ? serviceOf(source, chain) : null;
    if (name === null) continue;
    const known = endpoints.get(name);
    if (known === undefined) endpoints.set(name, [chain]);
    else known.push(chain);
  }
  // endpoints that are not ready count for kube-proxy and have no chain
  const isLarge =
    endpointChains >= LARGE * 0.9 || (endpointChains >= LARGE * 0.4 && parameters.endpointComments.includes("none"));
  return { chains, endpoints, isLarge };
}

/** The Service port that a KUBE-SEP chain says it belongs to, if the hash in its name agrees. */
function serviceOf({ rules, endpoints, ruleset }: ServiceMap["source"], chain: ChainId): string | null {
  const dnat = endpoints.dnatOf(chain);
  const address = endpoints.address(chain);
  const name = dnat === NONE ? null : rules.name(dnat);
  if (name === null || address === null) return null;
  const hash = endpointHash(name, rules.value(dnat, "protocol") ?? "tcp", address);
  return ruleset.chainName(chain).endsWith(hash) ? plainName(name) : null;
}
