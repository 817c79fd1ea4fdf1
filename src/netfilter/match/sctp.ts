import { portOptions } from "./ports.ts";
import { eachOption, optionUnknown } from "./semantics.ts";

/** net/netfilter/xt_sctp.c */
export const sctp = eachOption({
  ...portOptions,
  "--chunk-types": optionUnknown("sctp", "--chunk-types", "the chunks of the packet are not given"),
});
