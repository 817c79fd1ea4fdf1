import type { Codec } from "./codec.ts";

export const mhType: Codec<string> = {
  name: "mhType",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
