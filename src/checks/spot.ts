import { NONE } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import type { Spot } from "./check.ts";
import type { Location } from "./finding.ts";
import { locate } from "./location.ts";

/** Raw bytes of the source that a spot covers. */
export interface Bytes {
  readonly offset: number;
  readonly length: number;
}

/** Where a spot lies: its line without what surrounds it. */
export function bytesOfSpot(store: RuleStore, spot: Spot): Bytes {
  if ("offset" in spot) return spot;
  if ("rule" in spot) return lineOf(store, store.node(spot.rule));
  if ("table" in spot) return lineOf(store, spot.table.block.firstNode);
  const declared = store.declaration(spot.chain);
  if (declared !== NONE) return lineOf(store, declared);
  const first = store.firstRule(spot.chain);
  const rule = first === NONE ? (store.callers(spot.chain)[0] ?? NONE) : first;
  return rule === NONE ? { offset: 0, length: 0 } : lineOf(store, store.node(rule));
}

export function locationOf(store: RuleStore, spot: Spot): Location {
  const { offset, length } = bytesOfSpot(store, spot);
  return locate(store.ast, offset, length);
}

function lineOf(store: RuleStore, node: number): Bytes {
  const { start, end } = store.ast.textSpan(node);
  return { offset: start, length: end - start };
}
