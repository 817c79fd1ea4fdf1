import type { Codec } from "./codec.ts";

export const natRange: Codec<string> = {
  name: "natRange",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
