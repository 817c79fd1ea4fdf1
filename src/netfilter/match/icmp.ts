import type { IcmpType } from "../../../grammar/values/types.ts";
import type { Packet } from "../packet.ts";
import { anyOf } from "./any.ts";
import { type Decision, not } from "./decision.ts";
import { inNumbers } from "./region.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_tcpudp.c (icmp_match) and net/ipv6/netfilter/ip6t_icmp6 alike. */
export const icmp = eachOption({
  "--icmp-type":
    ([type]) =>
    (packet) =>
      isType(packet, type as IcmpType),
});
export const icmp6 = eachOption({
  "--icmpv6-type":
    ([type]) =>
    (packet) =>
      isType(packet, type as IcmpType),
});

function isType(packet: Packet, asked: IcmpType): Decision {
  if (asked.any) return true;
  const type = inNumbers(packet.icmpType, { from: asked.type, to: asked.type }, "the ICMP type");
  if (type === false || (asked.codeFrom === 0 && asked.codeTo === 255)) return type;
  const code = inNumbers(packet.icmpCode, { from: asked.codeFrom, to: asked.codeTo }, "the ICMP code");
  if (type === true || code === false) return code;
  // both at once
  return not(anyOf([not(type), not(code)]));
}
