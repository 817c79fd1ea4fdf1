import type { Codec } from "./codec.ts";

export const dccpTypes: Codec<string> = {
  name: "dccpTypes",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
