import type { Family } from "../vocabulary/record.ts";
import {
  allBits,
  maskOf,
  prefixOf,
  printAddress,
  printMask,
  readAddress,
  readHost,
  readIpv4,
  readIpv6,
  refuseAddress,
} from "./address.ts";
import type { Codec, CodecContext, Refusal } from "./codec.ts";
import { wholeNumber } from "./number.ts";
import type { Address, AddressMask } from "./types.ts";

function readMask(text: string, family: Family): bigint | null {
  const prefix = wholeNumber(text, 0, family === 4 ? 32 : 128);
  if (prefix !== null) return maskOf(prefix, family);
  if (family === 6) return readIpv6(text);
  return text.split(".").length === 4 ? readIpv4(text) : null;
}

function parts(
  text: string,
  context: CodecContext,
  read: typeof readAddress,
): { readonly address: Address; readonly mask: bigint } | Refusal {
  const slash = text.lastIndexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const address = read(host, context);
  if (address === null) return refuseAddress(host, context);
  const mask = slash < 0 ? allBits(address.family) : readMask(text.slice(slash + 1), address.family);
  if (mask === null) return { expected: `a prefix length from 0 to ${address.family === 4 ? 32 : 128} or a mask` };
  return { address, mask };
}

function parse(text: string, context: CodecContext): { readonly value: AddressMask } | Refusal {
  const read = parts(text, context, readAddress);
  if ("expected" in read) return text.includes(",") ? refuseList(text, context) : read;
  const { address, mask } = read;
  return { value: { family: address.family, bits: address.bits & mask, mask } };
}

/**
 * `10.0.0.1/32` as iptables-save prints it, without an object: the address as a whole number times 64, and the prefix length. -1 for every
 * other spelling.
 */
export function plainIpv4(bytes: Uint8Array, start: number, end: number): number {
  let bits = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  let i = start;
  for (; i < end; i++) {
    const code = bytes[i] as number;
    if (code >= 48 && code <= 57) {
      // a leading zero means octal
      if (digits > 0 && part === 0) return -1;
      part = part * 10 + code - 48;
      if (++digits > 3 || part > 255) return -1;
    } else if (digits > 0 && (code === 46 || code === 47)) {
      bits = bits * 256 + part;
      part = 0;
      digits = 0;
      if (code === 47) break;
      dots++;
    } else return -1;
  }
  if (dots !== 3 || bytes[i] !== 47 || end - i > 3) return -1;
  for (i++; i < end; i++) {
    const code = bytes[i] as number;
    if (code < 48 || code > 57 || (digits > 0 && part === 0)) return -1;
    part = part * 10 + code - 48;
    digits++;
  }
  return digits === 0 || part > 32 ? -1 : bits * 64 + part;
}

/** A comma list is no single value, but iptables takes it where each of its parts would do. */
function refuseList(text: string, context: CodecContext): Refusal {
  for (const part of splitAddresses(text)) {
    const read = parts(part.trim(), context, readAddress);
    if ("expected" in read && read.needsHost !== true) return read;
  }
  return { expected: "one address; each of a comma list stands for a rule of its own", needsHost: true };
}

function say(value: AddressMask): string {
  const { family, mask } = value;
  if (mask === allBits(family)) return printAddress(value);
  return prefixOf(mask, family) === null ? `${printAddress(value)} under mask ${printMask(value)}` : print(value);
}

function print(value: AddressMask): string {
  return `${printAddress(value)}/${printMask(value)}`;
}

/** `-s 10.0.0.0/8`: an address under a prefix length or a mask, printed with either. */
export const addressMask: Codec<AddressMask> = {
  name: "address-mask",
  parse,
  print,
  say,
  accepts: (bytes, start, end, family) =>
    (family !== 6 && acceptsIpv4(bytes, start, end)) || (family !== 4 && acceptsIpv6(bytes, start, end)),
};

/** `--to 10.2.0.0/16` of NETMAP */
export const mappedNetwork: Codec<AddressMask> = {
  ...addressMask,
  name: "network",
  accepts: () => false,
};

/** An address under a mask that keeps its host bits in print. */
export interface HostMask extends AddressMask {
  readonly host: bigint;
}

function parseHost(text: string, context: CodecContext): { readonly value: HostMask } | Refusal {
  const read = parts(text, context, readHost);
  if ("expected" in read) return read;
  const { address, mask } = read;
  return { value: { family: address.family, bits: address.bits & mask, mask, host: address.bits } };
}

function printHost({ family, host }: HostMask): string {
  return printAddress({ family, bits: host });
}

/** `--srh-psid fd00::1/64`: the mask is always printed. */
export const maskedHost: Codec<HostMask> = {
  name: "masked-host",
  parse: parseHost,
  print: (value) => `${printHost(value)}/${printMask(value)}`,
  say,
};

/** `--ctorigsrc 10.0.0.1`: printed without a mask where that covers the whole address. */
export const hostOrNetwork: Codec<HostMask> = {
  name: "host-or-network",
  parse: parseHost,
  print: (value) =>
    value.mask === allBits(value.family) ? printHost(value) : `${printHost(value)}/${printMask(value)}`,
  say,
};

/** The addresses of a comma list, as `-s` takes them: each stands for a rule of its own. */
export function splitAddresses(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

/** Dotted address and prefix length in plain decimal. */
function acceptsIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (let part = 0; part < 4; part++) {
    const first = at;
    let value = 0;
    while (at < end && at - first < 3) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    if (at === first || value > 255 || (at > first + 1 && bytes[first] === 48)) return false;
    if (part < 3 && bytes[at++] !== 46) return false;
  }
  if (at === end) return true;
  if (bytes[at++] !== 47 || at === end || end - at > 2) return false;
  const first = (bytes[at] as number) - 48;
  const second = end - at === 2 ? (bytes[at + 1] as number) - 48 : -1;
  if (first < 0 || first > 9) return false;
  return second === -1 || (second >= 0 && second <= 9 && first > 0 && first * 10 + second <= 32);
}

/** Hexadecimal groups, `::` at most once, and prefix length in plain decimal; no dotted tail. */
function acceptsIpv6(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  let groups = 0;
  let gap = false;
  for (;;) {
    const first = at;
    while (at < end && isHex(bytes[at] as number)) at++;
    if (at - first > 4) return false;
    const atEnd = at === end || bytes[at] === 47;
    if (at > first) groups++;
    else if (atEnd ? bytes[at - 1] !== 58 || bytes[at - 2] !== 58 : at !== start || bytes[at + 1] !== 58) return false;
    if (atEnd) break;
    if (bytes[at++] !== 58) return false;
    if (at === end || bytes[at] !== 58) continue;
    if (gap) return false;
    gap = true;
    at++;
  }
  if (gap ? groups > 7 : groups !== 8) return false;
  if (at === end) return true;
  const digits = end - ++at;
  if (digits < 1 || digits > 3 || (digits > 1 && bytes[at] === 48)) return false;
  let length = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return false;
    length = length * 10 + digit;
  }
  return length <= 128;
}

const isHex = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
