import type { Codec, CodecContext } from "./codec.ts";
import { decimalAt, readNumber, wholeNumber } from "./number.ts";

const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;

/** Hexadecimal digits that iptables-save pads a value to. Absent: decimal. */
type HexDigits = 1 | 2 | 4 | 8;

function integer(name: string, min: number, max: number, hexDigits?: HexDigits): Codec<number> {
  return {
    name,
    parse(text) {
      const value = wholeNumber(text, min, max);
      return value === null ? { expected: `a number from ${min} to ${max}` } : { value };
    },
    print: (value) => (hexDigits === undefined ? String(value) : `0x${value.toString(16).padStart(hexDigits, "0")}`),
    accepts(bytes, start, end) {
      const value = decimalAt(bytes, start, end);
      return value >= min && value >= 0 && value <= max;
    },
  };
}

function bigInteger(name: string): Codec<bigint> {
  return {
    name,
    parse(text) {
      const read = readNumber(text);
      if (read === null || read.end !== text.length) return { expected: "a number of at most 64 bits" };
      return { value: read.value };
    },
    print: String,
  };
}

export const bit = integer("bit", 0, 1);
export const ecnCodepoint = integer("ecn-codepoint", 0, 3);
export const osfLevel = integer("osf-level", 0, 2);
export const byte = integer("byte", 0, 255);
export const positiveByte = integer("positive-byte", 1, 255);
/** The kernel takes no shift by all 32 bits. */
export const shift = integer("shift", 0, 31);
export const windowScale = integer("window-scale", 0, 255);
export const uint16 = integer("uint16", 0, MAX_16);
export const uint32 = integer("uint32", 0, MAX_32);
export const positive32 = integer("positive-uint32", 1, MAX_32);
export const seconds32 = integer("seconds", 0, MAX_32);
/** The kernel counts milliseconds in 31 bits. */
export const idleSeconds = integer("idle-seconds", 1, 2_147_482);
/** `--hashlimit-rate-interval 10` */
export const intervalSeconds: Codec<number> = {
  name: "interval",
  parse: (text) =>
    /^[1-9]\d{0,8}$/.test(text) ? { value: Number(text) } : { expected: "a decimal number of seconds above 0" },
  print: String,
};
export const limitBurst = integer("limit-burst", 0, 10_000);
export const stringOffset = integer("string-offset", 0, MAX_16);
export const nodeCount = integer("node-count", 0, 16);
export const nodeNumber = integer("node-number", 1, 32);
export const ulogGroup = integer("ulog-group", 1, 32);
export const ulogThreshold = integer("ulog-threshold", 1, 50);
/** `--set-mss 1400`: what the smallest header leaves of 65,535. */
export const segmentSize: Codec<number> = {
  name: "segment-size",
  parse(text, { family }) {
    const most = MAX_16 - (family === 6 ? 40 : 20);
    const value = wholeNumber(text, 0, most);
    return value === null ? { expected: `a number from 0 to ${most}` } : { value };
  },
  print: String,
};
export const dscp = integer("dscp", 0, 63, 2);
export const hexPort = integer("hexadecimal-port", 0, MAX_16, 4);
export const hexProtocol = integer("hexadecimal-protocol", 0, MAX_16, 2);
export const hexNumber = integer("hexadecimal", 0, MAX_32, 1);
export const hash32 = integer("hash", 0, MAX_32, 8);
export const uint64 = bigInteger("uint64");
export const counter = bigInteger("counter");

/** `--connlimit-mask 24`: one beyond the bits of an address stands for all of them. */
export const prefixLength: Codec<number> = {
  name: "prefix-length",
  parse(text, context) {
    const value = wholeNumber(text, 0, 128);
    return value === null
      ? { expected: "a prefix length of at most the bits of an address" }
      : { value: Math.min(value, addressBits(context)) };
  },
  print: String,
};

function addressBits({ family }: CodecContext): number {
  return family === 4 ? 32 : 128;
}
