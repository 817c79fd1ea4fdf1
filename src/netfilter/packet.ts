import { printAddress } from "../../grammar/values/address.ts";
import type { InterfacePattern } from "../../grammar/values/types.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";

/** An address that is not known, or known only to lie in a range: what the source of a masqueraded packet is, say. */
export interface SomeAddress {
  /** Equal ids are one address. */
  readonly id: string;
  /** What is known of it, as a noun phrase: "the address of the interface it came in by". */
  readonly label: string;
  /** Whether it is one of the node's own; `null` when that is not known either. */
  readonly local: boolean | null;
  /** Both ends included. */
  readonly from?: bigint;
  readonly to?: bigint;
}

export type PacketAddress = bigint | SomeAddress;

/** Both ends included; where they differ, the port is one of them. */
export interface SomePort {
  readonly from: number;
  readonly to: number;
}

/** Bits of which those in `known` are known; of the others, `value` says whether they were flipped since they had the name `origin`. */
export interface Bits {
  readonly value: number;
  readonly known: number;
  /** What holds the unknown bits, as a noun phrase: "the mark". */
  readonly origin: string;
}

/** What conntrack says of a packet (ctinfo); before it has seen it, in the raw table, that is "invalid". */
export type ConnectionState = "new" | "established" | "related" | "invalid" | "untracked";

/**
 * What a rule can see of a packet, and what rules have done to it. `null` means not known, wherever it is allowed. A packet is
 * never changed: what changes it makes another.
 */
export interface Packet {
  readonly family: Family;
  readonly source: PacketAddress;
  readonly destination: PacketAddress;
  /** Number of the protocol, as in /etc/protocols. */
  readonly protocol: number | null;
  readonly sourcePort: number | SomePort | null;
  readonly destinationPort: number | SomePort | null;
  readonly icmpType: number | null;
  readonly icmpCode: number | null;
  /** Bits as in `TcpFlags`. */
  readonly tcpFlags: number | null;
  /** TTL or hop limit; where it is not known, `ttlChange` says by how much it has changed. */
  readonly ttl: number | null;
  readonly ttlChange: number;
  /** TOS or traffic class. */
  readonly tos: Bits;
  /** With the IP header. */
  readonly length: number | null;
  /** `""`: none (sent by the node itself, or not routed yet). `null`: not known, but not the loopback. */
  readonly inInterface: string | null;
  /** Interfaces that it did not come in by; `null`: nothing is known of them. The same for all states of one trace. */
  readonly notInInterface: InterfacePattern | null;
  readonly outInterface: string | null;
  /** The way out was chosen for a destination that nat gave. */
  readonly routedAnew: boolean;
  /** Sent by the node itself. */
  readonly local: boolean;
  readonly state: ConnectionState;
  /** What conntrack will say, unless a rule keeps it from looking; `null` once it has. */
  readonly tracking: ConnectionState | null;
  /** As the connection's first packet was sent: conntrack keeps it whatever nat does. */
  readonly original: Tuple;
  readonly mark: Bits;
  readonly connectionMark: Bits;
  /** New for nat as well: the first packet of its connection. */
  readonly first: boolean;
  /** Taken by TPROXY for a socket of the node, whatever its destination. */
  readonly diverted: boolean;
  /** Seen a second time, after it left by the loopback. */
  readonly looped: boolean;
  readonly destinationTranslation: Translation | null;
  readonly sourceTranslation: Translation | null;
  /** What nat decided when the connection was new; nat is not asked again. `null` for a first packet. */
  readonly mapping: Mapping | null;
  /** What rules stored for this client or packet, sorted: entries of recent lists and of sets. */
  readonly remembered: readonly string[];
}

export interface Mapping {
  readonly destination: Translation | null;
  readonly source: Translation | null;
}

/** Addresses and ports of one direction of a connection. */
export interface Tuple {
  readonly source: PacketAddress;
  readonly destination: PacketAddress;
  readonly sourcePort: number | SomePort | null;
  readonly destinationPort: number | SomePort | null;
}

/** Address and port that nat gave; parts that it left as they were are `null`. */
export interface Translation {
  readonly address: PacketAddress;
  readonly port: number | SomePort | null;
}

const ALL_BITS = 0xffffffff;

export const knownBits = (value: number): Bits => ({ value, known: ALL_BITS, origin: "" });
export const unknownBits = (origin: string): Bits => ({ value: 0, known: 0, origin });

/** `(bits & ~mask) ^ value`, as MARK, CONNMARK and TOS compute it. */
export function changeBits(bits: Bits, value: number, mask: number): Bits {
  return { value: ((bits.value & ~mask) ^ value) >>> 0, known: (bits.known | mask) >>> 0, origin: bits.origin };
}

/** Whether two packets are the same for every rule that may follow: equal keys, equal packets. */
export function packetKey(packet: Packet): string {
  return [
    addressKey(packet.source),
    portKey(packet.sourcePort),
    addressKey(packet.destination),
    portKey(packet.destinationPort),
    packet.inInterface,
    packet.outInterface,
    packet.state,
    packet.tracking,
    bitsKey(packet.mark),
    bitsKey(packet.connectionMark),
    bitsKey(packet.tos),
    packet.ttl,
    packet.ttlChange,
    `${packet.first}${packet.diverted}${packet.looped}${packet.routedAnew}`,
    translationKey(packet.destinationTranslation),
    translationKey(packet.sourceTranslation),
    packet.mapping === null
      ? ""
      : `${translationKey(packet.mapping.destination)}>${translationKey(packet.mapping.source)}`,
    packet.remembered.join(" "),
  ].join("|");
}

const bitsKey = ({ value, known, origin }: Bits): string =>
  known === ALL_BITS ? `${value}` : `${value}/${known} ${origin}`;

const addressKey = (address: PacketAddress): string =>
  typeof address === "bigint" ? address.toString(16) : address.id;

const portKey = (port: number | SomePort | null): string =>
  port === null ? "" : typeof port === "number" ? `${port}` : `${port.from}-${port.to}`;

const translationKey = (translation: Translation | null): string =>
  translation === null ? "" : `${addressKey(translation.address)} ${portKey(translation.port)}`;

/** `10.0.0.1`, or what is known of an address that is not known. */
export function addressText(address: PacketAddress, family: Family): string {
  if (typeof address === "bigint") return printAddress({ family, bits: address });
  const { from, to } = address;
  if (from === undefined || to === undefined) return "?";
  return `${printAddress({ family, bits: from })}-${printAddress({ family, bits: to })}`;
}

/** `10.0.0.1:80`, `[fd00::1]:80`, `10.0.0.1:1024-2047`; an unknown address is `?`. Without port for protocols that have none. */
export function endpointText({ address, port }: Translation, family: Family): string {
  const host = addressText(address, family);
  if (port === null) return host;
  const number = typeof port === "number" ? `${port}` : `${port.from}-${port.to}`;
  return `${family === 6 && host !== "?" ? `[${host}]` : host}:${number}`;
}

/** The packet with an entry remembered for later rules. */
export function remember(packet: Packet, entry: string): Packet {
  if (packet.remembered.includes(entry)) return packet;
  return { ...packet, remembered: [...packet.remembered, entry].sort() };
}
