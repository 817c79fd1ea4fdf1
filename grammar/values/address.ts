import type { Family } from "../vocabulary/record.ts";
import type { Codec, CodecContext, Refusal } from "./codec.ts";
import { wholeNumber } from "./number.ts";
import type { Address, AddressMask } from "./types.ts";

const ALL_4 = 0xffffffffn;
const ALL_6 = (1n << 128n) - 1n;

/** All bits of an address of the family. */
export function allBits(family: Family): bigint {
  return family === 4 ? ALL_4 : ALL_6;
}

/** Names that a resolver may know; whether one resolves, only the host can tell. */
const HOST_NAME = /^(?=.*[A-Za-z_])[A-Za-z0-9_]([\w.-]*[A-Za-z0-9_.])?$/;

/** Why a text is no address: perhaps a host name. */
export function refuseAddress(text: string, { family }: CodecContext): Refusal {
  const expected = family === null ? "an IP address" : `an IPv${family} address`;
  return HOST_NAME.test(text) ? { expected, needsHost: true } : { expected };
}

/** An address of the context's family (of either when that is not known), in any spelling that iptables takes as a number. */
export function readAddress(text: string, { family }: CodecContext): Address | null {
  if (family !== 6) {
    const bits = readIpv4(text);
    if (bits !== null) return { family: 4, bits };
  }
  if (family !== 4) {
    const bits = readIpv6(text);
    if (bits !== null) return { family: 6, bits };
  }
  return null;
}

/** The same, but short IPv4 forms as inet_aton(3) reads them: 10.1 is 10.0.0.1 (xtopt_parse_host in libxtables/xtoptions.c). */
export function readHost(text: string, context: CodecContext): Address | null {
  if (context.family !== 6) {
    const bits = inetAton(text.split("."));
    if (bits !== null) return { family: 4, bits };
  }
  return context.family === 4 ? null : readAddress(text, { family: 6 });
}

/** Four numbers with dots between, nothing shorter (numeric_to_ipaddr for a target's address). */
export function readQuad(text: string): bigint | null {
  return text.split(".").length === 4 ? readIpv4(text) : null;
}

/** `10.0.0.1`, also `10` for 10.0.0.0 and what inet_aton(3) reads (numeric_to_ipaddr, then host_to_ipaddr in libxtables/xtables.c). */
export function readIpv4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length > 4) return null;
  let bits = 0;
  for (let i = 0; i < 4; i++) {
    // Missing bytes are zeros behind the first ones: 10.1 is 10.1.0.0 here.
    const byte = i < parts.length ? wholeNumber(parts[i] as string, 0, 255) : 0;
    if (byte === null) return inetAton(parts);
    bits = bits * 256 + byte;
  }
  return BigInt(bits);
}

/** The last part fills all remaining bytes: `0x7f000001`, `10.65536`. */
function inetAton(parts: readonly string[]): bigint | null {
  if (parts.length > 4) return null;
  let bits = 0n;
  for (let i = 0; i < parts.length; i++) {
    const last = i === parts.length - 1;
    const part = parts[i] as string;
    const value = /^\d/.test(part) ? wholeNumber(part, 0, last ? 256 ** (4 - i) - 1 : 255) : null;
    if (value === null) return null;
    bits |= BigInt(value) << BigInt(last ? 0 : 24 - 8 * i);
  }
  return bits;
}

/** As inet_pton(3) reads it. */
export function readIpv6(text: string): bigint | null {
  if (text.length > 45 || !/^[0-9A-Fa-f:.]+$/.test(text)) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const left = readGroups(halves[0] as string, halves.length === 1);
  const right = halves.length === 2 ? readGroups(halves[1] as string, true) : [];
  if (left === null || right === null) return null;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...right];
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(group), 0n);
}

