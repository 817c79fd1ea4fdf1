import type { Codec } from "./codec.ts";

export const icmpType: Codec<string> = {
  name: "icmpType",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const icmpv6Type: Codec<string> = {
  name: "icmpv6Type",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
