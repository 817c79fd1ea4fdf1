import type { NumberRange } from "../../../grammar/values/types.ts";
import { inNumbers } from "./region.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_length.c */
export const length = eachOption({
  "--length":
    ([range]) =>
    (packet) =>
      inNumbers(packet.length, range as NumberRange, "the length of the packet"),
});
