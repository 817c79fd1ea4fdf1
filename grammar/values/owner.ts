import type { Codec } from "./codec.ts";
import { readNumber } from "./number.ts";
import type { NumberRange } from "./types.ts";

/** The largest id is no id: (uid_t)-1. */
const MOST = 0xfffffffen;

function ownerRange(name: string, thing: string): Codec<NumberRange> {
  return {
    name,
    parse(text) {
      if (text === "root") return { value: { from: 0, to: 0 } };
      const expected = `the id or the name of a ${thing}, or a range a-b of ids`;
      const from = readNumber(text);
      if (from === null) return /^[a-z_]/i.test(text) ? { expected, needsHost: true } : { expected };
      if (from.end === text.length && from.value <= MOST)
        return { value: { from: Number(from.value), to: Number(from.value) } };
      const to = text[from.end] === "-" ? readNumber(text, from.end + 1) : null;
      if (to === null || to.end !== text.length || to.value > MOST) return { expected };
      return { value: { from: Number(from.value), to: Number(to.value) } };
    },
    print: ({ from, to }) => (from === to ? String(from) : `${from}-${to}`),
    say: ({ from, to }) => (from === to ? (from === 0 ? "root" : String(from)) : `one of ${from} to ${to}`),
  };
}

/** `--uid-owner 1000`, `0-999`, `root` */
export const userRange = ownerRange("user-range", "user");
export const groupRange = ownerRange("group-range", "group");
