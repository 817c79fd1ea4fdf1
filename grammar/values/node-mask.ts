import type { Codec } from "./codec.ts";
import { nodeNumber as plainNumber } from "./integer.ts";
import { wholeNumber } from "./number.ts";

function print(mask: number): string {
  return `0x${mask.toString(16).padStart(8, "0")}`;
}

/** Cluster nodes as bits of a number: `--cluster-local-nodemask 0x3`. */
export const nodeMask: Codec<number> = {
  name: "node-mask",
  parse(text) {
    const value = wholeNumber(text, 1, 0xffffffff);
    return value === null ? { expected: "a 32-bit mask of nodes" } : { value };
  },
  print,
};

/** `--cluster-local-node 2`: saved as the mask of that one node. */
export const singleNode: Codec<number> = {
  name: "single-node",
  parse(text, context) {
    const read = plainNumber.parse(text, context);
    return "value" in read ? { value: (1 << (read.value - 1)) >>> 0 } : read;
  },
  print,
  say: (mask) => String(32 - Math.clz32(mask)),
};
