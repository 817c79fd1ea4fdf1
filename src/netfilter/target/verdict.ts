import type { TargetSemantics } from "./outcome.ts";

/** iptables(8), TARGETS */
export const ACCEPT: TargetSemantics = () => ({ effect: "accepted", apply: (packet) => ({ kind: "accept", packet }) });

export const DROP: TargetSemantics = () => ({ effect: "dropped", apply: () => ({ kind: "drop" }) });

export const RETURN: TargetSemantics = () => ({
  effect: "back to the calling chain",
  apply: () => ({ kind: "return" }),
});
