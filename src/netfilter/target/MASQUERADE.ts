import type { NumberRange } from "../../../grammar/values/types.ts";
import { firstValue, hasFlag } from "../match/semantics.ts";
import { ANY_PORT, addressOfInterface, hasPorts, withSource } from "./nat.ts";
import type { TargetSemantics } from "./outcome.ts";

/** net/netfilter/nf_nat_masquerade.c: the address of the interface by which the packet leaves. */
export const MASQUERADE: TargetSemantics = (target, context) => {
  const ports = firstValue<NumberRange>(target.options, "--to-ports", context);
  const random = hasFlag(target, "--random") || hasFlag(target, "--random-fully");
  return {
    effect: "source becomes the address of the interface it leaves by (MASQUERADE)",
    apply(packet, node) {
      const { outInterface } = packet;
      const label = "the address of the interface the packet leaves by";
      // the loopback has none of its own to give, and the address that the packet goes to is the node's as well
      const address = outInterface === "lo" ? packet.destination : addressOfInterface(outInterface, node, label);
      const port = !hasPorts(packet) ? null : ports !== null ? ports : random ? ANY_PORT : packet.sourcePort;
      return { kind: "accept", packet: withSource(packet, address, port) };
    },
  };
};
