import type { End } from "../netfilter/trace/ends.ts";

/** Values of what neither the rules nor the caller say, by variable. */
type World = ReadonlyMap<string, boolean>;

/** A share that differs by less is the same. */
const epsilon = 1e-6;

/**
 * How connections divide over groups of ends, where it is the same whatever the open conditions are; `null` where it is not.
 * @param groupOf - `null`: ends that are of no interest; a world in which there are only such is passed over
 */
export function sameInAllWorlds(
  ends: readonly End[],
  groupOf: (end: End) => string | null,
): ReadonlyMap<string, number> | null {
  let common: ReadonlyMap<string, number> | null = null;
  for (const world of worldsOf(ends)) {
    const shares = sharesIn(world, ends, groupOf);
    if (shares === null) continue;
    if (common !== null && !areEqual(common, shares)) return null;
    common = shares;
  }
  return common;
}

/** One world for each end, in which it comes to that; what that leaves open fails, or holds. */
function* worldsOf(ends: readonly End[]): Iterable<World> {
  const variables = new Set(ends.flatMap(({ assumptions }) => assumptions.map(({ variable }) => variable.key)));
  for (const { assumptions } of ends)
    for (const rest of variables.size === 0 ? [false] : [false, true]) {
      const world = new Map([...variables].map((key) => [key, rest]));
      for (const { variable, value } of assumptions) world.set(variable.key, value);
      yield world;
    }
}

/** `null`: conditions that exclude each other make worlds in which there is little or nothing. */
function sharesIn(
  world: World,
  ends: readonly End[],
  groupOf: (end: End) => string | null,
): ReadonlyMap<string, number> | null {
  const shares = new Map<string, number>();
  let total = 0;
  let grouped = 0;
  for (const end of ends) {
    if (!end.assumptions.every(({ variable, value }) => world.get(variable.key) === value)) continue;
    total += end.share;
    const group = groupOf(end);
    if (group === null) continue;
    grouped += end.share;
    shares.set(group, (shares.get(group) ?? 0) + end.share);
  }
  if (Math.abs(total - 1) > epsilon || grouped < epsilon) return null;
  return new Map([...shares].map(([group, share]) => [group, share / grouped]));
}

function areEqual(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  return (
    one.size === other.size && [...one].every(([group, share]) => Math.abs(share - (other.get(group) ?? -1)) < epsilon)
  );
}
