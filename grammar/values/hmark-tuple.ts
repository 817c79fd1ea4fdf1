import type { Codec } from "./codec.ts";

export const hmarkTuple: Codec<string> = {
  name: "hmarkTuple",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
