import type { Codec } from "./codec.ts";

export const zone: Codec<string> = {
  name: "zone",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
