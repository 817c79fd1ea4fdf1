import type { Mark } from "../../../grammar/values/types.ts";
import { bitsMatch } from "./region.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_connmark.c: without a tracked connection the match fails, negated or not. */
export const connmark = eachOption({
  "--mark": ([asked], _context, match) => {
    const { value, mask } = asked as Mark;
    const negated = match.options.some((option) => option.negated);
    return (packet) => {
      if (packet.state === "invalid" || packet.state === "untracked") return negated;
      return bitsMatch(packet.connectionMark, value, mask);
    };
  },
});
