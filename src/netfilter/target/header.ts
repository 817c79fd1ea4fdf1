import { flagOf, valuesOf } from "../match/semantics.ts";
import { goesOn, type TargetSemantics } from "./outcome.ts";

/** net/netfilter/xt_HL.c: TTL and hop limit stay from 0 to 255. */
const hops =
  (name: string): TargetSemantics =>
  (target, context) => {
    const [option] = target.options;
    const value = option === undefined ? null : ((valuesOf(option, context)?.[0] as number | undefined) ?? null);
    const flag = option === undefined ? "" : flagOf(option);
    const changed = (old: number | null): number | null => {
      if (value === null || flag.endsWith("-set")) return value;
      if (old === null) return null;
      return flag.endsWith("-inc") ? Math.min(255, old + value) : Math.max(0, old - value);
    };
    return {
      effect: `changes the ${name === "TTL" ? "time to live" : "hop limit"} (${name})`,
      apply: (packet) => goesOn({ ...packet, ttl: changed(packet.ttl) }),
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
      goesOn({
        ...packet,
        tos: typeof value === "number" ? (value << 2) | ((packet.tos ?? 0) & 3) : null,
      }),
  };
};

/** net/netfilter/xt_DSCP.c (tos_tg) */
export const TOS: TargetSemantics = () => ({
  effect: "changes the TOS field (TOS)",
  apply: (packet) => goesOn({ ...packet, tos: null }),
});

/** net/ipv4/netfilter/ipt_ECN.c */
export const ECN: TargetSemantics = () => ({
  effect: "changes the ECN fields (ECN)",
  apply: (packet) => goesOn({ ...packet, tos: packet.tos === null ? null : packet.tos & 0xfc }),
});
