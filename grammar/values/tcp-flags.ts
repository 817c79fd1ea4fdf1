import type { Codec } from "./codec.ts";
import type { TcpFlags } from "./types.ts";

/** In the order in which iptables-save prints them, with their bits. */
const FLAGS: readonly (readonly [string, number])[] = [
  ["FIN", 1],
  ["SYN", 2],
  ["RST", 4],
  ["PSH", 8],
  ["ACK", 16],
  ["URG", 32],
];

/** `FIN,SYN`, `ALL`, `NONE`, in any case (parse_tcp_flag in libxt_tcp.c). */
export const tcpFlags: Codec<TcpFlags> = {
  name: "tcp-flags",
  parse(text) {
    let bits = 0;
    for (const part of text.split(",")) {
      const name = part.toUpperCase();
      const flag = FLAGS.find(([known]) => known === name);
      if (flag !== undefined) bits |= flag[1];
      else if (name === "ALL") bits |= 63;
      else if (name !== "NONE" && name !== "")
        return { expected: "a comma list of FIN, SYN, RST, PSH, ACK, URG, ALL, NONE" };
    }
    return { value: bits };
  },
  print: (bits) =>
    bits === 0
      ? "NONE"
      : FLAGS.filter(([, bit]) => (bits & bit) !== 0)
          .map(([name]) => name)
          .join(","),
  say: (bits) =>
    bits === 0
      ? "none"
      : FLAGS.filter(([, bit]) => (bits & bit) !== 0)
          .map(([name]) => name)
          .join(", "),
};
