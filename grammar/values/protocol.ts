import type { Codec } from "./codec.ts";
import { wholeNumber } from "./number.ts";
import type { Protocol } from "./types.ts";

/** Names that iptables itself knows, in its order: the first of a number is the one it prints (xtables_chain_protos in libxtables/xtables.c). */
const BUILT_IN =
  "tcp 6 sctp 132 udp 17 udplite 136 icmp 1 icmpv6 58 ipv6-icmp 58 esp 50 ah 51 ipv6-mh 135 mh 135 all 0";

/** Names of /etc/protocols, as every distribution ships them, with the spelling printed first. */
const NUMBERS = `ip 0 hopopt 0 igmp 2 ggp 3 ipencap 4 st 5 egp 8 igp 9 pup 12 hmp 20 xns-idp 22 rdp 27 iso-tp4 29 dccp 33 xtp 36 ddp 37
idpr-cmtp 38 ipv6 41 ipv6-route 43 ipv6-frag 44 idrp 45 rsvp 46 gre 47 skip 57 ipv6-nonxt 59 ipv6-opts 60 rspf 73 vmtp 81 eigrp 88
ospf 89 ax.25 93 ipip 94 etherip 97 encap 98 pim 103 ipcomp 108 vrrp 112 l2tp 115 isis 124 fc 133 mobility-header 135
mpls-in-ip 137 manet 138 hip 139 shim6 140 wesp 141 rohc 142 ethernet 143`;

let byName: Map<string, number> | undefined;
let byNumber: Map<number, string> | undefined;

function build(): void {
  byName = new Map();
  byNumber = new Map();
  for (const text of [NUMBERS, BUILT_IN]) {
    const words = text.split(/\s+/);
    for (let i = 0; i < words.length; i += 2) {
      const name = words[i] as string;
      const number = Number(words[i + 1]);
      byName.set(name, number);
      if (!byNumber.has(number)) byNumber.set(number, name);
    }
  }
  byNumber.set(58, "ipv6-icmp");
}

/** Number of a protocol that iptables or /etc/protocols names; `null` for other names. */
export function protocolNumberOf(name: string): number | null {
  if (byName === undefined) build();
  return (byName as Map<string, number>).get(name) ?? null;
}

/** The name that iptables-save prints for a number; the number itself where it has none. */
export function protocolName(number: number): string {
  if (number === 0) return "all";
  if (byNumber === undefined) build();
  return (byNumber as Map<number, string>).get(number) ?? String(number);
}

/** `-p tcp`: any case, a name or a number from 0 to 255. */
export const protocol: Codec<Protocol> = {
  name: "protocol",
  parse(text) {
    const name = text.toLowerCase();
    const number = wholeNumber(name, 0, 255) ?? protocolNumberOf(name);
    if (number !== null) return { value: { name: protocolName(number), number } };
    const expected = "the name of a protocol or a number from 0 to 255";
    return /^[a-z][\w.+-]*$/.test(name) ? { expected, needsHost: true } : { expected };
  },
  print: ({ name }) => name,
  accepts(bytes, start, end) {
    const first = bytes[start];
    // tcp, udp
    return (
      end - start === 3 &&
      bytes[end - 1] === 112 &&
      ((first === 116 && bytes[start + 1] === 99) || (first === 117 && bytes[start + 1] === 100))
    );
  },
};

/** `--ctproto 6`: read like `-p`, printed as a number. */
export const protocolNumber: Codec<Protocol> = {
  name: "protocol-number",
  parse: protocol.parse,
  print: ({ name, number }) => (number === null ? name : String(number)),
  say: ({ name }) => name,
};
