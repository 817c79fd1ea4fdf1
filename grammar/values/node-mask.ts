import type { Codec } from "./codec.ts";

export const nodeMask: Codec<string> = {
  name: "nodeMask",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
