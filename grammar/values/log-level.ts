import type { Codec } from "./codec.ts";

export const logLevel: Codec<string> = {
  name: "logLevel",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
