import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { hostOf, splitAddress } from "../address-text.ts";
import { type Claim, claimOf } from "../templates/slots.ts";
import { type ClaimedRules, roleNumber } from "./claimed-rules.ts";

const SEP = roleNumber("sep");
const HAIRPIN = claimOf("sep", "hairpin");
const DNAT = claimOf("sep", "dnat");
/** The capture lost the address, or garbled it. */
const LOST_DNAT: readonly Claim[] = [claimOf("sep", "lost dnat"), claimOf("sep", "lost dnat-address")];

/** The KUBE-SEP chains: integers by chain. */
export class EndpointChains {
  readonly #rules: ClaimedRules;
  /** Rule that translates, by chain; `NONE` in chains without one. */
  readonly dnat: Int32Array;
  /** Rule that marks what comes back to its own sender, by chain. */
  readonly hairpin: Int32Array;
  /** Chains whose two rules name different addresses. */
  readonly contradicting = new Set<ChainId>();

  constructor(rules: ClaimedRules) {
    this.#rules = rules;
    const { chainCount } = rules.ruleset.store;
    this.dnat = new Int32Array(chainCount).fill(NONE);
    this.hairpin = new Int32Array(chainCount).fill(NONE);
    for (const chain of rules.chains) if (rules.roles[chain] === SEP) this.#read(chain);
  }

  isEndpointChain(chain: ChainId): boolean {
    return chain !== NONE && this.#rules.roles[chain] === SEP;
  }

  /** `10.244.1.5:80` as the DNAT rule has it; `null` when there is none, or the capture lost the address. */
  address(chain: ChainId): string | null {
    const rule = this.dnat[chain] as RuleId;
    if (rule === NONE || LOST_DNAT.includes(this.#rules.claims[rule] as Claim)) return null;
    const text = this.#rules.value(rule, "endpoint");
    return text === null || splitAddress(text) === null ? null : text;
  }

  /** Whether a packet that enters the chain leaves it again untranslated: no rule translates it, though the chain is there. */
  isPassedThrough(chain: ChainId): boolean {
    const { store } = this.#rules.ruleset;
    return this.dnat[chain] === NONE && (store.isDeclared(chain) || store.firstRule(chain) !== NONE);
  }

  #read(chain: ChainId): void {
    const { store } = this.#rules.ruleset;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      const claim = this.#rules.claims[rule] as Claim;
      if (claim === HAIRPIN) this.#keep(this.hairpin, chain, rule);
      else if (claim === DNAT || LOST_DNAT.includes(claim)) this.#keep(this.dnat, chain, rule);
    }
    const hairpin = this.hairpin[chain] as RuleId;
    const dnat = this.dnat[chain] as RuleId;
    if (hairpin === NONE || dnat === NONE || LOST_DNAT.includes(this.#rules.claims[dnat] as Claim)) return;
    const source = this.#rules.value(hairpin, "endpointIP") ?? "";
    const address = splitAddress(this.#rules.value(dnat, "endpoint") ?? "");
    if (address !== null && hostOf(source) !== address.ip) this.contradicting.add(chain);
  }

  #keep(column: Int32Array, chain: ChainId, rule: RuleId): void {
    if (column[chain] === NONE) column[chain] = rule;
    else this.#rules.disown(rule);
  }
}
