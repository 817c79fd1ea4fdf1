import type { Codec } from "./codec.ts";
import { wholeNumber } from "./number.ts";

const NAMES: readonly (readonly [string, number])[] = [
  ["wscale", 3],
  ["mss", 2],
  ["sack-permitted", 4],
  ["sack", 5],
  ["timestamp", 8],
  ["md5", 19],
];

/** `--strip-options mss,5`: numbers in ascending order; 0 and 1 only fill and cannot be stripped. */
export const tcpOptions: Codec<readonly number[]> = {
  name: "tcp-options",
  parse(text) {
    const given = new Set<number>();
    for (const part of text.split(",")) {
      const value = NAMES.find(([name]) => name === part)?.[1] ?? wholeNumber(part, 2, 255);
      if (value === null || given.has(value))
        return { expected: "a comma list of different tcp options by name or by number from 2 to 255" };
      given.add(value);
    }
    return { value: [...given].sort((a, b) => a - b) };
  },
  print: (value) => value.join(","),
};
