import { portOptions } from "./ports.ts";
import { eachOption, optionUnknown } from "./semantics.ts";

/** net/netfilter/xt_dccp.c */
export const dccp = eachOption({
  ...portOptions,
  "--dccp-types": optionUnknown("dccp", "--dccp-types", "the type of the DCCP packet is not given"),
  "--dccp-option": optionUnknown("dccp", "--dccp-option", "the options of the DCCP packet are not given"),
});
