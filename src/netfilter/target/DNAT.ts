import type { NatRange } from "../../../grammar/values/types.ts";
import { firstValue } from "../match/semantics.ts";
import { addressOf, portOf, withDestination } from "./nat.ts";
import type { TargetSemantics } from "./outcome.ts";

/** net/netfilter/xt_nat.c: the first verdict ends nat at this hook. */
export const DNAT: TargetSemantics = (target, context) => {
  const range = firstValue<NatRange>(target.options, "--to-destination", context);
  const text = target.options[0]?.values[0]?.text ?? "?";
  return {
    effect: `destination becomes ${text} (DNAT)`,
    apply(packet) {
      if (range === null) return { kind: "lost", reason: `the new destination ${text} cannot be read` };
      const port = portOf(range, packet.destinationPort, packet);
      return { kind: "accept", packet: withDestination(packet, addressOf(range, packet.destination), port) };
    },
  };
};
