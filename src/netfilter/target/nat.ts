import type { NatRange } from "../../../grammar/values/types.ts";
import type { NodeFacts } from "../node.ts";
import type { Packet, PacketAddress, SomeAddress, SomePort } from "../packet.ts";
import type { Hook } from "./outcome.ts";

/** Protocols whose ports nat translates: tcp, udp, udplite, dccp, sctp. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/** The packet with a new destination; conntrack keeps the old one for the replies. */
export function withDestination(packet: Packet, address: PacketAddress, port: number | SomePort | null): Packet {
  if (same(packet.destination, address) && same(packet.destinationPort, port)) return packet;
  return { ...packet, destination: address, destinationPort: port, destinationTranslation: { address, port } };
}

export function withSource(packet: Packet, address: PacketAddress, port: number | SomePort | null): Packet {
  return { ...packet, source: address, sourcePort: port, sourceTranslation: { address, port } };
}

function same<T extends PacketAddress | SomePort | number | null>(x: T, y: T): boolean {
  return x === y;
}

/** The address that a range chooses: known if it has one, else any between its ends. */
export function addressOf(range: NatRange, old: PacketAddress): PacketAddress {
  const { addressFrom, addressTo } = range;
  if (addressFrom === null) return old;
  if (addressTo === null || addressTo.bits === addressFrom.bits) return addressFrom.bits;
  const id = `${addressFrom.bits}-${addressTo.bits}`;
  return { id, label: "the address that nat chooses", local: null, from: addressFrom.bits, to: addressTo.bits };
}

/** The port that a range chooses; kept where the range names none. */
export function portOf(range: NatRange, old: number | SomePort | null, packet: Packet): number | SomePort | null {
  if (packet.protocol === null || !WITH_PORTS.has(packet.protocol)) return null;
  const { portFrom, portTo, portBase } = range;
  if (portFrom === null) return old;
  if (portTo === null || portTo === portFrom) return portFrom;
  if (portBase !== null && typeof old === "number") {
    // nf_nat_l4proto_unique_tuple: the offset from the base, wrapped into the range
    return (
      portFrom + ((((old - portBase) % (portTo - portFrom + 1)) + (portTo - portFrom + 1)) % (portTo - portFrom + 1))
    );
  }
  return { from: portFrom, to: portTo };
}

/** A port chosen at random. */
export const ANY_PORT: SomePort = { from: 1, to: 65535 };

export const hasPorts = (packet: Packet): boolean => packet.protocol !== null && WITH_PORTS.has(packet.protocol);

/** First address of an interface, which MASQUERADE and REDIRECT use; not known unless the caller says it. */
export function addressOfInterface(name: string | null, node: NodeFacts, label: string): PacketAddress {
  const known = name === null ? undefined : node.interfaceAddresses.get(name);
  if (known !== undefined) return known;
  const some: SomeAddress = { id: `address of ${name ?? label}`, label, local: true };
  return some;
}

/** DNAT works before routing, SNAT after it. */
export const isBeforeRouting = (hook: Hook): boolean => hook === "PREROUTING" || hook === "OUTPUT";
