import { hasFlag } from "../match/semantics.ts";
import type { Packet } from "../packet.ts";
import { goesOn, silent, type TargetSemantics } from "./outcome.ts";

const untracked = (packet: Packet) =>
  // a packet that comes back by the loopback has its connection already
  goesOn(packet.looped ? packet : { ...packet, state: "untracked", first: false });

/** net/netfilter/xt_CT.c (notrack_tg) */
export const NOTRACK: TargetSemantics = () => ({ effect: "is not tracked (NOTRACK)", apply: untracked });

/** net/netfilter/xt_CT.c: helpers, timeouts, events and zones change nothing that a rule asks for here. */
export const CT: TargetSemantics = (target, context) => {
  return hasFlag(target, "--notrack")
    ? { effect: "is not tracked (CT --notrack)", apply: untracked }
    : silent("how it is tracked is set (CT)")(target, context);
};
