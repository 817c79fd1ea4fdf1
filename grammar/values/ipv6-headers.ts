import type { Codec } from "./codec.ts";

export const headerList: Codec<string> = {
  name: "headerList",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const optionList: Codec<string> = {
  name: "optionList",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
