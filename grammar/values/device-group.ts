import type { Codec } from "./codec.ts";
import { mark } from "./mark.ts";
import type { Mark } from "./types.ts";

const FULL = 0xffffffff;

/** `--src-group 0x5/0xff`; names stand in /etc/iproute2/group, of which `default` (0) is everywhere. */
export const deviceGroup: Codec<Mark> = {
  name: "device-group",
  parse(text, context) {
    if (text === "default") return { value: { value: 0, mask: FULL } };
    const read = mark.parse(text, context);
    if ("value" in read) return read;
    const expected = "the number of a device group, or its name";
    return /^[A-Za-z]/.test(text) ? { expected, needsHost: true } : { expected };
  },
  print: (value, context) => (value.value === 0 && value.mask === FULL ? "default" : mark.print(value, context)),
};
