import type { Codec, Refusal } from "./codec.ts";
import { wholeNumber } from "./number.ts";
import { runsForward } from "./range.ts";
import { servicePort } from "./services.ts";
import type { NumberRange } from "./types.ts";

const SERVICE_NAME = /^[A-Za-z0-9][\w.+*/-]*$/;

/** A port by number or service name (xtables_parse_port in libxtables/xtables.c). */
export function readPort(text: string): number | Refusal {
  const number = wholeNumber(text, 0, 0xffff);
  if (number !== null) return number;
  const expected = "a port from 0 to 65535 or the name of a service";
  if (!/[A-Za-z]/.test(text)) return { expected };
  const known = servicePort(text);
  if (known !== null) return known;
  return SERVICE_NAME.test(text) && !/^0x/i.test(text) ? { expected, needsHost: true } : { expected };
}

/** `80`, `80:90`, `:90`, `80:`, `ssh` */
export const portRange: Codec<NumberRange> = {
  name: "port-range",
  parse(text) {
    const colon = text.indexOf(":");
    if (colon < 0) {
      const value = readPort(text);
      return typeof value === "number" ? { value: { from: value, to: value } } : value;
    }
    const from = colon === 0 ? 0 : readPort(text.slice(0, colon));
    const to = colon === text.length - 1 ? 0xffff : readPort(text.slice(colon + 1));
    if (typeof from !== "number") return from;
    if (typeof to !== "number") return to;
    return from > to ? BACKWARDS : { value: { from, to } };
  },
  print: ({ from, to }) => (from === to ? String(from) : `${from}:${to}`),
  say: ({ from, to }) => (from === to ? String(from) : `${from} to ${to}`),
  accepts(bytes, start, end) {
    const colon = behindPort(bytes, start, end);
    if (colon === end) return true;
    if (colon < 0 || bytes[colon] !== 58 || behindPort(bytes, colon + 1, end) !== end) return false;
    return portAt(bytes, start, colon) <= portAt(bytes, colon + 1, end);
  },
};

/**
 * A port as getaddrinfo(3) reads it: decimal only, what is above 65535 runs over, nothing is 0
 * (xtables_getportbyname in libxtables/xtoptions.c).
 */
function resolvePort(text: string): number | Refusal {
  if (/^\s*\+?\d{1,15}$/.test(text)) return Number(text) % 0x10000;
  if (text === "") return 0;
  const read = wholeNumber(text, 0, 0xffff) === null ? readPort(text) : EXPECTED;
  return read;
}

const EXPECTED = { expected: "a decimal port from 0 to 65535 or the name of a service" };

/** `--on-port 12345` */
export const port: Codec<number> = {
  name: "port",
  parse(text) {
    const value = resolvePort(text);
    return typeof value === "number" ? { value } : value;
  },
  print: String,
};

/** Ports of udp, dccp and conntrack, which take ranges that run backwards up to 1.8.9. */
export const loosePortRange: Codec<NumberRange> = {
  ...portRange,
  name: "resolved-port-range",
  parse(text, context) {
    const ends = text.split(":");
    if (ends.length > 2) return EXPECTED;
    const [first = "", last] = ends;
    const from = first === "" && last !== undefined ? 0 : resolvePort(first);
    const to = last === undefined ? from : last === "" ? 0xffff : resolvePort(last);
    if (typeof from !== "number") return from;
    if (typeof to !== "number") return to;
    return runsForward(from, to, context) ? { value: { from, to } } : BACKWARDS;
  },
};

const BACKWARDS = { expected: "a port range that does not run backwards" };

/** `--to-ports 80-90` */
export const natPorts: Codec<NumberRange> = {
  name: "nat-ports",
  parse(text) {
    const dash = text.indexOf("-");
    const whole = readPort(text);
    if (typeof whole === "number") return { value: { from: whole, to: whole } };
    // a range takes no names, for they may hold dashes themselves
    const from = dash < 0 ? null : wholeNumber(text.slice(0, dash), 0, 0xffff);
    const to = dash < 0 ? null : wholeNumber(text.slice(dash + 1), 0, 0xffff);
    if (from === null || to === null) return whole;
    if (from <= to) return { value: { from, to } };
    return { expected: "a port range that does not run backwards" };
  },
  print: ({ from, to }) => (from === to ? String(from) : `${from}-${to}`),
  say: portRange.say as NonNullable<typeof portRange.say>,
};

/** The index behind a decimal port without leading zeros; -1 when there is none. */
function behindPort(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let value = 0;
  while (at < end && at - start < 5) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    at++;
  }
  return at === start || value > 0xffff || (bytes[start] === 48 && at > start + 1) ? -1 : at;
}

function portAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + (bytes[at] as number) - 48;
  return value;
}
