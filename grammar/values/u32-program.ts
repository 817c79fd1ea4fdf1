import type { Codec } from "./codec.ts";
import { readNumber } from "./number.ts";

/** One test of u32: a number to begin with, operations upon it, ranges that the result must lie in. */
export interface U32Test {
  readonly start: number;
  readonly operations: readonly (readonly [operator: "&" | "<<" | ">>" | "@", operand: number])[];
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

/** XT_U32_MAXSIZE */
const MOST = 10;

const EXPECTED = { expected: `at most ${MOST} tests such as 6&0xFF=1 joined by &&` };

/** `6&0xFF=1&&0>>22&0x3C@0=5:7` */
export const u32Program: Codec<readonly U32Test[]> = {
  name: "u32-program",
  quoting: "always",
  parse(text) {
    const tests: U32Test[] = [];
    for (const part of text.split("&&")) {
      const test = readTest(part.trim());
      if (test === null || tests.length === MOST) return EXPECTED;
      tests.push(test);
    }
    return { value: tests };
  },
  print: (tests) => tests.map(printTest).join("&&"),
};

function readTest(text: string): U32Test | null {
  const equals = text.indexOf("=");
  if (equals < 0) return null;
  const location = text.slice(0, equals).split(/(<<|>>|&|@)/);
  const start = read32(location[0] as string);
  const operations: [U32Test["operations"][number][0], number][] = [];
  for (let i = 1; i < location.length; i += 2) {
    const operand = read32(location[i + 1] as string);
    if (operand === null || operations.length === MOST) return null;
    operations.push([location[i] as "&" | "<<" | ">>" | "@", operand]);
  }
  const ranges: [number, number][] = [];
  for (const part of text.slice(equals + 1).split(",")) {
    const ends = part.split(":").map(read32);
    const [from, to = from] = ends;
    if (
      ends.length > 2 ||
      from === null ||
      from === undefined ||
      to === null ||
      to === undefined ||
      ranges.length === MOST
    )
      return null;
    ranges.push([from, to]);
  }
  return start === null ? null : { start, operations, ranges };
}

function read32(text: string): number | null {
  const read = readNumber(text.trim());
  return read === null || read.end !== text.trim().length || read.value > 0xffffffffn ? null : Number(read.value);
}

function printTest({ start, operations, ranges }: U32Test): string {
  const location = operations.reduce((text, [operator, operand]) => `${text}${operator}${hex(operand)}`, hex(start));
  return `${location}=${ranges.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}:${hex(to)}`)).join(",")}`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
