import { add, equal, type Fraction, multiply, ONE, ZERO } from "./fraction.ts";

/** A range of values, both ends included, of what is not known: `topic` says of what (the source, the port, an interface). */
export interface Region {
  readonly topic: string;
  readonly from: bigint;
  readonly to: bigint;
}

/** A condition that neither the rules nor the caller decide. It has one value throughout a trace. */
export interface Variable {
  /** Equal keys are one variable. */
  readonly key: string;
  /** What is assumed where it holds and where it does not, as a clause: "192.0.2.10 is an address of this node". */
  readonly holds: string;
  readonly fails: string;
  /** Why it is not known: "a capture does not hold what is in the sets". */
  readonly reason?: string;
  /** Where the condition is that a value lies in a range; conditions on the same topic then imply or exclude each other. */
  readonly region?: Region;
}

/** How many of all packets: exactly, and as the fraction that the rules mean (1/3 for 0.33333333349). */
export interface Share {
  readonly exact: Fraction;
  readonly ideal: Fraction;
}

/**
 * A share for every combination of values of the variables: a reduced ordered decision diagram with shares as leaves.
 * Equal diagrams of one `Worlds` are the same object, so what does not depend on a variable does not mention it.
 */
export type Weight = Leaf | Branch;

interface Leaf {
  readonly id: number;
  readonly level: typeof LEAF;
  readonly share: Share;
}

interface Branch {
  readonly id: number;
  /** Ordinal of the variable. */
  readonly level: number;
  readonly high: Weight;
  readonly low: Weight;
}

const LEAF = Number.MAX_SAFE_INTEGER;

/** A variable with the value that it is taken to have. */
export interface Assumption {
  readonly variable: Variable;
  readonly value: boolean;
}

/** Bounds: recursion is as deep as there are variables, and a hostile dump shall not fill the memory. */
const MOST_VARIABLES = 256;
const MOST_NODES = 200_000;

/** The variables of one trace and the arithmetic of weights over them. */
export class Worlds {
  readonly variables: Variable[] = [];
  readonly #levels = new Map<string, number>();
  readonly #branches = new Map<string, Branch>();
  readonly #leaves = new Map<string, Leaf[]>();
  #nodes = 0;
  readonly zero: Weight;
  readonly one: Weight;

  constructor() {
    this.zero = this.#leaf({ exact: ZERO, ideal: ZERO });
    this.one = this.#leaf({ exact: ONE, ideal: ONE });
  }

  /** True when the bounds are reached: no more variables can be told apart. */
  get exhausted(): boolean {
    return this.variables.length >= MOST_VARIABLES || this.#nodes > MOST_NODES;
  }

  /** The weight where the variable holds, and where it does not; impossible combinations have weight zero. */
  split(weight: Weight, variable: Variable): { readonly holds: Weight; readonly fails: Weight } {
    const level = this.#level(variable);
    let holds = this.#assume(weight, level, true);
    let fails = this.#assume(weight, level, false);
    const region = variable.region;
    if (region === undefined) return { holds, fails };
    for (let other = 0; other < this.variables.length; other++) {
      const known = this.variables[other]!.region;
      if (other === level || known === undefined || known.topic !== region.topic) continue;
      if (known.to < region.from || region.to < known.from) holds = this.#assume(holds, other, false);
      else if (known.from <= region.from && region.to <= known.to) holds = this.#assume(holds, other, true);
      else if (region.from <= known.from && known.to <= region.to) fails = this.#assume(fails, other, false);
    }
    return { holds, fails };
  }

  scale(weight: Weight, share: Share): Weight {
    const done = new Map<Weight, Weight>();
    const visit = (node: Weight): Weight => {
      if (node.level === LEAF) return this.#leaf(product((node as Leaf).share, share));
      const known = done.get(node);
      if (known !== undefined) return known;
      const { level, high, low } = node as Branch;
      const made = this.#branch(level, visit(high), visit(low));
      done.set(node, made);
      return made;
    };
    return visit(weight);
  }

