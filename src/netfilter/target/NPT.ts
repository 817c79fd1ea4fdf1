import type { AddressMask } from "../../../grammar/values/types.ts";
import { firstValue } from "../match/semantics.ts";
import type { PacketAddress } from "../packet.ts";
import { goesOn, type TargetSemantics } from "./outcome.ts";

/** net/ipv6/netfilter/ip6t_NPT.c: stateless, and the packet goes on; bits below the prefix are adjusted to keep the checksum. */
const translate =
  (role: "source" | "destination"): TargetSemantics =>
  (target, context) => {
    const from = firstValue<AddressMask>(target.options, "--src-pfx", context);
    const to = firstValue<AddressMask>(target.options, "--dst-pfx", context);
    const name = role === "source" ? "SNPT" : "DNPT";
    return {
      effect: `prefix of the ${role} is translated (${name})`,
      apply(packet) {
        if (from === null || to === null) return { kind: "lost", reason: "its prefixes cannot be read" };
        const host = ((1n << 128n) - 1n) ^ to.mask;
        const address: PacketAddress = {
          id: `${name} ${to.bits}`,
          label: `the translated ${role}`,
          local: null,
          from: to.bits,
          to: to.bits | host,
        };
        return goesOn(role === "source" ? { ...packet, source: address } : { ...packet, destination: address });
      },
    };
  };

export const SNPT = translate("source");
export const DNPT = translate("destination");
