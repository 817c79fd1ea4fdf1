import type { Ruleset } from "../../netfilter/ruleset.ts";
import type { ProxyParameters } from "../service-map.ts";
import type { Balances } from "./balances.ts";
import type { ClaimedRules } from "./claimed-rules.ts";
import type { EndpointChains } from "./endpoint-chains.ts";
import type { ServiceGroups } from "./service-groups.ts";

/** What the facts of a Service port are read from. */
export interface MapSource {
  readonly ruleset: Ruleset;
  readonly rules: ClaimedRules;
  readonly endpoints: EndpointChains;
  readonly balances: Balances;
  readonly parameters: ProxyParameters;
  /** Who claims which destination. */
  readonly destinations: Pick<ServiceGroups, "areDistinct" | "addDestinations" | "isContested">;
  /** The capture holds the whole table with kube-proxy's chains: what is not there is not on the node. */
  readonly natComplete: boolean;
  readonly filterComplete: boolean;
  /** Every health check port of the node is in the capture, with the name of its Service. */
  readonly healthChecksShown: boolean;
}
