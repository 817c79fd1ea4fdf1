import type { Mark } from "../../../grammar/values/types.ts";
import { firstValue } from "../match/semantics.ts";
import { changeBits, type Packet } from "../packet.ts";
import type { TargetSemantics } from "./outcome.ts";

/** net/netfilter/xt_TPROXY.c: gives the packet to a socket of this node, or drops it when none listens. */
export const TPROXY: TargetSemantics = (target, context) => {
  const port = firstValue<number>(target.options, "--on-port", context) ?? 0;
  const mark = firstValue<Mark>(target.options, "--tproxy-mark", context) ?? { value: 0, mask: 0 };
  const listens = `a transparent proxy listens on port ${port === 0 ? "of the destination" : port}`;
  const taken = (packet: Packet): Packet => ({
    ...packet,
    diverted: true,
    mark: changeBits(packet.mark, mark.value, mark.mask),
  });
  return {
    effect: `goes to the proxy on port ${port} (TPROXY)`,
    apply: (packet) => ({
      kind: "either",
      variable: {
        key: `tproxy ${port}`,
        holds: listens,
        fails: listens.replace("a transparent", "no transparent"),
        reason: "a capture does not hold the open sockets",
      },
      holds: { kind: "accept", packet: taken(packet) },
      fails: { kind: "drop" },
    }),
  };
};
