import type { Codec } from "./codec.ts";

/** `42:01:02:03:04:05`, as ether_aton(3) reads it; printed in lower case, two digits a byte. */
export const macAddress: Codec<string> = {
  name: "mac-address",
  parse(text) {
    const bytes = text.split(":");
    if (bytes.length !== 6 || !bytes.every((byte) => /^[0-9a-f]{1,2}$/i.test(byte))) {
      return { expected: "an ethernet address of six hexadecimal bytes" };
    }
    return { value: bytes.map((byte) => byte.toLowerCase().padStart(2, "0")).join(":") };
  },
  print: (value) => value,
};
