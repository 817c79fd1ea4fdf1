import type { Codec } from "./codec.ts";

/** `--set-class 1:10`: major and minor number in hexadecimal. */
export const trafficClass: Codec<number> = {
  name: "traffic-class",
  parse(text) {
    const parts = /^(?:0x)?([0-9a-f]{1,4}):(?:0x)?([0-9a-f]{1,4})$/i.exec(text);
    return parts === null
      ? { expected: "a traffic class major:minor in hexadecimal" }
      : { value: Number.parseInt(parts[1] as string, 16) * 65536 + Number.parseInt(parts[2] as string, 16) };
  },
  print: (value) => `${hex4(Math.floor(value / 65536))}:${hex4(value % 65536)}`,
};

function hex4(value: number): string {
  return value.toString(16).padStart(4, "0");
}
