import type { Codec } from "./codec.ts";

export const tcpOptions: Codec<string> = {
  name: "tcpOptions",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
