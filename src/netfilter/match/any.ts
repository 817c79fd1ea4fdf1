import type { Variable } from "../trace/worlds.ts";
import { type Decision, unknown } from "./decision.ts";

/** One of several decisions. Where more than one is not known, their disjunction is a variable of its own. */
export function anyOf(decisions: readonly Decision[]): Decision {
  if (decisions.includes(true)) return true;
  const open: { readonly variable: Variable; readonly sense: boolean }[] = [];
  for (const decision of decisions) if (typeof decision === "object" && "variable" in decision) open.push(decision);
  const [only] = open;
  if (only === undefined) return false;
  if (open.length === 1) return only;
  const clause = open.map(({ variable, sense }) => (sense ? variable.holds : variable.fails));
  const text = clause.join(" or ");
  return unknown({ key: text, holds: text, fails: `neither ${clause.join(" nor ")}` });
}
