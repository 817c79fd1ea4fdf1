import type { Mark } from "../../../grammar/values/types.ts";
import { bitsMatch } from "./region.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_dscp.c (tos_mt): `(tos & mask) == value` */
export const tos = eachOption({
  "--tos": ([asked]) => {
    const { value, mask } = asked as Mark;
    return (packet) => bitsMatch(packet.tos, value, mask);
  },
});
