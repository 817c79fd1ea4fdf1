import { isBroadcast, isMulticast } from "../node.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_pkttype.c, judged by the destination: link layer addresses are not given. */
export const pkttype = eachOption({
  "--pkt-type":
    ([type]) =>
    (packet) => {
      const { destination, family } =
        packet.original.destination === packet.destination
          ? packet
          : { ...packet, destination: packet.original.destination };
      if (typeof destination !== "bigint") return type === "unicast";
      if (isMulticast(destination, family)) return type === "multicast";
      return isBroadcast(destination, family) ? type === "broadcast" : type === "unicast";
    },
});
