import type { MatchSemantics } from "./semantics.ts";

/** net/netfilter/xt_comment.c: every packet matches. */
export const comment: MatchSemantics = () => [];
