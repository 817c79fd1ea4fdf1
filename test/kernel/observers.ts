import type { Probe } from "./bed.ts";

/** Name of the table of observers. */
export const OBSERVERS = "iptlint_observers";

/** What became of one packet. */
export interface Seen {
  readonly fate: "forwarded" | "local" | "rejected" | "dropped";
  /** Destination after translation, `10.0.0.1:80`; `null` when it was not translated, or did not get so far. */
  readonly dnat: string | null;
  /** Whether another source left or arrived; `null` when none did. */
  readonly snat: boolean | null;
  readonly outInterface: string | null;
  /** As `--reject-with` names it. */
  readonly rejectWith: string | null;
  /** Who answered, as the client sees it; `null` when nobody did. Of TCP alone. */
  readonly answeredBy: string | null;
}

/**
 * nftables rules at priorities between and behind those of iptables. They note packets by their first source port, drop
 * nothing and change nothing.
 */
export function observersFor(family: 4 | 6): { readonly node: string; readonly client: string } {
  const ip = family === 6 ? "ip6" : "ip";
  const address = family === 6 ? "ipv6_addr" : "ipv4_addr";
  const l3 = `meta nfproto ${family === 6 ? "ipv6" : "ipv4"}`;
  const icmp = family === 6 ? "icmpv6" : "icmp";
  // source port in the packet that an ICMP error quotes: behind 8 bytes of ICMP and the quoted IP header
  const quoted = `@th,${(8 + (family === 6 ? 40 : 20)) * 8},16`;
  const note = (set: string, more = ""): string =>
    [
      // a connection's first packet, and the one that completes its handshake
      [set, "tcp", "tcp flags & (syn | ack) == syn"],
      [`${set}_later`, "tcp", "tcp flags & (syn | ack | rst) == ack"],
      [set, "udp", "meta l4proto udp"],
    ]
      .map(([into, protocol, condition]) => {
        const what = `${ip} saddr . ${ip} daddr . ${protocol} dport${more}`;
        return `
  ${l3} ct direction original ${condition} update @${into} { ct original proto-src . ${what} }
  ${l3} ct state untracked ${condition} update @${into} { ${protocol} sport . ${what} }`;
      })
      .join("");
  const flow = `type inet_service . ${address} . ${address} . inet_service`;
  const sets = `${["", "_later"]
    .map(
      (suffix) => `
 set after${suffix} { ${flow}; size 65535; flags dynamic; }
 set input${suffix} { ${flow}; size 65535; flags dynamic; }
 set output${suffix} { ${flow} . ifname; size 65535; flags dynamic; }`,
    )
    .join("")}
 set refused { typeof ${quoted} . ${icmp} type . ${icmp} code; size 65535; flags dynamic; }
 set answered { ${flow}; size 65535; flags dynamic; }`;
  const node = `table inet ${OBSERVERS} {${sets}
 chain prerouting { type filter hook prerouting priority -90;${note("after")}
 }
 chain beginning { type filter hook output priority -400;
  ${l3} ${icmp} type destination-unreachable update @refused { ${quoted} . ${icmp} type . ${icmp} code }
  ${l3} tcp flags & rst == rst update @answered { th dport . ${ip} saddr . ${ip} daddr . th sport }
 }
 chain sent { type filter hook output priority -90;${note("after")}
 }
 chain arrived { type filter hook input priority 1000;${note("input")}
 }
 chain left { type filter hook postrouting priority 1000;${note("output", " . oifname")}
 }
}
`;
  const client = `table inet ${OBSERVERS} {${sets}
 chain arrived { type filter hook input priority 0;
  ${l3} tcp flags & (rst | syn) != 0 update @answered { th dport . ${ip} saddr . ${ip} daddr . th sport }
 }
}
`;
  return { node, client };
}

/** Sets of packets of connections. */
const FLOWS: ReadonlySet<string> = new Set(["after", "input", "output"]);

/** All sets. */
export const SETS = [...FLOWS, ...[...FLOWS].map((set) => `${set}_later`), "refused", "answered"];

type Element = readonly (string | number)[];

