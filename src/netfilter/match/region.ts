import type { AddressMask, InterfacePattern, NumberRange } from "../../../grammar/values/types.ts";
import type { Bits, PacketAddress, SomePort } from "../packet.ts";
import type { Region } from "../trace/worlds.ts";
import { type Decision, unknown } from "./decision.ts";

const ALL_4 = 0xffffffffn;
const ALL_6 = (1n << 128n) - 1n;

/** Whether an address lies under a mask. `name` says whose address it is: "the source". */
export function inNetwork(address: PacketAddress, network: AddressMask, text: string, name: string): Decision {
  if (typeof address === "bigint") return (address & network.mask) === network.bits;
  const host = (network.family === 4 ? ALL_4 : ALL_6) ^ network.mask;
  const contiguous = (host & (host + 1n)) === 0n;
  return inAddresses(address, network.bits, network.bits | host, contiguous, text, name);
}

/** Whether an address lies in a range, both ends included. */
export function inAddresses(
  address: PacketAddress,
  from: bigint,
  to: bigint,
  contiguous: boolean,
  text: string,
  name: string,
): Decision {
  if (typeof address === "bigint") return from <= address && address <= to;
  if (contiguous && address.from !== undefined && address.to !== undefined) {
    if (from <= address.from && address.to <= to) return true;
    if (address.to < from || to < address.from) return false;
  }
  const label = address.label === "" ? name : address.label;
  return unknown({
    key: `${address.id} in ${text}`,
    holds: `${label} is in ${text}`,
    fails: `${label} is not in ${text}`,
    ...(contiguous && { region: { topic: `address ${address.id}`, from, to } }),
  });
}

/** Whether a port or another number lies in a range; `name` says what it is: "the source port". */
export function inNumbers(value: number | SomePort | null, { from, to }: NumberRange, name: string): Decision {
  if (typeof value === "number") return from <= value && value <= to;
  if (value !== null) {
    if (from <= value.from && value.to <= to) return true;
    if (value.to < from || to < value.from) return false;
  }
  const text = from === to ? `${from}` : `${from} to ${to}`;
  const key = value === null ? name : `${name} ${value.from}-${value.to}`;
  return unknown({
    key: `${key} is ${text}`,
    holds: `${name} is ${text}`,
    fails: `${name} is not ${text}`,
    region: { topic: key, from: BigInt(from), to: BigInt(to) },
  });
}

/** Whether an interface has the name. `topic` separates incoming from outgoing; `verb` makes the sentence: "it comes in by". */
export function onInterface(name: string | null, pattern: InterfacePattern, topic: string, verb: string): Decision {
  if (name !== null) return pattern.wildcard ? name.startsWith(pattern.name) : name === pattern.name;
  if (pattern.wildcard && pattern.name === "") return true;
  // where an interface is not known, it is known not to be the loopback
  if (pattern.name === "lo" && !pattern.wildcard) return false;
  const text = pattern.wildcard ? `${pattern.name}+` : pattern.name;
  return unknown({
    key: `${topic} ${text}`,
    holds: `${verb} ${text}`,
    fails: `${verb} another interface than ${text}`,
    region: interfaceRegion(pattern, topic),
  });
}

/** Names as numbers of 16 bytes, so that a pattern is a range of them. */
function interfaceRegion({ name, wildcard }: InterfacePattern, topic: string): Region {
  const bytes = Math.max(0, 16 - name.length);
  let from = 0n;
  for (let i = 0; i < name.length; i++) from = (from << 8n) | BigInt(name.charCodeAt(i) & 0xff);
  from <<= BigInt(8 * bytes);
  return { topic, from, to: wildcard ? from | ((1n << BigInt(8 * bytes)) - 1n) : from };
}

/** Whether `(bits & mask) == value`. */
export function bitsMatch(bits: Bits, value: number, mask: number): Decision {
  if ((value & ~mask) !== 0) return false;
  if (((bits.value ^ value) & mask & bits.known) !== 0) return false;
  const open = (mask & ~bits.known) >>> 0;
  if (open === 0) return true;
  // what was flipped since is flipped back, so that the question is always about the bits as they were
  const asked = ((bits.value ^ value) & open) >>> 0;
  const under = open === 0xffffffff ? "" : ` under mask 0x${open.toString(16)}`;
  const text = `0x${asked.toString(16)}${under}`;
  return unknown({
    key: `${bits.origin} is ${text}`,
    holds: `${bits.origin} is ${text}`,
    fails: `${bits.origin} is not ${text}`,
  });
}
