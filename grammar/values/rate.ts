import type { Codec } from "./codec.ts";

export const limitRate: Codec<string> = {
  name: "limitRate",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const hashlimitRate: Codec<string> = {
  name: "hashlimitRate",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const hashlimitBurst: Codec<string> = {
  name: "hashlimitBurst",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const hashlimitMode: Codec<string> = {
  name: "hashlimitMode",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const bitRate: Codec<string> = {
  name: "bitRate",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const packetRate: Codec<string> = {
  name: "packetRate",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
