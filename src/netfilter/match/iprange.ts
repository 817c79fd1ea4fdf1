import type { AddressRange } from "../../../grammar/values/address.ts";
import { inAddresses } from "./region.ts";
import { eachOption, type OptionSemantics } from "./semantics.ts";

const inRange =
  (role: "source" | "destination"): OptionSemantics =>
  ([range]) => {
    const { from, to } = range as AddressRange;
    const text = `${from.bits}-${to.bits}`;
    return (packet) => inAddresses(packet[role], from.bits, to.bits, true, text, `the ${role}`);
  };

/** net/netfilter/xt_iprange.c */
export const iprange = eachOption({ "--src-range": inRange("source"), "--dst-range": inRange("destination") });
