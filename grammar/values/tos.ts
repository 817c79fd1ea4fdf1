import type { Codec } from "./codec.ts";
import { readNumber } from "./number.ts";
import type { Mark } from "./types.ts";

/** Values of iptables' tos_symbol_names, which speak of six bits. */
const NAMES: readonly (readonly [string, number])[] = [
  ["minimize-delay", 16],
  ["maximize-throughput", 8],
  ["maximize-reliability", 4],
  ["minimize-cost", 2],
  ["normal-service", 0],
];

const SYMBOL_MASK = 0x3f;

function readTos(text: string): Mark | null {
  const named = NAMES.find(([name]) => name === text.toLowerCase());
  if (named !== undefined) return { value: named[1], mask: SYMBOL_MASK };
  const read = readNumber(text);
  if (read === null || read.value > 255n) return null;
  if (read.end === text.length) return { value: Number(read.value), mask: 255 };
  const mask = text[read.end] === "/" ? readNumber(text, read.end + 1) : null;
  if (mask === null || mask.value > 255n || mask.end !== text.length) return null;
  return { value: Number(read.value), mask: Number(mask.value) };
}

function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}

function tos(name: string, change: (given: Mark) => Mark, bare: boolean): Codec<Mark> {
  return {
    name,
    parse(text) {
      const given = readTos(text);
      if (given === null || (bare && !/^\s*\+?\d\w*$/.test(text))) {
        return { expected: bare ? "a number from 0 to 255" : "a name, or value/mask in numbers from 0 to 255" };
      }
      return { value: change(given) };
    },
    print: ({ value, mask }) => `${hexByte(value)}/${hexByte(mask)}`,
  };
}

/** `--tos 0x10/0x3f`, `--tos Minimize-Delay` */
export const tosMatch: Codec<Mark> = {
  ...tos("tos", (given) => given, false),
  say: ({ value, mask }) => (mask === 255 ? hexByte(value) : `${hexByte(value)} under mask ${hexByte(mask)}`),
};
/** `--set-tos`: the bits of the mask are cleared, then those of the value flipped. */
export const tosTarget: Codec<Mark> = { ...tos("tos-change", (given) => given, false), say };
export const andTos: Codec<Mark> = { ...tos("and-tos", ({ value }) => ({ value: 0, mask: ~value & 255 }), true), say };
export const orTos: Codec<Mark> = { ...tos("or-tos", ({ value }) => ({ value, mask: value }), true), say };
export const xorTos: Codec<Mark> = { ...tos("xor-tos", ({ value }) => ({ value, mask: 0 }), true), say };

function say({ value, mask }: Mark): string {
  if (mask === 255) return `becomes ${hexByte(value)}`;
  if (mask === 0) return `has the bits ${hexByte(value)} flipped`;
  if (value === mask) return `gets the bits ${hexByte(value)} set`;
  if (value === 0) return `loses the bits ${hexByte(mask)}`;
  return `has its bits ${hexByte(mask)} replaced by ${hexByte(value)}`;
}
