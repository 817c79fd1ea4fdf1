import type { Codec } from "./codec.ts";

export const addressTypes: Codec<string> = {
  name: "addressTypes",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
