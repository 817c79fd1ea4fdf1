import type { Codec } from "./codec.ts";

export const bpfProgram: Codec<string> = {
  name: "bpfProgram",
  quoting: "always",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
