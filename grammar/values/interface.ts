import type { Codec } from "./codec.ts";
import type { InterfacePattern } from "./types.ts";

/** IFNAMSIZ - 1 of linux/if.h */
const LONGEST = 15;

const EXPECTED = { expected: `an interface name of at most ${LONGEST} bytes` };

/** `-i eth0`, `-i cali+` */
export const interfacePattern: Codec<InterfacePattern> = {
  name: "interface",
  parse(text) {
    if (text.length > LONGEST) return EXPECTED;
    const wildcard = text.endsWith("+");
    return { value: { name: wildcard ? text.slice(0, -1) : text, wildcard } };
  },
  print: ({ name, wildcard }) => (wildcard ? `${name}+` : name),
  say: ({ name, wildcard }) =>
    !wildcard ? name : name === "" ? "any interface" : `an interface whose name begins with ${name}`,
  takesBare: LONGEST,
  accepts: (_bytes, start, end) => end - start <= LONGEST,
};

/** `--oif eth0`: one interface, `+` has no meaning. */
export const interfaceName: Codec<string> = {
  name: "interface-name",
  parse: (text) => (text.length === 0 ? EXPECTED : { value: text.slice(0, LONGEST) }),
  print: (value) => value,
};
