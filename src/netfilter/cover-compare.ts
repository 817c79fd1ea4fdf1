import { SALT } from "../../grammar/salt.ts";
import type { InterfacePattern, NumberRange } from "../../grammar/values/types.ts";
import type { Conditions } from "./cover-conditions.ts";
import { mix } from "./cover-plan.ts";
import type { Network } from "./network.ts";

/** Two rules compared by what they ask for: in the dimensions that one of them has, under its masks. */

export type Ports = readonly NumberRange[] | null;

export const isSingle = (ports: readonly NumberRange[]): boolean =>
  ports.length === 1 && ports[0]?.from === ports[0]?.to;

export const NO_HASH = -1;

/** Of the values of `mine` in the dimensions and widths of `wanted`, not negative; -1 where it asks for less than that. */
export function hashUnder(mine: Conditions, wanted: Conditions): number {
  let hash = SALT & 0x7fffffff;
  if (wanted.protocol !== null) {
    if (mine.protocol === null) return NO_HASH;
    hash = hashed(hash, mine.protocol);
  }
  if (wanted.inInterface !== null) hash = hashedName(hash, mine.inInterface, wanted.inInterface);
  if (wanted.outInterface !== null) hash = hashedName(hash, mine.outInterface, wanted.outInterface);
  if (wanted.sourcePorts !== null) hash = hashedPort(hash, mine.sourcePorts, wanted.sourcePorts);
  if (wanted.destinationPorts !== null) hash = hashedPort(hash, mine.destinationPorts, wanted.destinationPorts);
  if (wanted.source !== null) hash = hashedAddress(hash, mine.source, wanted.source);
  if (wanted.destination !== null) hash = hashedAddress(hash, mine.destination, wanted.destination);
  return hash;
}

const hashed = (hash: number, value: number): number => mix(hash, value) & 0x7fffffff;

function hashedName(hash: number, mine: InterfacePattern | null, wanted: InterfacePattern): number {
  if (hash < 0 || mine === null || (mine.wildcard && !wanted.wildcard)) return NO_HASH;
  const length = wanted.wildcard ? wanted.name.length : mine.name.length;
  if (mine.name.length < length) return NO_HASH;
  let all = hash;
  for (let k = 0; k < length; k++) all = hashed(all, mine.name.charCodeAt(k));
  return all;
}

function hashedPort(hash: number, mine: readonly NumberRange[] | null, wanted: readonly NumberRange[]): number {
  if (hash < 0 || mine === null) return NO_HASH;
  if (!isSingle(wanted)) return hash;
  return isSingle(mine) ? hashed(hash, (mine[0] as NumberRange).from) : NO_HASH;
}

function hashedAddress(hash: number, mine: Network | null, wanted: Network): number {
  return hash < 0 || mine === null || !mine.isAsNarrowAs(wanted) ? NO_HASH : hashed(hash, mine.hashUnder(wanted));
}

/** Whether two rules that both ask for what `wanted` does ask for the same values of that. */
export function hasValuesOf(a: Conditions, b: Conditions, wanted: Conditions): boolean {
  return (
    (wanted.protocol === null || a.protocol === b.protocol) &&
    (wanted.inInterface === null || isSameName(a.inInterface, b.inInterface, wanted.inInterface)) &&
    (wanted.outInterface === null || isSameName(a.outInterface, b.outInterface, wanted.outInterface)) &&
    (wanted.sourcePorts === null || isSamePort(a.sourcePorts, b.sourcePorts, wanted.sourcePorts)) &&
    (wanted.destinationPorts === null || isSamePort(a.destinationPorts, b.destinationPorts, wanted.destinationPorts)) &&
    (wanted.source === null || isSameAddress(a.source, b.source, wanted.source)) &&
    (wanted.destination === null || isSameAddress(a.destination, b.destination, wanted.destination))
  );
}

const isSameName = (a: InterfacePattern | null, b: InterfacePattern | null, { name, wildcard }: InterfacePattern) =>
  a !== null &&
  b !== null &&
  (wildcard ? a.name.slice(0, name.length) === b.name.slice(0, name.length) : a.name === b.name);

const isSamePort = (a: Ports, b: Ports, wanted: readonly NumberRange[]) =>
  !isSingle(wanted) || a?.[0]?.from === b?.[0]?.from;

const isSameAddress = (a: Network | null, b: Network | null, wanted: Network) =>
  a !== null && b !== null && a.equalsUnder(wanted, b);

/** Whether every packet that `inner` asks for is one that `outer` asks for. */
export const covers = (outer: Conditions, inner: Conditions): boolean =>
  hashUnder(inner, outer) !== NO_HASH && hasValuesOf(inner, outer, outer) && takesRest(outer, inner);

/** The same of two rules with equal values in the dimensions that have one. */
const takesRest = (outer: Conditions, inner: Conditions): boolean =>
  takesPorts(outer.sourcePorts, inner.sourcePorts) &&
  takesPorts(outer.destinationPorts, inner.destinationPorts) &&
  takesTexts(outer, inner);

/** Whether the inner rule is as narrow in states, and in what is compared as text. */
export function takesTexts({ states, others }: Conditions, inner: Conditions): boolean {
  if (states !== null && !(inner.states?.every((state) => states.includes(state)) ?? false)) return false;
  // what else the inner one asks for is read only where it matters
  return others.length === 0 || isSubset(others, inner.others);
}

export function takesPorts(wide: Ports, narrow: Ports): boolean {
  if (wide === null) return true;
  if (narrow === null) return false;
  for (let k = 0; k < narrow.length; k++) if (!isTaken(narrow[k] as NumberRange, wide)) return false;
  return true;
}

function isTaken({ from, to }: NumberRange, wide: readonly NumberRange[]): boolean {
  for (let k = 0; k < wide.length; k++) {
    const range = wide[k] as NumberRange;
    if (range.from <= from && to <= range.to) return true;
  }
  return false;
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
