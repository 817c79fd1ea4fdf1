import type { Codec } from "./codec.ts";
import { keywordList } from "./keyword.ts";

/** `--header hop-by-hop,frag` */
export const headerList = keywordList(
  "ipv6-headers",
  ["hop-by-hop", "ipv6-opts", "ipv6-route", "ipv6-frag", "ah", "esp", "ipv6-nonxt", "protocol"],
  {
    ignoreCase: true,
    aliases: {
      hop: "hop-by-hop",
      dst: "ipv6-opts",
      route: "ipv6-route",
      frag: "ipv6-frag",
      auth: "ah",
      none: "ipv6-nonxt",
      prot: "protocol",
    },
  },
);

/** `--dst-opts 149:92,12`: option types, each with its length if that counts. */
export const optionList: Codec<readonly string[]> = {
  name: "ipv6-options",
  parse(text) {
    const parts = text.split(",");
    const ok =
      parts.length <= 16 &&
      parts.every(
        (part) => /^\d{1,3}(:\d{1,3})?$/.test(part) && part.split(":").every((number) => Number(number) <= 255),
      );
    return ok
      ? { value: parts.map((part) => part.split(":").map(Number).join(":")) }
      : { expected: "at most 16 option types type[:length] of 0 to 255" };
  },
  print: (value) => value.join(","),
};
