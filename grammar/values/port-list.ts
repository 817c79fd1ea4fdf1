import type { Codec } from "./codec.ts";
import { decimalAt } from "./number.ts";
import { portRange } from "./port.ts";
import type { NumberRange } from "./types.ts";

/** Ports that multiport can hold; a range counts twice (XT_MULTI_PORTS in xt_multiport.h). */
const MOST = 15;

/** `53,1024:65535` of multiport. */
export const portList: Codec<readonly NumberRange[]> = {
  name: "port-list",
  parse(text, context) {
    const ranges: NumberRange[] = [];
    let room = MOST;
    for (const part of text.split(",")) {
      // multiport takes no open ranges
      if (part.startsWith(":") || part.endsWith(":")) return { expected: "a port on both sides of the colon" };
      const read = portRange.parse(part, context);
      if (!("value" in read)) return read;
      room -= part.includes(":") ? 2 : 1;
      if (room < 0) return { expected: `at most ${MOST} ports, a range counting as two` };
      ranges.push(read.value);
    }
    return { value: ranges };
  },
  accepts(bytes, start, end) {
    let room = MOST;
    let from = start;
    for (let at = start; at <= end; at++) {
      if (at < end && bytes[at] !== 44) continue;
      const port = decimalAt(bytes, from, at);
      // what has a range is left to `parse`
      if (port < 0 || port > 0xffff || --room < 0) return false;
      from = at + 1;
    }
    return true;
  },
  print: (ranges, context) => ranges.map((range) => portRange.print(range, context)).join(","),
  say: (ranges) => ranges.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`)).join(", "),
};
