import type { Codec } from "./codec.ts";
import { wholeNumber } from "./number.ts";

/** A rate as the kernel keeps it: a cost per packet, so that one second holds `scale` of it. */
const UNITS: readonly (readonly [name: string, long: string, seconds: number])[] = [
  ["day", "day", 86_400],
  ["hour", "hour", 3_600],
  ["min", "minute", 60],
  ["sec", "second", 1],
];

/** The number at the beginning, as atoi(3) reads it: 0 when there is none. */
function leadingNumber(text: string): number {
  return Number(/^\s*\+?(\d{1,15})/.exec(text)?.[1] ?? 0);
}

/** The unit behind the slash, `null` when there is no such unit; seconds when there is no slash. */
function unitSeconds(text: string): number | null {
  const slash = text.indexOf("/");
  if (slash < 0) return 1;
  const unit = text.slice(slash + 1).toLowerCase();
  return unit === "" ? null : (UNITS.find(([, long]) => long.startsWith(unit))?.[2] ?? null);
}

function readCost(text: string, scale: number): number | null {
  const rate = leadingNumber(text);
  const seconds = unitSeconds(text);
  if (rate === 0 || seconds === null) return null;
  const cost = Math.floor((scale * seconds) / rate);
  return cost === 0 ? null : cost;
}

/** print_rate of libxt_limit.c: the longest unit that loses least. */
function printCost(cost: number, scale: number): string {
  let i = 1;
  for (; i < UNITS.length; i++) {
    const most = scale * (UNITS[i] as (typeof UNITS)[number])[2];
    if (cost > most || Math.floor(most / cost) < most % cost) break;
  }
  const [name, , seconds] = UNITS[i - 1] as (typeof UNITS)[number];
  return `${Math.floor((scale * seconds) / cost)}/${name}`;
}

function sayRate(text: string): string {
  const [rate, unit] = text.split("/");
  return `${rate} ${rate === "1" ? "packet" : "packets"} per ${UNITS.find(([name]) => name === unit)?.[1] ?? unit}`;
}

/** XT_LIMIT_SCALE: a rate above it is too fast. */
const LIMIT_SCALE = 10_000;

/** `--limit 5/minute`, as the kernel's cost of a packet. */
export const limitRate: Codec<number> = {
  name: "limit-rate",
  parse(text) {
    const cost = readCost(text, LIMIT_SCALE);
    return cost === null ? { expected: `a rate such as 5/minute of at most ${LIMIT_SCALE} a second` } : { value: cost };
  },
  print: (cost) => printCost(cost, LIMIT_SCALE),
  say: (cost) => sayRate(printCost(cost, LIMIT_SCALE)),
};

/** A rate of packets, or of bytes per second. */
export interface HashlimitRate {
  readonly bytes: boolean;
  /** Packets per unit or bytes per second, as written. */
  readonly amount: number;
  /** As the kernel keeps it. */
  readonly cost: number;
  /** Seconds of the unit that it was written in. */
  readonly seconds: number;
}

/** XT_HASHLIMIT_SCALE_v2 */
const HASHLIMIT_SCALE = 1_000_000;
const ALL_32 = 0xffffffff;
/** XT_HASHLIMIT_BYTE_SHIFT: bytes are counted in units of 16. */
const BYTE_UNIT = 16;

/** What the kernel keeps for so many bytes per second (bytes_to_cost of libxt_hashlimit.c). */
function costOfBytes(bytes: number): number {
  return Math.floor(ALL_32 / (Math.floor(bytes / BYTE_UNIT) + 1));
}

/** Bytes per second that a cost stands for (cost_to_bytes of libxt_hashlimit.c). */
export function bytesOfCost(cost: number): number {
  return ((cost === 0 ? ALL_32 : Math.floor(ALL_32 / cost)) - 1) * BYTE_UNIT;
}

const MEGA = 1 << 20;
const KILO = 1 << 10;

/** In the largest unit that holds it, its fraction dropped: a burst. */
export function printBurst(bytes: number): string {
  return bytes >= MEGA
    ? `${Math.floor(bytes / MEGA)}mb`
    : bytes >= KILO
      ? `${Math.floor(bytes / KILO)}kb`
      : `${bytes}b`;
}

/** In the largest unit in which it means the same. */
function printBytes(bytes: number, same: (bytes: number) => boolean): string {
  for (const [suffix, size] of [
    ["mb", MEGA],
    ["kb", KILO],
  ] as const) {
    const whole = Math.floor(bytes / size);
    if (whole > 0 && same(whole * size)) return `${whole}${suffix}`;
  }
  return `${bytes}b`;
}

