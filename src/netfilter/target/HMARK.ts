import { unknownBits } from "../packet.ts";
import { goesOn, type TargetSemantics } from "./outcome.ts";

/** net/netfilter/xt_HMARK.c: the mark becomes a hash of the connection, which is not computed here. */
export const HMARK: TargetSemantics = (_target, context) => ({
  effect: "the mark becomes a hash of the connection (HMARK)",
  apply: (packet) => goesOn({ ...packet, mark: unknownBits(`the hash of ${context.rule}`) }),
});
