import { eachOption } from "./semantics.ts";
import { wordsOf } from "./words.ts";

/** net/netfilter/xt_state.c; the kernel has long made it an alias of conntrack. */
export const state = eachOption({
  "--state":
    ([states]) =>
    (packet) =>
      wordsOf(states).some((name) => name.toLowerCase() === packet.state),
});
