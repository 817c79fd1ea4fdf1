import type { Codec } from "./codec.ts";

export const trafficClass: Codec<string> = {
  name: "trafficClass",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
