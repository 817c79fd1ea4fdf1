import type { Codec } from "./codec.ts";
import { wholeNumber } from "./number.ts";
import type { NumberRange } from "./types.ts";

const NAMES: readonly (readonly [string, number])[] = [
  ["binding-refresh-request", 0],
  ["brr", 0],
  ["home-test-init", 1],
  ["hoti", 1],
  ["careof-test-init", 2],
  ["coti", 2],
  ["home-test", 3],
  ["hot", 3],
  ["careof-test", 4],
  ["cot", 4],
  ["binding-update", 5],
  ["bu", 5],
  ["binding-acknowledgement", 6],
  ["ba", 6],
  ["binding-error", 7],
  ["be", 7],
];

function readType(text: string): number | null {
  const name = text.toLowerCase();
  if (text === "") return null;
  const found = NAMES.find(([known]) => known === name) ?? NAMES.find(([known]) => known.startsWith(name));
  return found?.[1] ?? wholeNumber(text, 0, 255);
}

/** `--mh-type binding-update`, `1:3` */
export const mhType: Codec<NumberRange> = {
  name: "mobility-type",
  parse(text) {
    const colon = text.indexOf(":");
    const from = colon === 0 ? 0 : readType(colon < 0 ? text : text.slice(0, colon));
    const to = colon < 0 ? from : colon === text.length - 1 ? 255 : readType(text.slice(colon + 1));
    if (from === null || to === null || to < from)
      return { expected: "the name of a type, or a number or range from 0 to 255" };
    return { value: { from, to } };
  },
  print: ({ from, to }) => (from === to ? String(from) : `${from}:${to}`),
  say: ({ from, to }) => (from === to ? String(from) : `${from} to ${to}`),
};
