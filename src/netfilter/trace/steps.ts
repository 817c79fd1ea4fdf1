import type { RuleId } from "../ruleset.ts";
import type { TableName } from "../table.ts";
import type { Hook } from "../target/outcome.ts";
import type { State } from "./state.ts";

/** A rule that matched on the way of a packet, or the policy of a built-in chain. */
export interface Step {
  readonly hook: Hook;
  readonly table: TableName;
  readonly chain: string;
  /** `NONE` for a policy. */
  readonly rule: RuleId;
  /** In its file, from 1; 0 where no line says it. */
  readonly line: number;
  readonly effect: string;
  /** Where the rule chooses at random: which share of the packets that come to it, as a number and as the rule means it (`1/3`). */
  readonly chance: { readonly share: number; readonly ideal: string } | null;
  /** Index of the step before it; -1 for a first one. */
  readonly parent: number;
}

/** From so many ways on, a step that all of them take is kept once, behind the last step that they have in common. */
const MANY = 32;

/** The steps of a trace: a tree, each behind its parent. */
export class Steps {
  readonly list: Step[] = [];
  readonly #depth: number[] = [];

  /** Notes that all of the states take the step; gives back the states with it on their trails. */
  take(states: readonly State[], step: Omit<Step, "parent">): State[] {
    if (states.length < MANY) {
      return states.map((state) => ({
        ...state,
        trail: { step: this.#add(step, lastOf(state)), before: state.trail },
      }));
    }
    let common = lastOf(states[0]!);
    for (const state of states) common = this.#commonAncestor(common, lastOf(state));
    const shared = this.#add(step, common);
    return states.map((state) => ({ ...state, trail: { step: shared, before: state.trail } }));
  }

  #add(step: Omit<Step, "parent">, parent: number): number {
    this.list.push({ ...step, parent });
    this.#depth.push(parent < 0 ? 0 : (this.#depth[parent] as number) + 1);
    return this.list.length - 1;
  }

  #commonAncestor(left: number, right: number): number {
    let [x, y] = [left, right];
    while (x !== y) {
      if (x < 0 || y < 0) return -1;
      if ((this.#depth[x] as number) >= (this.#depth[y] as number)) x = (this.list[x] as Step).parent;
      else y = (this.list[y] as Step).parent;
    }
    return x;
  }
}

const lastOf = (state: State): number => state.trail?.step ?? -1;

/** Indices of the steps of a way, in order. */
export function wayOf(state: Pick<State, "trail">): number[] {
  const way: number[] = [];
  for (let trail = state.trail; trail !== null; trail = trail.before) way.push(trail.step);
  return way.reverse();
}
