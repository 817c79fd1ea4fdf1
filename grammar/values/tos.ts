import type { Codec } from "./codec.ts";

export const tosMatch: Codec<string> = {
  name: "tosMatch",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const tosTarget: Codec<string> = {
  name: "tosTarget",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const andTos: Codec<string> = {
  name: "andTos",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const orTos: Codec<string> = {
  name: "orTos",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const xorTos: Codec<string> = {
  name: "xorTos",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
