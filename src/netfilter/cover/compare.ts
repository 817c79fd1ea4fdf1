import { SALT } from "../../../grammar/salt.ts";
import { Dimension, mix } from "./condition-plan.ts";
import type { Conditions } from "./conditions.ts";

/** Two rules compared by what they ask for: in the dimensions that one of them has, under its masks. */

export const NO_HASH = -1;

/**
 * Of the values of `mine` in the dimensions and widths of `wanted`, not negative; -1 where it asks for less than that.
 * @param mine - has all dimensions of `wanted`
 */
export function hashUnder(mine: Conditions, wanted: Conditions): number {
  const { dimensions } = wanted;
  let hash = SALT;
  if ((dimensions & Dimension.protocol) !== 0) hash = mix(hash, mine.protocol);
  if ((dimensions & Dimension.sourcePorts) !== 0 && wanted.sourcePorts.single >= 0) {
    if (mine.sourcePorts.single < 0) return NO_HASH;
    hash = mix(hash, mine.sourcePorts.single);
  }
  if ((dimensions & Dimension.destinationPorts) !== 0 && wanted.destinationPorts.single >= 0) {
    if (mine.destinationPorts.single < 0) return NO_HASH;
    hash = mix(hash, mine.destinationPorts.single);
  }
  if ((dimensions & Dimension.source) !== 0) {
    if (!mine.source.isAsNarrowAs(wanted.source)) return NO_HASH;
    hash = mix(hash, mine.source.hashUnder(wanted.source));
  }
  if ((dimensions & Dimension.destination) !== 0) {
    if (!mine.destination.isAsNarrowAs(wanted.destination)) return NO_HASH;
    hash = mix(hash, mine.destination.hashUnder(wanted.destination));
  }
  if ((dimensions & Dimension.inInterface) !== 0) {
    if (!mine.inInterface.isAsNarrowAs(wanted.inInterface)) return NO_HASH;
    hash = mix(hash, mine.inInterface.hashUnder(wanted.inInterface));
  }
  if ((dimensions & Dimension.outInterface) !== 0) {
    if (!mine.outInterface.isAsNarrowAs(wanted.outInterface)) return NO_HASH;
    hash = mix(hash, mine.outInterface.hashUnder(wanted.outInterface));
  }
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}

/** Whether two rules that both ask for what `wanted` does ask for the same values of that. */
export function hasValuesOf(a: Conditions, b: Conditions, wanted: Conditions): boolean {
  const { dimensions } = wanted;
  const asks = (dimension: Dimension): boolean => (dimensions & dimension) !== 0;
  return (
    (!asks(Dimension.protocol) || a.protocol === b.protocol) &&
    (!asks(Dimension.sourcePorts) || wanted.sourcePorts.single < 0 || a.sourcePorts.single === b.sourcePorts.single) &&
    (!asks(Dimension.destinationPorts) ||
      wanted.destinationPorts.single < 0 ||
      a.destinationPorts.single === b.destinationPorts.single) &&
    (!asks(Dimension.source) || a.source.equalsUnder(wanted.source, b.source)) &&
    (!asks(Dimension.destination) || a.destination.equalsUnder(wanted.destination, b.destination)) &&
    (!asks(Dimension.inInterface) || a.inInterface.equalsUnder(wanted.inInterface, b.inInterface)) &&
    (!asks(Dimension.outInterface) || a.outInterface.equalsUnder(wanted.outInterface, b.outInterface))
  );
}

/** Whether every packet that `inner` asks for is one that `outer` asks for. */
export const covers = (outer: Conditions, inner: Conditions): boolean =>
  (outer.dimensions & ~inner.dimensions) === 0 &&
  hashUnder(inner, outer) !== NO_HASH &&
  hasValuesOf(inner, outer, outer) &&
  takesPorts(outer, inner) &&
  takesTexts(outer, inner);

const takesPorts = (outer: Conditions, inner: Conditions): boolean =>
  ((outer.dimensions & Dimension.sourcePorts) === 0 || outer.sourcePorts.takes(inner.sourcePorts)) &&
  ((outer.dimensions & Dimension.destinationPorts) === 0 || outer.destinationPorts.takes(inner.destinationPorts));

/** Whether the inner rule, which has all dimensions of the other one, is as narrow in states, and in what is compared as text. */
export function takesTexts(outer: Conditions, inner: Conditions): boolean {
  if ((outer.dimensions & Dimension.states) !== 0 && (inner.states & ~outer.states) !== 0) return false;
  // what else the inner one asks for is read only where it matters
  return (outer.dimensions & Dimension.others) === 0 || isSubset(outer.others, inner.others);
}

/** Of sorted texts. */
function isSubset(part: readonly string[], whole: readonly string[]): boolean {
  let k = 0;
  for (const text of part) {
    while (k < whole.length && (whole[k] as string) < text) k++;
    if (whole[k] !== text) return false;
  }
  return true;
}
