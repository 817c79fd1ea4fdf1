import type { Family } from "../../../grammar/vocabulary/record.ts";
import type { NodeFacts } from "../node.ts";
import type { Packet } from "../packet.ts";
import { complement } from "../trace/fraction.ts";
import type { Share, Variable } from "../trace/worlds.ts";

/** Neither the rules nor the caller say whether it matches: it does where the variable has the value `sense`. */
export interface Unknown {
  readonly variable: Variable;
  readonly sense: boolean;
}

/** It matches this share of all packets. */
export interface Chance {
  readonly share: Share;
}

/** Known, and asking has left something behind for later rules (recent, connlabel), or rests on what is said in `assumed`. */
export interface Remembering {
  readonly matches: boolean;
  readonly packet: Packet;
  readonly assumed?: string;
}

/** Whether a packet is what an option asks for. */
export type Decision = boolean | Unknown | Chance | Remembering;

/** One condition of a rule, ready to be asked. */
export type Test = (packet: Packet, node: NodeFacts) => Decision;

/** What semantics may know of the rule around a match or target. */
export interface RuleContext {
  readonly family: Family;
  /** Unique among rules: names variables that belong to one rule (its counter, its bucket). */
  readonly rule: string;
  readonly table: string;
}

/** The decision for the negated condition. */
export function not(decision: Decision): Decision {
  if (typeof decision === "boolean") return !decision;
  if ("variable" in decision) return { variable: decision.variable, sense: !decision.sense };
  if ("share" in decision)
    return { share: { exact: complement(decision.share.exact), ideal: complement(decision.share.ideal) } };
  return { ...decision, matches: !decision.matches };
}

export const unknown = (variable: Variable): Unknown => ({ variable, sense: true });
