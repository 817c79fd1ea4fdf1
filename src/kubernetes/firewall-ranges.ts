import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import { everywhereOf, hostPrefix } from "./address-text.ts";
import type { MapSource } from "./read/map-source.ts";
import type { Frontend } from "./service-map.ts";
import { type Claim, claimOf } from "./templates/slots.ts";

/** Sources that a load balancer lets in, as a KUBE-FW chain has them. */
export interface FirewallRanges {
  readonly ranges: readonly string[];
  /** The load balancer's own addresses follow: kube-proxy adds them when the node's address is in a range. */
  readonly nodeInRange: boolean;
}

const EVERYONE = claimOf("fw", "everyone");
const RANGES: readonly Claim[] = [claimOf("fw", "range"), claimOf("fw", "range-everywhere"), EVERYONE];

export function firewallRanges(
  { rules, ruleset }: MapSource,
  chain: ChainId,
  frontends: readonly Frontend[],
): FirewallRanges {
  const { store } = ruleset;
  const listed = new Set<string>();
  for (let rule = chain === NONE ? NONE : store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule))
    if (RANGES.includes(rules.claim(rule))) listed.add(rules.value(rule, "range") ?? everywhereOf(ruleset.family));
  // Before 1.24 a chain without ranges lets everyone in as well.
  if (listed.size === 1 && rules.first(chain, EVERYONE) !== NONE) listed.clear();
  const own = new Set(frontends.filter(({ kind }) => kind === "loadBalancerIP").map(({ ip }) => hostPrefix(ip ?? "")));
  const ranges = [...listed];
  // Written behind all ranges, and only when one of those holds the node's address.
  let end = ranges.length;
  while (end > 1 && own.has(ranges[end - 1] as string)) end--;
  return { ranges: ranges.slice(0, end), nodeInRange: end < ranges.length };
}