/** Elements of the sets by the source port they begin with. */
function elementsOf(text: string): Map<string, Map<number, Element[]>> {
  const sets = new Map<string, Map<number, Element[]>>();
  for (const { set } of JSON.parse(text).nftables) {
    if (set === undefined) continue;
    const byPort = new Map<number, Element[]>();
    for (const each of set.elem ?? []) {
      const concat: Element = (each.elem?.val ?? each).concat;
      const port = Number(concat[0]);
      byPort.set(port, [...(byPort.get(port) ?? []), concat.slice(1)]);
    }
    sets.set(set.name, byPort);
  }
  return sets;
}

let lastText = "";
let lastSets: ReturnType<typeof elementsOf> = new Map();

function setsOf(text: string): ReturnType<typeof elementsOf> {
  if (text !== lastText) {
    lastSets = elementsOf(text);
    lastText = text;
  }
  return lastSets;
}

/** `later`: of the packet that completes the handshake, not of the first one. */
export function readObservations(
  probe: Probe & { readonly sourcePort: number },
  text: string,
  replies: readonly { readonly name: string; readonly text: string }[],
  later = false,
): Seen {
  const sets = setsOf(text);
  const suffix = later ? "_later" : "";
  const of = (set: string): readonly Element[] =>
    sets.get(FLOWS.has(set) ? `${set}${suffix}` : set)?.get(probe.sourcePort) ?? [];
  const translated = of("after").find(([, to, port]) => to !== probe.to || port !== probe.port);
  const dnat = translated === undefined ? null : endpoint(String(translated[1]), Number(translated[2]));
  const left = of("output").find(([, , , name]) => name !== "lo");
  const [arrived] = of("input");
  const base = { dnat, snat: null, outInterface: null, rejectWith: null, answeredBy: null };
  if (arrived !== undefined) return { ...base, fate: "local", snat: arrived[0] !== probe.from };
  if (left !== undefined) {
    const snat = left[0] !== probe.from;
    return { ...base, fate: "forwarded", snat, outInterface: String(left[3]), answeredBy: answerTo(probe, replies) };
  }
  const [refused] = of("refused");
  if (refused !== undefined)
    return { ...base, fate: "rejected", rejectWith: kindOf(refused, probe.to.includes(":") ? 6 : 4) };
  if (of("answered").length > 0) return { ...base, fate: "rejected", rejectWith: "tcp-reset" };
  return { ...base, fate: "dropped" };
}

function answerTo(
  probe: Probe & { readonly sourcePort: number },
  replies: readonly { readonly name: string; readonly text: string }[],
): string | null {
  const reply = replies.find(({ name }) => name === probe.in);
  if (reply === undefined || probe.protocol !== "tcp") return null;
  const [answer] = elementsOf(reply.text).get("answered")?.get(probe.sourcePort) ?? [];
  return answer === undefined ? null : endpoint(String(answer[0]), Number(answer[2]));
}

const endpoint = (address: string, port: number): string =>
  `${address.includes(":") ? `[${address}]` : address}:${port}`;

/** Names of codes of "destination unreachable", as nft prints them or as numbers, and what `--reject-with` calls them. */
const KINDS: Readonly<Record<4 | 6, Readonly<Record<string, string>>>> = {
  4: {
    "net-unreachable": "icmp-net-unreachable",
    "host-unreachable": "icmp-host-unreachable",
    "prot-unreachable": "icmp-proto-unreachable",
    "port-unreachable": "icmp-port-unreachable",
    "net-prohibited": "icmp-net-prohibited",
    "host-prohibited": "icmp-host-prohibited",
    "admin-prohibited": "icmp-admin-prohibited",
  },
  6: {
    "no-route": "icmp6-no-route",
    "admin-prohibited": "icmp6-adm-prohibited",
    "addr-unreachable": "icmp6-addr-unreachable",
    "port-unreachable": "icmp6-port-unreachable",
  },
};

function kindOf([type, code]: Element, family: 4 | 6): string {
  return KINDS[family][String(code)] ?? `${type} ${code}`;
}
