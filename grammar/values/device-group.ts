import type { Codec } from "./codec.ts";

export const deviceGroup: Codec<string> = {
  name: "deviceGroup",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
