import type { NumberRange } from "../../../grammar/values/types.ts";
import { inNumbers } from "./region.ts";
import type { OptionSemantics } from "./semantics.ts";

/** `--sport`, `--dport` as tcp, udp, sctp, dccp and udplite have them. */
export const portOptions: Readonly<Record<string, OptionSemantics>> = {
  "--sport":
    ([range]) =>
    (packet) =>
      inNumbers(packet.sourcePort, range as NumberRange, "the source port"),
  "--dport":
    ([range]) =>
    (packet) =>
      inNumbers(packet.destinationPort, range as NumberRange, "the destination port"),
};
