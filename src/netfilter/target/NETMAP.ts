import type { AddressMask } from "../../../grammar/values/types.ts";
import { firstValue } from "../match/semantics.ts";
import type { PacketAddress } from "../packet.ts";
import { hasPorts, isBeforeRouting, withDestination, withSource } from "./nat.ts";
import type { TargetSemantics } from "./outcome.ts";

/** net/netfilter/xt_NETMAP.c: the network part is replaced, the host part kept. */
export const NETMAP: TargetSemantics = (target, context) => {
  const network = firstValue<AddressMask>(target.options, "--to", context);
  const text = target.options[0]?.values[0]?.text ?? "?";
  return {
    effect: `network part becomes ${text} (NETMAP)`,
    apply(packet, _node, hook) {
      if (network === null) return { kind: "lost", reason: `the network ${text} cannot be read` };
      if (isBeforeRouting(hook)) {
        const port = hasPorts(packet) ? packet.destinationPort : null;
        return { kind: "accept", packet: withDestination(packet, mapped(packet.destination, network), port) };
      }
      const port = hasPorts(packet) ? packet.sourcePort : null;
      return { kind: "accept", packet: withSource(packet, mapped(packet.source, network), port) };
    },
  };
};

function mapped(address: PacketAddress, { bits, mask, family }: AddressMask): PacketAddress {
  const all = family === 4 ? 0xffffffffn : (1n << 128n) - 1n;
  if (typeof address === "bigint") return (address & (all ^ mask)) | bits;
  return {
    id: `${address.id} in ${bits}`,
    label: "the mapped address",
    local: null,
    from: bits,
    to: bits | (all ^ mask),
  };
}
