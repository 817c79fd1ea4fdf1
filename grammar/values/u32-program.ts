import type { Codec } from "./codec.ts";

export const u32Program: Codec<string> = {
  name: "u32Program",
  quoting: "always",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
