import { hasFlag } from "../match/semantics.ts";
import type { Packet } from "../packet.ts";
import { goesOn, type TargetSemantics } from "./outcome.ts";

const untracked = (packet: Packet) =>
  // a packet that comes back by the loopback has its connection already
  goesOn(packet.looped ? packet : { ...packet, state: "untracked", tracking: null, first: false });

/** net/netfilter/xt_CT.c (notrack_tg) */
export const NOTRACK: TargetSemantics = () => ({ effect: "is not tracked (NOTRACK)", apply: untracked });

/** net/netfilter/xt_CT.c: the template that it hangs on the packet looks like a new connection until conntrack takes over. */
export const CT: TargetSemantics = (target) =>
  hasFlag(target, "--notrack")
    ? { effect: "is not tracked (CT --notrack)", apply: untracked }
    : {
        effect: "how it is tracked is set (CT)",
        apply: (packet) => goesOn(packet.tracking === null ? packet : { ...packet, state: "new" }),
      };
