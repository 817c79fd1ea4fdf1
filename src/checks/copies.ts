import { Growing } from "../../grammar/growing.ts";
import { UNEXPECTED } from "../kubernetes/templates/slots.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";
import { hasMatch, matchesNamed } from "./form.ts";

/** Matches that keep a state of their own in each rule: two such rules are not one. */
const STATEFUL = ["statistic", "limit", "hashlimit", "quota", "recent", "connlimit", "rateest", "time"] as const;

const LEAST_PLACES = 8;

/** So many rules are compared with each other: most chains have no more. */
const FEW = 4;

/** Finds groups of rules with equal words; equal hashes of their bytes tell. Asked of one chain after the other. */
export class Copies {
  readonly #context: Context;
  readonly #stateful = matchesNamed(...STATEFUL);
  readonly #rules = new Growing();
  /** By hashes: the places among the rules of those that differ from all before, from 1; 0: none. */
  #places = new Int32Array(LEAST_PLACES);
  #hashes = new Int32Array(LEAST_PLACES);
  /** By place of the first one: the number of its group, from 1; 0: it has no copy yet. */
  #groups = new Int32Array(LEAST_PLACES);
  // by group
  readonly #firsts = new Growing();
  readonly #seconds = new Growing();
  readonly #counts = new Growing();

  constructor(context: Context) {
    this.#context = context;
  }

  get groups(): number {
    return this.#firsts.length;
  }
  first(group: number): RuleId {
    return this.#firsts.get(group);
  }
  /** Its first copy. */
  second(group: number): RuleId {
    return this.#seconds.get(group);
  }
  /** How many rules it has, the first one included. */
  count(group: number): number {
    return this.#counts.get(group);
  }

  /** Adds the groups of the chain. */
  look(chain: ChainId): void {
    this.#take(chain);
    const { length: count } = this.#rules;
    if (count <= FEW) this.#compare(count);
    else this.#hash(count);
  }

  /** Each with those before it. */
  #compare(count: number): void {
    const { store } = this.#context;
    for (let k = 0; k < count; k++) {
      this.#groups[k] = 0;
      let first = 0;
      while (first < k && !store.isCopy(this.#rules.get(first), this.#rules.get(k))) first++;
      if (first < k) this.#found(first, this.#rules.get(k));
    }
  }

  #hash(count: number): void {
    const { store } = this.#context;
    const { values: rules } = this.#rules;
    const size = this.#makeRoom();
    const [places, hashes] = [this.#places, this.#hashes];
    for (let k = 0; k < count; k++) {
      const rule = rules[k] as RuleId;
      const hash = store.hashOf(rule);
      hashes[k] = hash;
      let slot = hash & (size - 1);
      let first = NONE;
      for (; places[slot] !== 0 && first === NONE; slot = (slot + 1) & (size - 1)) {
        const place = (places[slot] as number) - 1;
        if (hashes[place] === hash && store.isCopy(rules[place] as RuleId, rule)) first = place;
      }
      if (first === NONE) places[slot] = k + 1;
      else this.#found(first, rule);
    }
  }

  /** Takes note of a copy, unless it counts for itself: that is asked last, as only few rules have an equal one. */
  #found(place: number, rule: RuleId): void {
    if (!hasMatch(this.#context.store, rule, this.#stateful)) this.#add(place, rule);
  }

  #add(place: number, rule: RuleId): void {
    const group = (this.#groups[place] as number) - 1;
    if (group >= 0) {
      this.#counts.set(group, this.#counts.get(group) + 1);
      return;
    }
    this.#firsts.push(this.#rules.get(place));
    this.#seconds.push(rule);
    this.#counts.push(2);
    this.#groups[place] = this.groups;
  }

  /** Takes the rules of the chain that may be copies. */
  #take(chain: ChainId): void {
    const { store, claims, suspects } = this.#context;
    const { soundChains } = suspects;
    this.#rules.length = 0;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      if (store.isRefused(rule)) continue;
      const target = store.targetChain(rule);
      // a Service that is sound has one rule for its cluster IP and one for a NodePort: neither is a copy
      if (target === NONE || soundChains[target] === 0 || claims.claim(rule) <= UNEXPECTED) this.#rules.push(rule);
    }
  }

  /** Empties as many places as the rules need; how many. */
  #makeRoom(): number {
    let size = LEAST_PLACES;
    while (size < 2 * this.#rules.length) size *= 2;
    if (size > this.#places.length) {
      this.#places = new Int32Array(size);
      this.#hashes = new Int32Array(size);
      this.#groups = new Int32Array(size);
    } else {
      this.#places.fill(0, 0, size);
      this.#groups.fill(0, 0, this.#rules.length);
    }
    return size;
  }
}
