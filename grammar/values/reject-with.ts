import type { Codec } from "./codec.ts";

export const rejectWith: Codec<string> = {
  name: "rejectWith",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
