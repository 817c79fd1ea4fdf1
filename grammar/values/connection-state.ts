import type { Codec } from "./codec.ts";

export const connectionStates: Codec<string> = {
  name: "connectionStates",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const simpleStates: Codec<string> = {
  name: "simpleStates",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const connectionStatus: Codec<string> = {
  name: "connectionStatus",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
