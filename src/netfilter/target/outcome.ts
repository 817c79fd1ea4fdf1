import type { TargetNode } from "../../../grammar/ast.ts";
import type { RuleContext } from "../match/decision.ts";
import type { NodeFacts } from "../node.ts";
import type { Packet } from "../packet.ts";
import type { Variable } from "../trace/worlds.ts";

/** Points of the packet's path, named as the built-in chains. */
export type Hook = "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";

/** What becomes of a packet at a target. */
export type Outcome =
  /** It goes on with the next rule. */
  | { readonly kind: "continue"; readonly packet: Packet }
  /** It leaves this table at this hook, and goes on with the next one. */
  | { readonly kind: "accept"; readonly packet: Packet }
  | { readonly kind: "drop" }
  /** `with` as `--reject-with` names it. */
  | { readonly kind: "reject"; readonly with: string }
  /** It goes back to the calling chain; in a built-in chain the policy decides. */
  | { readonly kind: "return" }
  /** The rules do not say what happens next. */
  | { readonly kind: "lost"; readonly reason: string }
  | { readonly kind: "either"; readonly variable: Variable; readonly holds: Outcome; readonly fails: Outcome };

/** A target with its options read. */
export interface Action {
  /** What it does, in words: "destination becomes 10.244.1.5:80 (DNAT)". */
  readonly effect: string;
  /** It changes nothing that a later rule could see, so it does not matter whether the rule matched. */
  readonly silent?: boolean;
  apply(packet: Packet, node: NodeFacts, hook: Hook): Outcome;
}

export type TargetSemantics = (target: TargetNode, context: RuleContext) => Action;

export const goesOn = (packet: Packet): Outcome => ({ kind: "continue", packet });

/** A target that leaves the packet as it is. */
export const silent =
  (effect: string): TargetSemantics =>
  () => ({ effect, silent: true, apply: goesOn });

/** A target after which the rules do not say what happens. */
export const losing =
  (effect: string, reason: string): TargetSemantics =>
  () => ({ effect, apply: () => ({ kind: "lost", reason }) });
