import { bitsMatch } from "./region.ts";
import { eachOption, optionUnknown } from "./semantics.ts";

const TCP = "the ECN flags of the TCP header are not given";

/** net/netfilter/xt_ecn.c: the lower two bits of TOS or traffic class, and two flags of TCP. */
export const ecn = eachOption({
  "--ecn-ip-ect":
    ([value]) =>
    (packet) =>
      bitsMatch(packet.tos, value as number, 3),
  "--ecn-tcp-ece": optionUnknown("ecn", "--ecn-tcp-ece", TCP),
  "--ecn-tcp-cwr": optionUnknown("ecn", "--ecn-tcp-cwr", TCP),
});
