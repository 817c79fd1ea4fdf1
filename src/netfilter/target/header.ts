import type { Mark } from "../../../grammar/values/types.ts";
import { firstValue, flagOf, valuesOf } from "../match/semantics.ts";
import { changeBits, type Packet } from "../packet.ts";
import { goesOn, type TargetSemantics } from "./outcome.ts";

/** net/netfilter/xt_HL.c: TTL and hop limit stay from 0 to 255. */
const hops =
  (name: string): TargetSemantics =>
  (target, context) => {
    const [option] = target.options;
    const value = option === undefined ? null : ((valuesOf(option, context)?.[0] as number | undefined) ?? null);
    const flag = option === undefined ? "" : flagOf(option);
    const changed = (packet: Packet): Packet => {
      if (value === null) return packet;
      if (flag.endsWith("-set")) return { ...packet, ttl: value };
      const change = flag.endsWith("-inc") ? value : -value;
      if (packet.ttl === null) return { ...packet, ttlChange: packet.ttlChange + change };
      return { ...packet, ttl: Math.min(255, Math.max(0, packet.ttl + change)) };
    };
    return {
      effect: `changes the ${name === "TTL" ? "time to live" : "hop limit"} (${name})`,
      apply: (packet) => goesOn(changed(packet)),
    };
  };

export const TTL = hops("TTL");
export const HL = hops("HL");

/** net/netfilter/xt_DSCP.c: the upper six bits of TOS or traffic class. */
export const DSCP: TargetSemantics = (target, context) => {
  const [option] = target.options;
  const value = option === undefined ? undefined : valuesOf(option, context)?.[0];
  return {
    effect: "sets the DSCP field (DSCP)",
    apply: (packet) =>
      typeof value === "number" ? goesOn({ ...packet, tos: changeBits(packet.tos, value << 2, 0xfc) }) : goesOn(packet),
  };
};

/** net/netfilter/xt_DSCP.c (tos_tg): `(tos & ~mask) ^ value`. The codecs give every spelling as value and mask. */
export const TOS: TargetSemantics = (target, context) => {
  const [option] = target.options;
  const change = option === undefined ? undefined : (valuesOf(option, context)?.[0] as Mark | undefined);
  return {
    effect: "changes the TOS field (TOS)",
    apply: (packet) =>
      goesOn(change === undefined ? packet : { ...packet, tos: changeBits(packet.tos, change.value, change.mask) }),
  };
};

/** net/ipv4/netfilter/ipt_ECN.c: sets the two bits of the IP header; those of the TCP header are not modelled. */
export const ECN: TargetSemantics = (target, context) => {
  const bits = firstValue<number>(target.options, "--ecn-ip-ect", context);
  return {
    effect: "changes the ECN fields (ECN)",
    apply: (packet) => goesOn(bits === null ? packet : { ...packet, tos: changeBits(packet.tos, bits, 3) }),
  };
};
