import type { NatRange } from "../../../grammar/values/types.ts";
import { firstValue, hasFlag } from "../match/semantics.ts";
import { ANY_PORT, addressOf, hasPorts, portOf, withSource } from "./nat.ts";
import type { TargetSemantics } from "./outcome.ts";

/** net/netfilter/xt_nat.c; the port is kept if it is free, so it counts as kept unless the rule says otherwise. */
export const SNAT: TargetSemantics = (target, context) => {
  const range = firstValue<NatRange>(target.options, "--to-source", context);
  const text = target.options[0]?.values[0]?.text ?? "?";
  const random = hasFlag(target, "--random") || hasFlag(target, "--random-fully");
  return {
    effect: `source becomes ${text} (SNAT)`,
    apply(packet) {
      if (range === null) return { kind: "lost", reason: `the new source ${text} cannot be read` };
      const port = portOf(range, packet.sourcePort, packet);
      return {
        kind: "accept",
        packet: withSource(
          packet,
          addressOf(range, packet.source),
          random && hasPorts(packet) && range.portFrom === null ? ANY_PORT : port,
        ),
      };
    },
  };
};
