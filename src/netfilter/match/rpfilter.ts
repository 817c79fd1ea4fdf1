import { isLoopback, type NodeFacts, routeTo } from "../node.ts";
import type { Packet } from "../packet.ts";
import { type Decision, not, unknown } from "./decision.ts";
import { hasFlag, type MatchSemantics } from "./semantics.ts";

/** net/ipv4/netfilter/ipt_rpfilter.c: whether a packet to the source would leave by the interface this one came in by. */
export const rpfilter: MatchSemantics = (match) => {
  const loose = hasFlag(match, "--loose");
  const inverted = hasFlag(match, "--invert");
  return [(packet, node) => (inverted ? not(reachable(packet, node, loose)) : reachable(packet, node, loose))];
};

function reachable(packet: Packet, node: NodeFacts, loose: boolean): Decision {
  const { source, inInterface } = packet;
  if (inInterface === "lo" || packet.local) return true;
  if (typeof source === "bigint" && !isLoopback(source, packet.family)) {
    const route = routeTo(source, node);
    if (route !== null && loose) return true;
    if (route !== null && inInterface !== null) return route.interface === inInterface;
  }
  const clause = "the source is reached by the interface the packet comes in by";
  return unknown({
    key: `rpfilter${loose ? " loose" : ""}`,
    holds: clause,
    fails: clause.replace(" is ", " is not "),
    reason: "a capture does not hold the routing tables",
  });
}