  add(left: Weight, right: Weight): Weight {
    const done = new Map<string, Weight>();
    const visit = (x: Weight, y: Weight): Weight => {
      if (x === this.zero) return y;
      if (y === this.zero) return x;
      if (x.level === LEAF && y.level === LEAF) return this.#leaf(sum((x as Leaf).share, (y as Leaf).share));
      const key = `${x.id},${y.id}`;
      const known = done.get(key);
      if (known !== undefined) return known;
      const level = Math.min(x.level, y.level);
      const made = this.#branch(
        level,
        visit(cofactor(x, level, true), cofactor(y, level, true)),
        visit(cofactor(x, level, false), cofactor(y, level, false)),
      );
      done.set(key, made);
      return made;
    };
    return visit(left, right);
  }

  isZero(weight: Weight): boolean {
    return weight === this.zero;
  }

  /**
   * The weight simplified by what cannot be: where `possible` is zero its value is free. Afterwards it mentions a variable
   * only if that matters in some possible world.
   */
  simplify(weight: Weight, possible: Weight): Weight {
    const done = new Map<string, Weight>();
    const visit = (x: Weight, care: Weight): Weight => {
      if (x.level === LEAF || care.level === LEAF) return x;
      const key = `${x.id},${care.id}`;
      const known = done.get(key);
      if (known !== undefined) return known;
      const level = Math.min(x.level, care.level);
      const careHigh = cofactor(care, level, true);
      const careLow = cofactor(care, level, false);
      let made: Weight;
      if (careHigh === this.zero) made = visit(cofactor(x, level, false), careLow);
      else if (careLow === this.zero) made = visit(cofactor(x, level, true), careHigh);
      else if (x.level > level) made = visit(x, this.add(careHigh, careLow));
      else
        made = this.#branch(
          level,
          visit(cofactor(x, level, true), careHigh),
          visit(cofactor(x, level, false), careLow),
        );
      done.set(key, made);
      return made;
    };
    return visit(weight, possible);
  }

  /** Every way of values on which the weight is not zero, at most `limit` of them. */
  cases(weight: Weight, limit: number): { readonly assumptions: readonly Assumption[]; readonly share: Share }[] {
    const found: { assumptions: Assumption[]; share: Share }[] = [];
    const path: Assumption[] = [];
    const visit = (node: Weight): void => {
      if (node === this.zero || found.length >= limit) return;
      if (node.level === LEAF) {
        found.push({ assumptions: [...path], share: (node as Leaf).share });
        return;
      }
      const { level, high, low } = node as Branch;
      for (const [value, next] of [[true, high] as const, [false, low] as const]) {
        path.push({ variable: this.variables[level]!, value });
        visit(next);
        path.pop();
      }
    };
    visit(weight);
    return found;
  }

  #level(variable: Variable): number {
    const known = this.#levels.get(variable.key);
    if (known !== undefined) return known;
    const level = this.variables.length;
    this.#levels.set(variable.key, level);
    this.variables.push(variable);
    return level;
  }

  #assume(weight: Weight, level: number, value: boolean): Weight {
    const done = new Map<Weight, Weight>();
    const visit = (node: Weight): Weight => {
      if (node === this.zero) return node;
      const known = done.get(node);
      if (known !== undefined) return known;
      let made: Weight;
      if (node.level < level) {
        const { high, low } = node as Branch;
        made = this.#branch(node.level, visit(high), visit(low));
      } else {
        const kept = cofactor(node, level, value);
        made = value ? this.#branch(level, kept, this.zero) : this.#branch(level, this.zero, kept);
      }
      done.set(node, made);
      return made;
    };
    return visit(weight);
  }

  #branch(level: number, high: Weight, low: Weight): Weight {
    if (high === low) return high;
    const key = `${level},${high.id},${low.id}`;
    let made = this.#branches.get(key);
    if (made === undefined) {
      made = { id: this.#nodes++, level, high, low };
      this.#branches.set(key, made);
    }
    return made;
  }

  #leaf(share: Share): Weight {
    const { exact, ideal } = share;
    const bucket = `${exact.exponent},${exact.numerator & 0xffffffffffffffffn},${ideal.odd}`;
    const leaves = this.#leaves.get(bucket) ?? [];
    if (leaves.length === 0) this.#leaves.set(bucket, leaves);
    const known = leaves.find((leaf) => sameShare(leaf.share, share));
    if (known !== undefined) return known;
    const made: Leaf = { id: this.#nodes++, level: LEAF, share };
    leaves.push(made);
    return made;
  }
}

function cofactor(node: Weight, level: number, value: boolean): Weight {
  if (node.level !== level) return node;
  const { high, low } = node as Branch;
  return value ? high : low;
}

const sameShare = (x: Share, y: Share): boolean => equal(x.exact, y.exact) && equal(x.ideal, y.ideal);

const product = (x: Share, y: Share): Share => ({
  exact: multiply(x.exact, y.exact),
  ideal: multiply(x.ideal, y.ideal),
});

const sum = (x: Share, y: Share): Share => ({ exact: add(x.exact, y.exact), ideal: add(x.ideal, y.ideal) });
