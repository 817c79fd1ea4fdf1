import { type ChainId, NONE, type Ruleset } from "../netfilter/ruleset.ts";
import { KUBE_PROXY, mayBeOwned, type Owner, ownerOfChain } from "./owners.ts";
import type { MapSource } from "./read/map-source.ts";
import type { Missing, ProxyMode } from "./service-map.ts";

/** Chains of one owner. */
export interface OwnedChains {
  readonly owner: Owner;
  /** How many of them the ruleset has, and the name of the first. */
  readonly count: number;
  readonly first: string;
}

/** Who owns which chain of a ruleset, by the chains' names; each is looked at once. */
export class ChainOwners {
  readonly #source: Pick<MapSource, "ruleset" | "rules">;
  /** By chain: 0 where nobody has looked, else one more than the place of its owner. */
  readonly #known: Uint8Array;
  readonly #owners: (Owner | null)[] = [null];
  #all: readonly OwnedChains[] | undefined;

  constructor(source: Pick<MapSource, "ruleset" | "rules">) {
    this.#source = source;
    this.#known = new Uint8Array(source.ruleset.store.chainCount);
  }

  /** `null`: nobody known. */
  of(chain: ChainId): Owner | null {
    if (this.#source.rules.isServiceChain(chain)) return KUBE_PROXY;
    const known = this.#known[chain] as number;
    if (known !== 0) return this.#owners[known - 1] as Owner | null;
    const owner = this.#find(chain);
    let place = this.#owners.indexOf(owner);
    if (place < 0) place = this.#owners.push(owner) - 1;
    this.#known[chain] = place + 1;
    return owner;
  }

  #find(chain: ChainId): Owner | null {
    const { store } = this.#source.ruleset;
    return mayBeOwned(store.bytes[store.nameStart(chain)] as number) ? ownerOfChain(store.chainName(chain)) : null;
  }

  /** Everyone with chains of their own, in the order of the text. */
  get all(): readonly OwnedChains[] {
    this.#all ??= ownersIn(this.#source.ruleset, this);
    return this.#all;
  }
}

function ownersIn(ruleset: Ruleset, owners: ChainOwners): readonly OwnedChains[] {
  const found = new Map<string, { owner: Owner; count: number; first: string }>();
  const { store } = ruleset;
  const { chainTable, chainNode, chainFirst } = store.columns;
  const isOwn = new Uint8Array(store.tables.length);
  for (const { index } of ruleset.tables) isOwn[index] = 1;
  /** Chains mostly follow others of the same owner. */
  let last: { owner: Owner; count: number; first: string } | undefined;
  for (let chain = 0; chain < chainTable.length; chain++) {
    if (isOwn[chainTable[chain] as number] === 0) continue;
    // neither declared nor with a rule
    if ((chainNode[chain] as number) < 0 && chainFirst[chain] === NONE) continue;
    const owner = owners.of(chain);
    if (owner === null) continue;
    if (last?.owner !== owner) {
      last = found.get(owner.name) ?? { owner, count: 0, first: ruleset.chainName(chain) };
      found.set(owner.name, last);
    }
    last.count++;
  }
  return [...found.values()];
}

/** Who programs Services on the node: kube-proxy's mode as its chains and sets show it. */
export function proxyModeOf(source: MapSource, ownersOf: () => readonly OwnedChains[]): ProxyMode {
  const { ruleset, rules, parameters } = source;
  if (rules.chainRoles.ofServices.length > 0) return "iptables";
  const owners = ownersOf();
  // IPVS mode has some of the chains that all Services share, under the same names
  if (owners.some(({ owner }) => owner.name === "kube-proxy in IPVS mode") || asksForServiceSets(ruleset))
    return "ipvs";
  if (parameters.layout !== null || refusesServices(source)) return "iptables";
  return owners.some(({ owner }) => owner.name === "kube-proxy in userspace mode") ? "userspace" : null;
}

/** Services without endpoints leave rules in table filter alone. */
function refusesServices({ ruleset, rules }: MapSource): boolean {
  for (const name of ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES"]) {
    const chain = ruleset.chain("filter", name);
    if (chain === NONE) continue;
    for (const rule of ruleset.rulesOf(chain)) if (rules.candidate(rule) !== null) return true;
  }
  return false;
}

/** IPVS mode: `-m set --match-set KUBE-CLUSTER-IP …` in kube-proxy's own chains (pkg/proxy/ipvs/proxier.go). */
function asksForServiceSets(ruleset: Ruleset): boolean {
  for (const table of ["nat", "filter"] as const)
    for (const name of ["KUBE-SERVICES", "KUBE-POSTROUTING", "KUBE-NODE-PORT"]) {
      const chain = ruleset.chain(table, name);
      if (chain === NONE) continue;
      for (const rule of ruleset.rulesOf(chain))
        if (ruleset.shape(rule).matches.some((match) => match.name === "set")) return true;
    }
  return false;
}

/** What the capture lacks, and what cannot be said without it. */
export function missingFrom(
  { ruleset, rules, natComplete, filterComplete }: MapSource,
  mode: ProxyMode,
): readonly Missing[] {
  const missing: Missing[] = [];
  const add = (what: string, consequence: string): void => {
    missing.push({ what, consequence });
  };
  for (const [name, isComplete, consequence] of [
    ["nat", natComplete, "which Services there are and where they lead is not shown"],
    ["filter", filterComplete, "Services without endpoints and health check ports are not shown"],
  ] as const) {
    if (isComplete) continue;
    const table = ruleset.table(name);
    if (table === undefined) add(`table ${name}`, consequence);
    else if (table.implied)
      add(
        `the name of table ${name}`,
        "the capture is an excerpt: what it does not have may be on the node all the same",
      );
    else if (!table.block.committed)
      add(`the end of table ${name}`, "the text is cut off: what it does not have may be on the node all the same");
    else if (mode === "iptables") add(`kube-proxy's chains in table ${name}`, consequence);
  }
  for (const chain of undeclaredChains(ruleset, rules)) add(chain, "what it does is not shown");
  return missing;
}

/** Fewest words for the most frequent gap: chains of kube-proxy that rules lead to and that the capture does not have. */
const MOST_NAMED = 20;

function undeclaredChains(ruleset: Ruleset, rules: MapSource["rules"]): string[] {
  const { store } = ruleset;
  const names: string[] = [];
  let more = 0;
  const { roles } = rules;
  const { chainNode } = store.columns;
  for (let chain = 0; chain < roles.length; chain++) {
    if (roles[chain] === NONE || (chainNode[chain] as number) >= 0) continue;
    if (store.firstRule(chain) !== NONE || store.callerCount(chain) === 0) continue;
    if (names.length < MOST_NAMED) names.push(ruleset.chainName(chain));
    else more++;
  }
  return more === 0 ? names : [...names, `${more} more chains`];
}
