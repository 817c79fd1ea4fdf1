import type { Mark } from "../../../grammar/values/types.ts";
import { bitsMatch } from "./region.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_mark.c: `(mark & mask) == value` */
export const mark = eachOption({
  "--mark": ([asked]) => {
    const { value, mask } = asked as Mark;
    return (packet) => bitsMatch(packet.mark, value, mask);
  },
});
