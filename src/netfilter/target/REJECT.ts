import { firstValue } from "../match/semantics.ts";
import type { TargetSemantics } from "./outcome.ts";

/** net/ipv4/netfilter/ipt_REJECT.c, net/ipv6/netfilter/ip6t_REJECT.c */
export const REJECT: TargetSemantics = (target, context) => {
  const asDefault = context.family === 6 ? "icmp6-port-unreachable" : "icmp-port-unreachable";
  const kind = firstValue<string>(target.options, "--reject-with", context) ?? asDefault;
  return { effect: `rejected with ${kind}`, apply: () => ({ kind: "reject", with: kind }) };
};
