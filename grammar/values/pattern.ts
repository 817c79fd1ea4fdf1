import type { Codec } from "./codec.ts";

export const quotedPattern: Codec<string> = {
  name: "quotedPattern",
  quoting: "always",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const hexPattern: Codec<string> = {
  name: "hexPattern",
  quoting: "always",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
