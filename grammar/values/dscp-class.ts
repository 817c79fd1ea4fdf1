import type { Codec } from "./codec.ts";

export const dscpClass: Codec<string> = {
  name: "dscpClass",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
