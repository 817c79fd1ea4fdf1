import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { type Balance, balanceOf, threshold, thresholdAt } from "../balance.ts";
import { claimOf } from "../templates/slots.ts";
import type { ClaimedRules } from "./claimed-rules.ts";

const UNKNOWN = 0;
const verdicts: readonly (Balance | null)[] = [null, null, "even", "even-five-digits", "uneven"];

/** How chains divide connections over endpoints' chains; kept as a byte by chain. */
export class Balances {
  readonly #rules: ClaimedRules;
  readonly #known: Uint8Array;
  /** The last chain that was seen to lead to a chain, plus one. */
  readonly #leader: Int32Array;
  readonly #thresholds: number[] = [];

  constructor(rules: ClaimedRules) {
    this.#rules = rules;
    const { chainCount } = rules.ruleset.store;
    this.#known = new Uint8Array(chainCount);
    this.#leader = new Int32Array(chainCount);
  }

  /** `null` for a chain without endpoints; `uneven` where one endpoint stands twice. */
  of(chain: ChainId): Balance | null {
    if (chain === NONE) return null;
    const known = this.#known[chain] as number;
    if (known !== UNKNOWN) return verdicts[known] as Balance | null;
    const found = this.#judge(chain);
    this.#known[chain] = verdicts.lastIndexOf(found);
    return found;
  }

  /** Part of 2^31 that a rule takes of what reaches it. */
  threshold(rule: RuleId): number {
    const { store } = this.#rules.ruleset;
    const start = this.#rules.startOf(rule, "probability");
    if (start === NONE) return threshold(this.#rules.value(rule, "probability"));
    return thresholdAt(store.bytes, start, store.wordEnd(start));
  }

  #judge(chain: ChainId): Balance | null {
    const { store } = this.#rules.ruleset;
    const role = this.#rules.role(chain);
    if (role !== "svc" && role !== "svl" && role !== "xlb") return null;
    const claim = claimOf(role, "endpoint");
    const thresholds = this.#thresholds;
    thresholds.length = 0;
    let isTwice = false;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      if (this.#rules.claim(rule) !== claim) continue;
      const target = store.targetChain(rule);
      if (this.#leader[target] === chain + 1) isTwice = true;
      this.#leader[target] = chain + 1;
      thresholds.push(this.threshold(rule));
    }
    return thresholds.length === 0 ? null : isTwice ? "uneven" : balanceOf(thresholds);
  }
}
