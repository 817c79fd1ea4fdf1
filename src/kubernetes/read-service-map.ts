import type { Ruleset } from "../netfilter/ruleset.ts";
import { parseServicePortName } from "./chain-name.ts";
import { membersOf, usedSets } from "./ipvs.ts";
import type { NameList } from "./names/name-list.ts";
import { Balances } from "./read/balances.ts";
import { ClaimedRules } from "./read/claimed-rules.ts";
import { EndpointChains } from "./read/endpoint-chains.ts";
import { nameByComments, nameByList } from "./read/names.ts";
import { readParameters } from "./read/parameters.ts";
import { ServiceGroups } from "./read/service-groups.ts";
import { ServiceMap } from "./service-map-of.ts";
import { claimOf } from "./templates/slots.ts";

export interface ServiceMapOptions {
  /** Services by name, for chains without comments. */
  readonly names?: NameList;
  /** What `ipset save` printed on the node, as a byte string: in IPVS mode only sets know the Services. */
  readonly ipsets?: string;
}

/** Reads what kube-proxy meant out of the rules of one ruleset. Never throws, whatever the rules are. */
export function readServiceMap(ruleset: Ruleset, { names, ipsets }: ServiceMapOptions = {}): ServiceMap {
  const rules = new ClaimedRules(ruleset);
  const endpoints = new EndpointChains(rules);
  const groups = new ServiceGroups(rules, (group) => nameByComments(group, rules, endpoints));
  if (names !== undefined) for (const group of groups.groups) nameByList(group, names, () => namespacesOf(groups));
  groups.readRest(names ?? null);
  if (ipsets !== undefined) groups.addMembers(membersOf(ipsets, usedSets(ruleset)), names ?? null);
  const balances = new Balances(rules);
  const natComplete = isComplete(ruleset, "nat", "KUBE-SERVICES");
  const filterComplete = isComplete(ruleset, "filter", "KUBE-FORWARD");
  const parameters = readParameters(rules, balances, filterComplete, () => groups.groups);
  const healthChecksShown = filterComplete && hasNamedHealthChecks(ruleset, rules);
  return new ServiceMap(
    {
      ruleset,
      rules,
      endpoints,
      balances,
      parameters,
      destinations: groups,
      natComplete,
      filterComplete,
      healthChecksShown,
    },
    groups,
  );
}

const namespacesOf = (groups: ServiceGroups): Set<string> =>
  new Set(groups.groups.flatMap(({ name }) => parseServicePortName(name ?? "")?.namespace ?? []));

/** The capture holds the table to its end, with the chain that kube-proxy always makes in it. */
function isComplete(ruleset: Ruleset, table: "nat" | "filter", chain: string): boolean {
  const found = ruleset.table(table);
  if (found === undefined || found.implied || !found.block.committed) return false;
  const id = ruleset.chain(table, chain);
  return id >= 0 && ruleset.store.isDeclared(id);
}

/** Before 1.21 kube-proxy wrote no rule for a health check port; without comments none is known by its Service. */
function hasNamedHealthChecks(ruleset: Ruleset, rules: ClaimedRules): boolean {
  const chain = ruleset.chain("filter", "KUBE-NODEPORTS");
  if (chain < 0 || !ruleset.store.isDeclared(chain)) return false;
  const claim = claimOf("filter KUBE-NODEPORTS", "health-check");
  for (const rule of ruleset.rulesOf(chain)) if (rules.claim(rule) === claim && rules.name(rule) === null) return false;
  return true;
}
