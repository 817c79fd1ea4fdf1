import type { Family } from "../../grammar/vocabulary/record.ts";
import { type Decision, unknown } from "./match/decision.ts";
import { addressText, type Packet, type PacketAddress } from "./packet.ts";
import type { IpSet } from "./trace/ipset.ts";

/** `CIDR=INTERFACE`: packets to these addresses leave by the interface; `lo` for addresses of the node itself. */
export interface Route {
  readonly bits: bigint;
  readonly mask: bigint;
  readonly interface: string;
}

/** What a capture does not hold and a caller may know about the node. */
export interface NodeFacts {
  /** All addresses of the node besides the loopback ones; `null` when they are not known. */
  readonly addresses: readonly bigint[] | null;
  readonly routes: readonly Route[];
  /** First address of an interface: what REDIRECT and MASQUERADE use. */
  readonly interfaceAddresses: ReadonlyMap<string, bigint>;
  readonly sets: ReadonlyMap<string, IpSet>;
}

export const NOTHING_KNOWN: NodeFacts = { addresses: null, routes: [], interfaceAddresses: new Map(), sets: new Map() };

const LOOPBACK_4 = 0x7fn;

export function isLoopback(address: bigint, family: Family): boolean {
  return family === 4 ? address >> 24n === LOOPBACK_4 : address === 1n;
}

export function isMulticast(address: bigint, family: Family): boolean {
  return family === 4 ? address >> 28n === 0xen : address >> 120n === 0xffn;
}

/** 255.255.255.255 and 0.0.0.0/8 (inet_addr_type in net/ipv4/fib_frontend.c); broadcasts of subnets are not known here. */
export function isBroadcast(address: bigint, family: Family): boolean {
  return family === 4 && (address === 0xffffffffn || address >> 24n === 0n);
}

/** The route with the longest prefix. */
export function routeTo(address: bigint, node: NodeFacts): Route | null {
  let best: Route | null = null;
  for (const route of node.routes) {
    if ((address & route.mask) === route.bits && (best === null || route.mask > best.mask)) best = route;
  }
  return best;
}

/** Whether the packet's source or destination is one of the node's own addresses (type LOCAL of addrtype and of routing). */
export function isLocal(role: "source" | "destination", packet: Packet, node: NodeFacts): Decision {
  const address = packet[role];
  if (typeof address !== "bigint") return address.local ?? unknown(localVariable(role, packet, address));
  if (isLoopback(address, packet.family)) return true;
  if (isMulticast(address, packet.family) || isBroadcast(address, packet.family)) return false;
  const route = routeTo(address, node);
  if (route?.interface === "lo") return true;
  const isOriginalSource = role === "source" && packet.sourceTranslation === null;
  if (isOriginalSource && packet.local) return true;
  if (node.addresses !== null) return node.addresses.includes(address);
  // a foreign packet with an address of this node as its source never gets past routing (fib_validate_source)
  if (isOriginalSource) return false;
  if (route !== null && isHost(route, packet.family)) return false;
  return unknown(localVariable(role, packet, address));
}

const isHost = (route: Route, family: Family): boolean =>
  route.mask === (family === 4 ? 0xffffffffn : (1n << 128n) - 1n);

/**
 * All destinations that nat may choose share one variable: a packet gets only one of them, and a Service with a thousand
 * endpoints would otherwise ask a thousand questions.
 */
function localVariable(role: "source" | "destination", packet: Packet, address: PacketAddress) {
  const translated = (role === "source" ? packet.sourceTranslation : packet.destinationTranslation) !== null;
  const known = typeof address === "bigint" ? addressText(address, packet.family) : address.label;
  const name = translated ? `the new ${role}` : known;
  const key = translated ? `new ${role}` : typeof address === "bigint" ? known : address.id;
  return {
    key: `local ${key}`,
    holds: `${name} is an address of this node`,
    fails: `${name} is not an address of this node`,
    reason: "a capture does not hold the node's addresses",
  };
}
