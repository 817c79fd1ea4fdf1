import { portOptions } from "./ports.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_tcpudp.c */
export const udp = eachOption(portOptions);
