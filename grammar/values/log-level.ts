import type { Codec } from "./codec.ts";
import { wholeNumber } from "./number.ts";

const LEVELS: readonly (readonly [string, number])[] = [
  ["emerg", 0],
  ["alert", 1],
  ["crit", 2],
  ["error", 3],
  ["warning", 4],
  ["notice", 5],
  ["info", 6],
  ["debug", 7],
  ["panic", 0],
];

/** `--log-level debug`, 0 to 7 */
export const logLevel: Codec<number> = {
  name: "log-level",
  parse(text) {
    const value = wholeNumber(text, 0, 7) ?? LEVELS.find(([name]) => name === text.toLowerCase())?.[1] ?? null;
    return value === null ? { expected: "a log level from 0 to 7 or its name" } : { value };
  },
  print: String,
  say: (value) => (LEVELS.find(([, level]) => level === value) as readonly [string, number])[0],
};
