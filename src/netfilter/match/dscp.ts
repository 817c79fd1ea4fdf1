import { bitsMatch } from "./region.ts";
import { eachOption, type OptionSemantics } from "./semantics.ts";

const asked: OptionSemantics =
  ([value]) =>
  (packet) =>
    bitsMatch(packet.tos, (value as number) << 2, 0xfc);

/** net/netfilter/xt_dscp.c: the upper six bits of TOS or traffic class. */
export const dscp = eachOption({ "--dscp": asked, "--dscp-class": asked });
