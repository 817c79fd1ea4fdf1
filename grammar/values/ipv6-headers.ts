import type { Codec } from "./codec.ts";
import { keywordList } from "./keyword.ts";

/** `--header hop-by-hop,frag` */
export const headerList = keywordList(
  "ipv6-headers",
  ["hop-by-hop", "ipv6-opts", "ipv6-route", "ipv6-frag", "ah", "esp", "ipv6-nonxt", "protocol"],
  {
    aliases: {
      hop: "hop-by-hop",
      dst: "ipv6-opts",
      route: "ipv6-route",
      frag: "ipv6-frag",
      auth: "ah",
      none: "ipv6-nonxt",
      prot: "protocol",
      0: "hop-by-hop",
      43: "ipv6-route",
      44: "ipv6-frag",
      50: "esp",
      51: "ah",
      59: "ipv6-nonxt",
      60: "ipv6-opts",
      255: "protocol",
    },
  },
);

/** `--dst-opts 149:92,12`: option types, each with its length if that counts. */
export const optionList: Codec<readonly string[]> = {
  name: "ipv6-options",
  parse(text) {
    const parts = text.split(",");
    const ok = parts.length <= 16 && parts.every((part) => /^\d{1,9}(:\d{1,9})?$/.test(part));
    return ok
      ? {
          value: parts.map((part) =>
            part
              .split(":")
              .map((number) => Number(number) & 255)
              .join(":"),
          ),
        }
      : { expected: "at most 16 option types type[:length] of 0 to 255" };
  },
  print: (value) => value.join(","),
};
