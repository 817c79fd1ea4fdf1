import type { Codec } from "./codec.ts";

const CLASSES: readonly (readonly [string, number])[] = [
  ["cs0", 0x00],
  ["cs1", 0x08],
  ["cs2", 0x10],
  ["cs3", 0x18],
  ["cs4", 0x20],
  ["cs5", 0x28],
  ["cs6", 0x30],
  ["cs7", 0x38],
  ["be", 0x00],
  ["af11", 0x0a],
  ["af12", 0x0c],
  ["af13", 0x0e],
  ["af21", 0x12],
  ["af22", 0x14],
  ["af23", 0x16],
  ["af31", 0x1a],
  ["af32", 0x1c],
  ["af33", 0x1e],
  ["af41", 0x22],
  ["af42", 0x24],
  ["af43", 0x26],
  ["ef", 0x2e],
];

/** `--dscp-class EF`, saved as the number (dscp_helper.c). */
export const dscpClass: Codec<number> = {
  name: "dscp-class",
  parse(text) {
    const found = CLASSES.find(([name]) => text.toLowerCase().startsWith(name));
    return found === undefined ? { expected: "a DiffServ class such as EF, CS1 or AF21" } : { value: found[1] };
  },
  print: (value) => `0x${value.toString(16).padStart(2, "0")}`,
};
