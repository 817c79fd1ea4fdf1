import type { Codec } from "./codec.ts";

export const timeOfDay: Codec<string> = {
  name: "timeOfDay",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const dateTime: Codec<string> = {
  name: "dateTime",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const weekDays: Codec<string> = {
  name: "weekDays",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const monthDays: Codec<string> = {
  name: "monthDays",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const timeSpan: Codec<string> = {
  name: "timeSpan",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};

export const ledDelay: Codec<string> = {
  name: "ledDelay",
  parse: (text) => ({ value: text }),
  print: (value) => value,
};