const BYTES = /^(\d{1,12})(k|m)?b$/;

function readBytes(text: string): number | null {
  const parts = BYTES.exec(text);
  if (parts === null) return null;
  return Number(parts[1]) * (parts[2] === "m" ? MEGA : parts[2] === "k" ? KILO : 1);
}

/** `--hashlimit-upto 5/minute`, `512kb/s` */
export const hashlimitRate: Codec<HashlimitRate> = {
  name: "hashlimit-rate",
  parse(text) {
    const refused = { expected: `a rate such as 5/minute or 512kb/s, at most ${HASHLIMIT_SCALE} a second` };
    const bytes = /^(.*b)\/s(?:ec(?:ond)?|)?$/.exec(text);
    if (bytes !== null) {
      const value = readBytes(bytes[1] as string);
      if (value === null || value === 0 || value / BYTE_UNIT >= ALL_32) return refused;
      const cost = costOfBytes(value);
      return cost === 0 ? refused : { value: { bytes: true, amount: value, cost, seconds: 1 } };
    }
    const cost = readCost(text, HASHLIMIT_SCALE);
    return cost === null
      ? refused
      : { value: { bytes: false, amount: leadingNumber(text), cost, seconds: unitSeconds(text) ?? 1 } };
  },
  print({ bytes, cost }) {
    if (!bytes) return printCost(cost, HASHLIMIT_SCALE);
    return `${printBytes(bytesOfCost(cost), (rounded) => costOfBytes(rounded) === cost)}/s`;
  },
  say: ({ bytes, cost }) =>
    bytes ? `${bytesOfCost(cost)} bytes per second` : sayRate(printCost(cost, HASHLIMIT_SCALE)),
};

/** XT_HASHLIMIT_BURST_MAX */
const MOST_BURST = 1_000_000;

/** So many packets or bytes at once. */
export interface HashlimitBurst {
  readonly bytes: boolean;
  readonly amount: number;
}

/** `--hashlimit-burst 20`, `1mb`; whether packets or bytes are meant, the rate decides. */
export const hashlimitBurst: Codec<HashlimitBurst> = {
  name: "hashlimit-burst",
  parse(text) {
    const bytes = readBytes(text);
    if (bytes !== null && bytes > 0) return { value: { bytes: true, amount: bytes } };
    const amount = wholeNumber(text, 1, MOST_BURST);
    return amount === null
      ? { expected: `a number from 1 to ${MOST_BURST}, or bytes such as 20kb` }
      : { value: { bytes: false, amount } };
  },
  print: ({ bytes, amount }) => (bytes ? printBytes(amount, (rounded) => rounded === amount) : String(amount)),
  say: ({ bytes, amount }) => `${amount} ${bytes ? "bytes" : "packets"}`,
};

const BIT_UNITS: readonly (readonly [string, number])[] = [
  ["bit", 1],
  ["kibit", 1024],
  ["kbit", 1000],
  ["mibit", 1024 ** 2],
  ["mbit", 1e6],
  ["gibit", 1024 ** 3],
  ["gbit", 1e9],
  ["tibit", 1024 ** 4],
  ["tbit", 1e12],
  ["bps", 8],
  ["kibps", 8 * 1024],
  ["kbps", 8000],
  ["mibps", 8 * 1024 ** 2],
  ["mbps", 8e6],
  ["gibps", 8 * 1024 ** 3],
  ["gbps", 8e9],
  ["tibps", 8 * 1024 ** 4],
  ["tbps", 8e12],
];

/** `--rateest-bps 5kbit`: bits per second (get_rate of tc, as libxt_rateest.c uses it). */
export const bitRate: Codec<number> = {
  name: "bit-rate",
  parse(text) {
    const parts = /^(\d+\.?\d*|\.\d+)([a-z]*)$/i.exec(text);
    const unit = parts?.[2] === "" ? 1 : BIT_UNITS.find(([name]) => name === parts?.[2]?.toLowerCase())?.[1];
    return parts === null || unit === undefined
      ? { expected: "a rate such as 5kbit" }
      : { value: Math.floor((Number(parts[1]) * unit) / 8) * 8 };
  },
  print: (bits) => `${bits}bit`,
};

/** `--rateest-pps 42` */
export const packetRate: Codec<number> = {
  name: "packet-rate",
  parse(text) {
    const value = wholeNumber(text, 0, ALL_32);
    return value === null ? { expected: "a number of packets per second" } : { value };
  },
  print: String,
};
