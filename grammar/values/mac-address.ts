import type { Codec } from "./codec.ts";

export const macAddress: Codec<string> = {
  name: "macAddress",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