function readGroups(text: string, last: boolean): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as string;
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const quad = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part);
    if (quad === null || !last || i < parts.length - 1) return null;
    const bytes = quad.slice(1).map(Number);
    if (bytes.some((byte) => byte > 255)) return null;
    groups.push((bytes[0] as number) * 256 + (bytes[1] as number), (bytes[2] as number) * 256 + (bytes[3] as number));
  }
  return groups;
}

/** As inet_ntop(3) of glibc prints it. */
export function printAddress({ family, bits }: Address): string {
  return family === 4 ? printIpv4(bits) : printIpv6(bits);
}

function printIpv4(bits: bigint): string {
  const number = Number(bits);
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
}

function printIpv6(bits: bigint): string {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((bits >> shift) & 0xffffn));
  const run = longestZeros(groups);
  if (run.start === 0 && (run.length === 6 || (run.length === 5 && groups[5] === 0xffff))) {
    return `::${run.length === 5 ? "ffff:" : ""}${printIpv4(bits & ALL_4)}`;
  }
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(":");
  return `${hex.slice(0, run.start).join(":")}::${hex.slice(run.start + run.length).join(":")}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 0 };
  let start = -1;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      if (i - start > best.length) best = { start, length: i - start };
      start = -1;
    }
  }
  return best;
}

/** Length of the prefix that a mask is, or `null` for a mask with holes. */
export function prefixOf(mask: bigint, family: Family): number | null {
  if (family === 4) {
    const inverse = Number(ALL_4 - mask);
    return (inverse & (inverse + 1)) === 0 ? Math.clz32(inverse) : null;
  }
  const inverse = ALL_6 ^ mask;
  if ((inverse & (inverse + 1n)) !== 0n) return null;
  return 128 - (inverse === 0n ? 0 : inverse.toString(2).length);
}

/** The mask of a prefix length. */
export function maskOf(prefix: number, family: Family): bigint {
  if (family === 4) return BigInt(2 ** 32 - 2 ** (32 - prefix));
  return ALL_6 ^ ((1n << (128n - BigInt(prefix))) - 1n);
}

/** `--gateway 10.0.0.1`: one address, no mask. */
export const address: Codec<Address> = {
  name: "address",
  parse(text, context) {
    const value = readHost(text, context);
    return value === null ? refuseAddress(text, context) : { value };
  },
  print: printAddress,
};

/** A mask written as an address: `255.255.255.0`. */
export const addressNetmask: Codec<Address> = { ...address, name: "netmask" };

/** Both ends included. */
export interface AddressRange {
  readonly from: Address;
  readonly to: Address;
}

/** `10.0.0.1-10.0.0.9` of iprange; a single address is a range of one. */
export const addressRange: Codec<AddressRange> = {
  name: "address-range",
  parse(text, context) {
    const dash = text.indexOf("-");
    const from = readAddress(dash < 0 ? text : text.slice(0, dash), context);
    const to = dash < 0 ? from : readAddress(text.slice(dash + 1), context);
    if (from === null || to === null || from.family !== to.family) return { expected: "an address range a-b" };
    return { value: { from, to } };
  },
  print: ({ from, to }) => `${printAddress(from)}-${printAddress(to)}`,
  say: ({ from, to }) => `${printAddress(from)} to ${printAddress(to)}`,
};

/** `--rt-0-addrs fd00::1,fd00::2` */
export const addressList6: Codec<readonly Address[]> = {
  name: "ipv6-address-list",
  parse(text) {
    const addresses: Address[] = [];
    for (const part of text.split(",")) {
      const bits = readIpv6(part);
      if (bits === null) return refuseAddress(part, { family: 6 });
      addresses.push({ family: 6, bits });
    }
    return addresses.length > 16 ? { expected: "at most 16 addresses" } : { value: addresses };
  },
  print: (addresses) => addresses.map(printAddress).join(","),
};

/** The address and mask as iptables-save prints them after `-s`. */
export function printMask({ family, mask }: AddressMask): string {
  const prefix = prefixOf(mask, family);
  return prefix === null ? printAddress({ family, bits: mask }) : String(prefix);
}
