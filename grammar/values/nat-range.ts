import { printAddress, readIpv6, readQuad, refuseAddress } from "./address.ts";
import type { Codec, CodecContext, Refusal } from "./codec.ts";
import { wholeNumber } from "./number.ts";
import { readPort } from "./port.ts";
import type { Address, NatRange } from "./types.ts";

interface Ports {
  readonly portFrom: number | null;
  readonly portTo: number | null;
  readonly portBase: number | null;
}

const NO_PORTS: Ports = { portFrom: null, portTo: null, portBase: null };

/** `80`, `80-90`, `80-90/8000` behind the colon; a range takes no names, for they may hold dashes themselves. */
function readPorts(text: string): Ports | Refusal {
  const slash = text.indexOf("/");
  const range = slash < 0 ? text : text.slice(0, slash);
  const base = slash < 0 ? null : readPort(text.slice(slash + 1));
  if (base !== null && typeof base !== "number") return base;
  if (base === 0) return { expected: "a port from 1 to 65535" };
  const whole = readPort(range);
  if (typeof whole === "number")
    return base === null
      ? { portFrom: whole, portTo: whole, portBase: null }
      : { expected: "a range of ports before the base" };
  const dash = range.indexOf("-");
  const from = dash < 0 ? whole : wholeNumber(range.slice(0, dash), 0, 0xffff);
  const to = dash < 0 ? whole : wholeNumber(range.slice(dash + 1), 0, 0xffff);
  if (typeof from !== "number" || typeof to !== "number") return whole;
  if (from > to) return { expected: "a port range that does not run backwards" };
  return { portFrom: from, portTo: to, portBase: base };
}

function readAddress(text: string, { family }: CodecContext): Address | null {
  const four = family === 6 ? null : readQuad(text);
  if (four !== null) return { family: 4, bits: four };
  const six = family === 4 ? null : readIpv6(text);
  return six === null ? null : { family: 6, bits: six };
}

function readAddresses(text: string, context: CodecContext): { from: Address; to: Address } | Refusal {
  const dash = text.indexOf("-");
  const first = dash < 0 ? text : text.slice(0, dash);
  const from = readAddress(first, context);
  if (from === null) return refuseNatAddress(first, context);
  const last = dash < 0 ? first : text.slice(dash + 1);
  const to = dash < 0 ? from : readAddress(last, { family: from.family });
  return to === null ? refuseNatAddress(last, context) : { from, to };
}

/** NAT takes no host names. */
function refuseNatAddress(text: string, context: CodecContext): Refusal {
  return { expected: refuseAddress(text, context).expected };
}

function parse(text: string, context: CodecContext): { readonly value: NatRange } | Refusal {
  const bracket = context.family !== 4 && text.startsWith("[") ? text.indexOf("]") : -1;
  let addresses = text;
  let portText: string | null = null;
  if (bracket > 0) {
    addresses = text.slice(1, bracket);
    if (bracket < text.length - 1) {
      // what follows the bracket without a colon is not read
      if (text[bracket + 1] === ":") portText = text.slice(bracket + 2);
    }
  } else if (!isIpv6(text, context)) {
    const colon = text.indexOf(":");
    if (colon >= 0) {
      addresses = text.slice(0, colon);
      portText = text.slice(colon + 1);
    }
  }
  const ports = portText === null ? NO_PORTS : readPorts(portText);
  if ("expected" in ports) return ports;
  if (addresses === "") {
    return portText === null
      ? { expected: "an address, ports, or both" }
      : { value: { addressFrom: null, addressTo: null, ...ports } };
  }
  const range = readAddresses(addresses, context);
  if ("expected" in range) return range;
  return { value: { addressFrom: range.from, addressTo: range.to, ...ports } };
}

/** More than one colon: an IPv6 address without brackets. */
function isIpv6(text: string, { family }: CodecContext): boolean {
  return family !== 4 && text.indexOf(":") !== text.lastIndexOf(":");
}

function print({ addressFrom, addressTo, portFrom, portTo, portBase }: NatRange): string {
  let text = "";
  if (addressFrom !== null) {
    text = printAddress(addressFrom);
    if (addressTo !== null && addressTo.bits !== addressFrom.bits) text += `-${printAddress(addressTo)}`;
    if (addressFrom.family === 6 && portFrom !== null) text = `[${text}]`;
  }
  if (portFrom === null) return text;
  text += `:${portFrom}`;
  if (portTo !== null && portTo !== portFrom) text += `-${portTo}`;
  return portBase === null ? text : `${text}/${portBase}`;
}

/** `10.0.0.1-10.0.0.5:80-90`, `[fd00::1]:80`, `:80` (parse_to of libxt_NAT.c) */
export const natRange: Codec<NatRange> = {
  name: "nat-range",
  parse,
  print,
  accepts(bytes, start, end, family) {
    if (family === 6) return false;
    // Digits of an IPv4 address in plain decimal, then perhaps one port.
    let at = start;
    for (let part = 0; part < 5; part++) {
      const most = part === 4 ? 65535 : 255;
      const first = at;
      let value = 0;
      while (at < end && at - first < 5) {
        const digit = (bytes[at] as number) - 48;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
        at++;
      }
      if (at === first || value > most || (bytes[first] === 48 && (at > first + 1 || part === 4))) return false;
      if (part >= 3 && at === end) return true;
      if (part === 4 || bytes[at++] !== (part === 3 ? 58 : 46)) return false;
    }
    return false;
  },
};
