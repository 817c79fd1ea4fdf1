import type { Codec } from "./codec.ts";

export const userRange: Codec<string> = {
  name: "userRange",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const groupRange: Codec<string> = {
  name: "groupRange",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
