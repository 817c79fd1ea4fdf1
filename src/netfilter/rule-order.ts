import { columnFor } from "../../grammar/text-memory.ts";
import { type ChainId, NONE, type RuleId } from "./ruleset.ts";

/** A number of `-I` is looked for among so many rules alone. */
const MOST_PLACES = 1000;

/** The order of rules in their chains: of each rule the next one, of each chain the first. */
export class RuleOrder {
  readonly next: Int32Array;
  readonly first: Int32Array;
  readonly #last: Int32Array;

  /**
   * @param chains - of each rule, in the order of the text
   * @param inserted - rules of `-I CHAIN 3`, and the numbers of their places
   * @param text - in which the rules stand
   */
  constructor(chains: Int32Array, chainCount: number, inserted: ReadonlyMap<RuleId, number>, text: Uint8Array) {
    this.next = columnFor(text, chains.length).fill(NONE);
    this.first = columnFor(text, chainCount).fill(NONE);
    this.#last = new Int32Array(chainCount).fill(NONE);
    if (inserted.size === 0) this.#appendAll(chains);
    else
      for (let rule = 0; rule < chains.length; rule++) {
        const place = inserted.get(rule);
        if (place === undefined) this.#append(chains[rule] as ChainId, rule);
        else this.#insert(chains[rule] as ChainId, rule, place);
      }
  }

  /** In one loop over columns: a dump has no insertions and many rules. */
  #appendAll(chains: Int32Array): void {
    const [next, first, last] = [this.next, this.first, this.#last];
    for (let rule = 0; rule < chains.length; rule++) {
      const chain = chains[rule] as ChainId;
      const before = last[chain] as RuleId;
      if (before === NONE) first[chain] = rule;
      else next[before] = rule;
      last[chain] = rule;
    }
  }

  #append(chain: ChainId, rule: RuleId): void {
    const last = this.#last[chain] as RuleId;
    if (last === NONE) this.first[chain] = rule;
    else this.next[last] = rule;
    this.#last[chain] = rule;
  }

  /** `-I CHAIN 3`: before the third rule. */
  #insert(chain: ChainId, rule: RuleId, number: number): void {
    let before: RuleId = NONE;
    let next = this.first[chain] as RuleId;
    for (let place = 1; place < Math.min(number, MOST_PLACES) && next !== NONE; place++) {
      before = next;
      next = this.next[next] as RuleId;
    }
    if (next === NONE) {
      this.#append(chain, rule);
      return;
    }
    this.next[rule] = next;
    if (before === NONE) this.first[chain] = rule;
    else this.next[before] = rule;
  }
}
