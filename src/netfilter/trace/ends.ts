import { endpointText, type Packet } from "../packet.ts";
import { NONE } from "../ruleset.ts";
import { toNumber, toText } from "./fraction.ts";
import type { State, Trail } from "./state.ts";
import { type Step, wayOf } from "./steps.ts";
import type { Fate } from "./walk.ts";
import type { Assumption, Share, Variable, Weight, Worlds } from "./worlds.ts";

/** Where packets end. */
export interface End {
  /** Share of all packets, where the assumptions hold. */
  readonly share: number;
  /** The same as the rules mean it: `1/3` for 0.33333333349. */
  readonly ideal: string;
  readonly fate: "forwarded" | "local" | "rejected" | "dropped" | "unknown";
  /** New destination, `10.244.1.5:80`; an address that is not known is `?`. */
  readonly dnat: string | null;
  /** Whether the source was rewritten; `null` where the packet does not get so far. */
  readonly snat: boolean | null;
  /** As `--reject-with` names it. */
  readonly rejectWith: string | null;
  /** `null`: not known, or none. */
  readonly outInterface: string | null;
  /** Why the fate is unknown. */
  readonly reason: string | null;
  /** What this end rests on that neither the rules nor the caller say. */
  readonly assumptions: readonly Assumption[];
  /** Index of the last step; -1 when no rule matched. */
  readonly step: number;
  /** Indices of all steps of the way, in order. */
  readonly way: readonly number[];
  /**
   * Where many ways have come together, the parents of the last step are those that all of them share: here are the last steps
   * of the others of this way, so that they and their parents make it whole. Mostly empty.
   */
  readonly via: readonly number[];
}

interface Gathered {
  readonly end: Pick<End, "fate" | "dnat" | "snat" | "rejectWith" | "outInterface" | "reason">;
  readonly trail: Trail | null;
  weight: Weight;
}

/** An end that rests on more combinations of assumptions than this is told once, without naming them. */
const MOST_CASES = 256;

/** Gathers ends; equal ones are one, with the sum of their shares. */
export class Ends {
  readonly #worlds: Worlds;
  readonly #gathered = new Map<string, Gathered>();

  constructor(worlds: Worlds) {
    this.#worlds = worlds;
  }

  /** A packet that leaves the node or reaches one of its sockets. */
  delivered(state: State, fate: "forwarded" | "local"): void {
    const { packet } = state;
    const outInterface = fate === "forwarded" ? packet.outInterface : null;
    const { sourceTranslation } = packet;
    // nat may well choose the address that the packet has
    const snat = sourceTranslation !== null && sourceTranslation.address !== packet.original.source;
    this.#add(state, "", { fate, dnat: dnatOf(packet), snat, rejectWith: null, outInterface, reason: null });
  }

  ended(state: State, fate: Fate): void {
    const rejectWith = fate.kind === "rejected" ? fate.with : null;
    const reason = fate.kind === "unknown" ? fate.reason : null;
    // packets that different rules end are different ends; policies are told apart by their step
    const by = fate.rule === NONE && reason === null ? `step ${state.trail?.step}` : `rule ${fate.rule}`;
    this.#add(state, by, {
      fate: fate.kind,
      // where a trace gives up, it does not matter how far each packet got
      dnat: fate.kind === "unknown" && fate.rule === NONE ? null : dnatOf(state.packet),
      snat: null,
      rejectWith,
      outInterface: null,
      reason,
    });
  }

  #add(state: State, by: string, end: Gathered["end"]): void {
    const key = `${by} ${Object.values(end).join("|")}`;
    const known = this.#gathered.get(key);
    if (known === undefined) this.#gathered.set(key, { end, trail: state.trail, weight: state.weight });
    else known.weight = this.#worlds.add(known.weight, state.weight);
  }

  /** All ends, with the assumptions that matter. */
  list(steps: readonly Step[]): End[] {
    const worlds = this.#worlds;
    let possible = worlds.zero;
    for (const { weight } of this.#gathered.values()) possible = worlds.add(possible, weight);
    const ends: End[] = [];
    for (const { end, weight, trail } of this.#gathered.values()) {
      const way = wayOf({ trail });
      const step = way[way.length - 1] ?? -1;
      const via = besides(way, steps);
      for (const { assumptions, share } of casesOf(worlds, worlds.simplify(weight, possible))) {
        ends.push({ share: toNumber(share.exact), ideal: toText(share.ideal), ...end, assumptions, step, way, via });
      }
    }
    return ends;
  }
}

/** The combinations of assumptions that a weight rests on; a single one in general terms where there are too many. */
function casesOf(worlds: Worlds, weight: Weight): readonly { assumptions: readonly Assumption[]; share: Share }[] {
  const cases = worlds.cases(weight, MOST_CASES + 1);
  if (cases.length <= MOST_CASES) return cases;
  const asked = new Map(
    cases.flatMap(({ assumptions }) => assumptions.map(({ variable }) => [variable.key, variable])),
  );
  const [first, second] = asked.values();
  const holds = `it is one of many combinations of what is not known, such as whether ${first?.holds} and whether ${second?.holds}`;
  const variable: Variable = { key: holds, holds, fails: holds };
  const share = cases.reduce(
    (most, { share }) => (toNumber(share.exact) > toNumber(most.exact) ? share : most),
    cases[0]!.share,
  );
  return [{ assumptions: [{ variable, value: true }], share }];
}

/** Steps of a way that are no ancestors of its last step, nor of one another. */
function besides(way: readonly number[], steps: readonly Step[]): number[] {
  const via: number[] = [];
  let expected = way[way.length - 1] ?? -1;
  for (let k = way.length - 1; k >= 0; k--) {
    const step = way[k] as number;
    if (step !== expected) via.push(step);
    expected = (steps[step] as Step).parent;
  }
  return via.reverse();
}

function dnatOf({ destinationTranslation, family }: Packet): string | null {
  return destinationTranslation === null ? null : endpointText(destinationTranslation, family);
}
