import type { InterfacePattern } from "../../../grammar/values/types.ts";
import type { Packet } from "../packet.ts";
import { type Decision, unknown } from "./decision.ts";
import { eachOption } from "./semantics.ts";

/** net/netfilter/xt_physdev.c: asks for the ports of a bridge; a packet that crossed none is on no port. */
export const physdev = eachOption({
  "--physdev-is-in": () => (packet) => bridged(packet, "the packet comes in by a port of a bridge"),
  "--physdev-in":
    ([pattern]) =>
    (packet) =>
      bridged(packet, `the packet comes in by the bridge port ${text(pattern as InterfacePattern)}`),
  "--physdev-is-out": () => (packet) => bridged(packet, "the packet leaves by a port of a bridge"),
  "--physdev-out":
    ([pattern]) =>
    (packet) =>
      bridged(packet, `the packet leaves by the bridge port ${text(pattern as InterfacePattern)}`),
  "--physdev-is-bridged": () => (packet) => bridged(packet, "the packet is bridged, not routed"),
});

/** Names that bridges usually have: their ports are what physdev asks for. */
const BRIDGE = /^(br|docker|cni|cbr|virbr|lxcbr|lxdbr|kube-bridge|podman|weave|vmbr|ovs|xapi)/;

function bridged(packet: Packet, clause: string): Decision {
  if (packet.local) return false;
  const { inInterface } = packet;
  if (inInterface !== null && !BRIDGE.test(inInterface)) {
    return { matches: false, packet, assumed: `${inInterface} is not a bridge` };
  }
  return unknown({
    key: clause,
    holds: clause,
    fails: `it is not so that ${clause}`,
    reason: "a capture does not hold the ports of bridges",
  });
}

const text = ({ name, wildcard }: InterfacePattern): string => (wildcard ? `${name}+` : name);
