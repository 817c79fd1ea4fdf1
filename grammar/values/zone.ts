import type { Codec } from "./codec.ts";
import { wholeNumber } from "./number.ts";

/** `--zone 7`, or `mark`: the zone that the packet mark names. */
export const zone: Codec<number | "mark"> = {
  name: "zone",
  parse(text) {
    if (text === "mark") return { value: text };
    const value = wholeNumber(text, 0, 0xffff);
    return value === null ? { expected: "a zone from 0 to 65535, or mark" } : { value };
  },
  print: String,
};
