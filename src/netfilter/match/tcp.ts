import { unknown } from "./decision.ts";
import { portOptions } from "./ports.ts";
import { eachOption, optionUnknown } from "./semantics.ts";

const SYN = 2;
const FIN_SYN_RST_ACK = 1 | 2 | 4 | 16;

/** net/netfilter/xt_tcpudp.c */
export const tcp = eachOption({
  ...portOptions,
  "--tcp-flags": ([mask, set]) => flags(mask as number, set as number),
  "--syn": () => flags(FIN_SYN_RST_ACK, SYN),
  "--tcp-option": optionUnknown("tcp", "--tcp-option", "the TCP options of the packet are not given"),
});

const flags = (mask: number, set: number) => (packet: { readonly tcpFlags: number | null }) => {
  if (packet.tcpFlags !== null) return (packet.tcpFlags & mask) === set;
  const text = `of the TCP flags ${mask} exactly ${set} are set`;
  return unknown({ key: text, holds: text, fails: `not ${text}` });
};
