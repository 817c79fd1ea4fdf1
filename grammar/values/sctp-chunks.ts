import type { Codec } from "./codec.ts";

export const sctpChunkScope: Codec<string> = {
  name: "sctpChunkScope",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const sctpChunks: Codec<string> = {
  name: "sctpChunks",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
