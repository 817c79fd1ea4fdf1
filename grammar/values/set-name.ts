import type { Codec } from "./codec.ts";
import type { SetDirections } from "./types.ts";

/** Name of an ipset, a hashlimit table: printed as it is. */
export const setName: Codec<string> = {
  name: "set-name",
  takesBare: 31,
  parse: (text) => (text.length === 0 || text.length > 31 ? { expected: "a name of 1 to 31 bytes" } : { value: text }),
  print: (value) => value,
};

/** `src,dst`: what of the packet is looked up, dimension by dimension (parse_dirs in libxt_set.h). */
export const setDirections: Codec<SetDirections> = {
  name: "set-directions",
  parse(text) {
    const parts = text.split(",");
    if (parts.length > 6 || !parts.every((part) => part === "src" || part === "dst"))
      return { expected: "a comma list of at most six src and dst" };
    return { value: parts as SetDirections };
  },
  print: (value) => value.join(","),
  say: (value) => value.map((direction) => (direction === "src" ? "source" : "destination")).join(" and "),
};
