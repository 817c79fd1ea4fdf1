import type { Codec } from "./codec.ts";
import { wholeNumber } from "./number.ts";

/** `--label 40`; names stand in /etc/xtables/connlabel.conf. */
export const connectionLabel: Codec<number> = {
  name: "connection-label",
  quoting: "always",
  parse(text) {
    const value = wholeNumber(text, 0, 127);
    if (value !== null) return { value };
    const expected = "the number of a label from 0 to 127, or its name";
    return /^[A-Za-z_]/.test(text) ? { expected, needsHost: true } : { expected };
  },
  print: String,
};
