import { inNumbers } from "./region.ts";
import { eachOption, type OptionSemantics } from "./semantics.ts";

const asked: OptionSemantics =
  ([value]) =>
  (packet) =>
    inNumbers(
      packet.tos === null ? null : packet.tos >> 2,
      { from: value as number, to: value as number },
      "the DSCP field",
    );

/** net/netfilter/xt_dscp.c: the upper six bits of TOS or traffic class. */
export const dscp = eachOption({ "--dscp": asked, "--dscp-class": asked });
