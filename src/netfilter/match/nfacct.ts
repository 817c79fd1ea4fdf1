import type { MatchSemantics } from "./semantics.ts";

/** net/netfilter/xt_nfacct.c: counts, and matches every packet. (A quota of the accounting object only sends a message.) */
export const nfacct: MatchSemantics = () => [];
