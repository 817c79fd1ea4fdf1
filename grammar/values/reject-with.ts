import type { Codec, CodecContext } from "./codec.ts";

/** Saved name and alias; the beginning of either will do, the first that fits is meant (libipt_REJECT.c, libip6t_REJECT.c). */
const TYPES_4: readonly (readonly [string, string])[] = [
  ["icmp-net-unreachable", "net-unreach"],
  ["icmp-host-unreachable", "host-unreach"],
  ["icmp-proto-unreachable", "proto-unreach"],
  ["icmp-port-unreachable", "port-unreach"],
  ["icmp-net-prohibited", "net-prohib"],
  ["icmp-host-prohibited", "host-prohib"],
  ["tcp-reset", "tcp-rst"],
  ["icmp-admin-prohibited", "admin-prohib"],
];

const TYPES_6: readonly (readonly [string, string])[] = [
  ["icmp6-no-route", "no-route"],
  ["icmp6-adm-prohibited", "adm-prohibited"],
  ["icmp6-addr-unreachable", "addr-unreach"],
  ["icmp6-port-unreachable", "port-unreach"],
  ["tcp-reset", "tcp-reset"],
  ["icmp6-policy-fail", "policy-fail"],
  ["icmp6-reject-route", "reject-route"],
];

function types({ family }: CodecContext): readonly (readonly [string, string])[] {
  if (family === null) return [...TYPES_4, ...TYPES_6];
  return family === 4 ? TYPES_4 : TYPES_6;
}

/** `--reject-with tcp-reset` */
export const rejectWith: Codec<string> = {
  name: "reject-with",
  parse(text, context) {
    const known = types(context);
    const wanted = text.toLowerCase();
    const found = known.find(([name, alias]) => name.startsWith(wanted) || alias.startsWith(wanted));
    return found === undefined ? { expected: `one of ${known.map(([name]) => name).join(", ")}` } : { value: found[0] };
  },
  print: (value) => value,
};
