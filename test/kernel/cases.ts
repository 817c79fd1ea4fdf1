import type { QuestionState } from "../../src/netfilter/question.ts";
import type { Probe } from "./bed.ts";
import { SCENES } from "./scenes.ts";

/** A rule set, a packet, and where the packet ends: what every trace must know, and each case that one once got wrong. */
export interface Case {
  readonly name: string;
  readonly family?: 6;
  /** Rules by table; other chains that they name are declared by themselves. */
  readonly rules: Readonly<Record<string, readonly string[]>>;
  /** `nat PREROUTING DROP` */
  readonly policies?: readonly string[];
  readonly probe: Probe;
  readonly state?: QuestionState;
  readonly ends: readonly string[];
}

const outside = { from: "192.168.50.77", in: "eth0", protocol: "tcp" } as const;
const pod = { from: "10.244.1.9", in: "cni0", protocol: "tcp" } as const;
const node = { from: "192.168.50.11", in: "local", protocol: "tcp" } as const;
const away = { to: "10.96.0.10", port: 80 } as const;
const here = { to: "192.168.50.11", port: 30080 } as const;
const untouched = "1.000 forwarded dnat=null snat=false out=out0";
const dropped = "1.000 dropped dnat=null snat=null out=null";
const local = "1.000 local dnat=null snat=false out=null";
const toPod = "-j DNAT --to-destination 10.244.3.14:8080";

export const CASES: readonly Case[] = [
  { name: "no rules, to somebody else", rules: { filter: [] }, probe: { ...outside, ...away }, ends: [untouched] },
  { name: "no rules, to the node", rules: { filter: [] }, probe: { ...outside, ...here }, ends: [local] },
  { name: "no rules, from the node", rules: { filter: [] }, probe: { ...node, ...away }, ends: [untouched] },
  {
    name: "a policy",
    rules: { filter: ["-A FORWARD -p udp -j ACCEPT"] },
    policies: ["filter FORWARD DROP"],
    probe: { ...outside, ...away },
    ends: [dropped],
  },
  {
    name: "a policy in nat",
    rules: { nat: ["-A PREROUTING -p udp -j ACCEPT"] },
    policies: ["nat PREROUTING DROP"],
    probe: { ...outside, ...away },
    ends: [dropped],
  },
  {
    name: "RETURN in a built-in chain asks the policy",
    rules: { filter: ["-A FORWARD -p tcp -j RETURN", "-A FORWARD -j ACCEPT"] },
    policies: ["filter FORWARD DROP"],
    probe: { ...outside, ...away },
    ends: [dropped],
  },
  {
    name: "RETURN goes back to the caller",
    rules: { filter: ["-A FORWARD -j ONE", "-A FORWARD -j DROP", "-A ONE -p tcp -j RETURN", "-A ONE -j ACCEPT"] },
    probe: { ...outside, ...away },
    ends: [dropped],
  },
  {
    name: "the end of a chain that was gone to is the end of the one before",
    rules: {
      filter: ["-A FORWARD -j ONE", "-A FORWARD -j ACCEPT", "-A ONE -g TWO", "-A ONE -j DROP", "-A TWO -p udp -j DROP"],
    },
    probe: { ...outside, ...away },
    ends: [untouched],
  },
  {
    name: "raw stands before mangle and nat",
    rules: {
      raw: ["-A PREROUTING -j DROP"],
      mangle: ["-A PREROUTING -j ACCEPT"],
      nat: [`-A PREROUTING -p tcp ${toPod}`],
    },
    probe: { ...outside, ...here },
    ends: [dropped],
  },
  {
    name: "filter sees the new destination",
    rules: {
      nat: [`-A PREROUTING -p tcp -m tcp --dport 30080 ${toPod}`],
      filter: [
        "-A FORWARD -p tcp -m tcp --dport 30080 -j DROP",
        "-A FORWARD -p tcp -m tcp --dport 8080 -j REJECT --reject-with icmp-admin-prohibited",
      ],
    },
    probe: { ...outside, ...here },
    ends: ["1.000 rejected with icmp-admin-prohibited dnat=10.244.3.14:8080 snat=null out=null"],
  },
  {
    name: "the first verdict ends nat at its hook",
    rules: {
      nat: ["-A PREROUTING -j ONE", "-A PREROUTING -j DNAT --to-destination 10.96.0.20", `-A ONE -p tcp ${toPod}`],
    },
    probe: { ...outside, ...here },
    ends: ["1.000 forwarded dnat=10.244.3.14:8080 snat=false out=out0"],
  },
  {
    name: "ACCEPT ends nat at its hook alone",
    rules: {
      nat: ["-A OUTPUT -j ACCEPT", `-A OUTPUT -p tcp ${toPod}`, "-A POSTROUTING -j SNAT --to-source 192.0.2.200"],
    },
    probe: { ...node, ...away },
    ends: ["1.000 forwarded dnat=null snat=true out=out0"],
  },
  {
    name: "a mark that is set where the packet comes in is found where it leaves",
    rules: {
      mangle: ["-A PREROUTING -j MARK --set-xmark 0x1/0xffffffff", "-A PREROUTING -j MARK --set-xmark 0x6/0x2"],
      nat: ["-A POSTROUTING -m mark --mark 0x7 -j MASQUERADE"],
    },
    probe: { ...outside, ...away },
    ends: ["1.000 forwarded dnat=null snat=true out=out0"],
  },
  {
    name: "a mark flipped twice",
    rules: {
      filter: [
        "-A FORWARD -j MARK --set-xmark 0x4000/0x0",
        "-A FORWARD -j MARK --set-xmark 0x4000/0x0",
        "-A FORWARD -m mark --mark 0x0 -j DROP",
      ],
    },
    probe: { ...outside, ...away },
    ends: [dropped],
  },
  {
    name: "the connection keeps a mark that the packet loses",
    rules: {
      mangle: [
        "-A PREROUTING -j MARK --set-xmark 0x7/0xffffffff",
        "-A PREROUTING -j CONNMARK --save-mark --nfmask 0x3 --ctmask 0xffffffff",
        "-A PREROUTING -j MARK --set-xmark 0x0/0xffffffff",
        "-A FORWARD -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0x2",
      ],
      filter: ["-A FORWARD -m mark --mark 0x2 -m connmark --mark 0x3 -j DROP"],
    },
    probe: { ...outside, ...away },
    ends: [dropped],
  },
  {
    name: "before conntrack looks, in raw, a packet is in no connection",
    rules: {
      raw: [
        "-A PREROUTING -m conntrack --ctstate NEW -j DROP",
        "-A PREROUTING -m conntrack --ctdir ORIGINAL -j DROP",
        "-A PREROUTING -m connmark ! --mark 0x7 -j DROP",
      ],
    },
    probe: { ...outside, ...away },
    ends: [untouched],
  },
  {
    name: "before conntrack looks, a packet is INVALID",
    rules: { raw: ["-A PREROUTING -m conntrack --ctstate INVALID -j DROP"] },
    probe: { ...outside, ...away },
    ends: [dropped],
  },
  {
    name: "a conntrack template looks like a new connection in raw",
    rules: { raw: ["-A PREROUTING -j CT --zone 1", "-A PREROUTING -m conntrack --ctstate NEW -j DROP"] },
    probe: { ...outside, ...away },
    ends: [dropped],
  },
  {
    name: "what is not tracked is not translated",
    rules: {
      raw: ["-A PREROUTING -p tcp -j NOTRACK"],
      nat: [`-A PREROUTING -p tcp ${toPod}`],
      filter: [
        "-A FORWARD -m conntrack ! --ctstate UNTRACKED -j DROP",
        "-A FORWARD -m conntrack ! --ctorigdst 10.96.0.10 -j DROP",
      ],
    },
    probe: { ...outside, ...away },
    ends: [untouched],
  },
  {
    name: "a new destination on the node",
    rules: {
      nat: ["-A PREROUTING -p tcp -j DNAT --to-destination 192.168.50.11:8080"],
      filter: ["-A FORWARD -j DROP", "-A INPUT -m conntrack ! --ctstate DNAT -j DROP"],
    },
    probe: { ...outside, ...away },
    ends: ["1.000 local dnat=192.168.50.11:8080 snat=false out=null"],
  },
  {
    name: "REDIRECT where it comes in",
    rules: { nat: ["-A PREROUTING -p tcp -j REDIRECT --to-ports 8080"] },
    probe: { ...pod, ...away },
    ends: ["1.000 local dnat=198.19.0.2:8080 snat=false out=null"],
  },
  {
    name: "REDIRECT of what the node sends",
    rules: { nat: ["-A OUTPUT -p tcp -j REDIRECT --to-ports 8080"], filter: ["-A OUTPUT -o lo -j DROP"] },
    probe: { ...node, ...away },
    ends: ["1.000 local dnat=127.0.0.1:8080 snat=false out=null"],
  },
  {
    name: "NETMAP keeps the host part",
    rules: { nat: ["-A PREROUTING -j NETMAP --to 10.97.0.0/16"] },
    probe: { ...outside, ...away },
    ends: ["1.000 forwarded dnat=10.97.0.10:80 snat=false out=out0"],
  },
  {
    name: "a destination that stays as it is is not translated",
    rules: {
      nat: ["-A PREROUTING -p tcp -j DNAT --to-destination 10.96.0.10:80"],
      filter: ["-A FORWARD -m conntrack --ctstate DNAT -j DROP"],
    },
    probe: { ...outside, ...away },
    ends: [untouched],
  },
  {
    name: "hairpin: back to the one who asks",
    rules: {
      nat: [
        "-A PREROUTING -p tcp -j DNAT --to-destination 10.244.1.9:8080",
        "-A POSTROUTING -s 10.244.1.9 -d 10.244.1.9 -j MASQUERADE",
      ],
    },
    probe: { ...pod, ...away },
    ends: ["1.000 forwarded dnat=10.244.1.9:8080 snat=true out=cni0"],
  },
  {
    name: "SNAT of what comes to the node",
    rules: {
      nat: ["-A INPUT -j SNAT --to-source 192.0.2.200"],
      filter: ["-A INPUT -m conntrack --ctstate SNAT -j DROP"],
    },
    probe: { ...outside, ...here },
    ends: ["1.000 local dnat=null snat=true out=null"],
  },
  {
    name: "the node to itself goes by the loopback and back",
    rules: {
      mangle: ["-A PREROUTING -i lo -m mark --mark 0x1 -j MARK --set-xmark 0x2/0xffffffff"],
      nat: [
        "-A OUTPUT -j MARK --set-xmark 0x1/0xffffffff",
        `-A PREROUTING -p tcp ${toPod}`,
        "-A INPUT -j SNAT --to-source 192.0.2.200",
      ],
      filter: [
        "-A OUTPUT ! -o lo -j DROP",
        "-A INPUT -i lo -m mark ! --mark 0x2 -j DROP",
        "-A INPUT -m conntrack ! --ctstatus CONFIRMED -j DROP",
      ],
    },
    probe: { ...node, ...here },
    ends: [local],
  },
  {
    name: "NOTRACK comes too late for what comes back by the loopback",
    rules: { raw: ["-A PREROUTING -i lo -j NOTRACK"], filter: ["-A INPUT -m conntrack --ctstate UNTRACKED -j DROP"] },
    probe: { ...node, ...here },
    ends: [local],
  },
  {
    name: "MASQUERADE by the loopback leaves the node its address",
    rules: { nat: ["-A POSTROUTING -j MASQUERADE"] },
    probe: { ...node, ...here },
    ends: [local],
  },
  {
    name: "what the node sends is routed anew after translation, when the hook is over",
    rules: {
      nat: ["-A OUTPUT -p tcp -j DNAT --to-destination 10.244.1.13:80"],
      filter: ["-A OUTPUT ! -o out0 -j DROP"],
      mangle: ["-A POSTROUTING ! -o cni0 -j DROP"],
    },
    probe: { ...node, ...away },
    ends: ["1.000 forwarded dnat=10.244.1.13:80 snat=false out=cni0"],
  },
  {
    name: "DROP of what the node sends",
    rules: { filter: ["-A OUTPUT -p udp -j DROP"] },
    probe: { ...node, ...away, protocol: "udp" },
    ends: [dropped],
  },
  {
    name: "REJECT of what the node sends",
    rules: { filter: ["-A OUTPUT -j REJECT --reject-with icmp-host-prohibited"] },
    probe: { ...node, ...away },
    ends: ["1.000 rejected with icmp-host-prohibited dnat=null snat=null out=null"],
  },
  {
    name: "REJECT with a reset",
    rules: { filter: ["-A FORWARD -p tcp -j REJECT --reject-with tcp-reset"] },
    probe: { ...outside, ...away },
    ends: ["1.000 rejected with tcp-reset dnat=null snat=null out=null"],
  },
  {
    name: "a random choice, then another",
    rules: {
      nat: [
        "-A PREROUTING -p tcp -m statistic --mode random --probability 0.33333333349 -j DNAT --to-destination 10.96.0.20:1",
        "-A PREROUTING -p tcp -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.96.0.20:2",
        "-A PREROUTING -p tcp -j DNAT --to-destination 10.96.0.20:3",
      ],
    },
    probe: { ...outside, ...here },
    ends: [1, 2, 3].map((port) => `0.333 forwarded dnat=10.96.0.20:${port} snat=false out=out0`),
  },
  {
    name: "a random choice between the same",
    rules: { filter: ["-A FORWARD -m statistic --mode random --probability 0.25000000000 -j ONE", "-A ONE -j RETURN"] },
    probe: { ...outside, ...away },
    ends: [untouched],
  },
  {
    name: "counted packets",
    rules: { filter: ["-A FORWARD -m statistic --mode nth --every 4 --packet 0 -j DROP"] },
    probe: { ...outside, ...away },
    ends: ["0.250 dropped dnat=null snat=null out=null", "0.750 forwarded dnat=null snat=false out=out0"],
  },
  {
    name: "a client that a rule remembers",
    rules: {
      filter: [
        "-A FORWARD -m recent --rcheck --name a --rsource -j DROP",
        "-A FORWARD -m recent --set --name a --rsource",
        "-A FORWARD -m recent --update --seconds 60 --hitcount 1 --name a --rsource -j REJECT --reject-with icmp-net-prohibited",
      ],
    },
    probe: { ...outside, ...away },
    ends: ["1.000 rejected with icmp-net-prohibited dnat=null snat=null out=null"],
  },
  {
    name: "a TOS that a rule changed is another one",
    rules: {
      mangle: ["-A PREROUTING -m dscp --dscp 0x0a -j DROP", "-A PREROUTING -j TOS --set-tos 0x28/0xff"],
      filter: ["-A FORWARD -m dscp --dscp 0x0a -j DROP"],
    },
    probe: { ...outside, ...away },
    ends: [dropped],
  },
  {
    name: "the time to live is counted down before FORWARD",
    rules: { mangle: ["-A PREROUTING -m ttl --ttl-lt 64 -j DROP", "-A FORWARD -m ttl --ttl-eq 64 -j DROP"] },
    probe: { ...outside, ...away },
    ends: [untouched],
  },
  {
    name: "a list of recent destinations holds the translated one",
    rules: {
      mangle: ["-A PREROUTING -m recent --set --name b --rdest"],
      nat: [`-A PREROUTING -p tcp ${toPod}`],
      filter: ["-A FORWARD -m recent --rcheck --name b --rdest -j DROP"],
    },
    probe: { ...outside, ...away },
    ends: ["1.000 forwarded dnat=10.244.3.14:8080 snat=false out=out0"],
  },
  {
    name: "a second datagram is NEW, but not asked by nat",
    rules: {
      mangle: ["-A FORWARD -m conntrack --ctstate NEW -m mark --mark 0x1 -j DROP"],
      nat: [
        "-A PREROUTING -p udp -m udp --dport 30080 -j DNAT --to-destination 10.96.0.20:53",
        "-A POSTROUTING -j MARK --set-xmark 0x1/0x1",
      ],
      filter: ["-A FORWARD -m conntrack --ctstate NEW -j ACCEPT"],
    },
    policies: ["filter FORWARD DROP"],
    probe: { ...outside, ...here, protocol: "udp" },
    state: "new-again",
    ends: ["1.000 forwarded dnat=10.96.0.20:53 snat=false out=out0"],
  },
  {
    name: "an established connection keeps what nat chose",
    rules: {
      nat: [
        `-A PREROUTING -p tcp -m tcp --dport 30080 -j MARK --set-xmark 0x4000/0x4000`,
        `-A PREROUTING -p tcp -m tcp --dport 30080 ${toPod}`,
        "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE",
      ],
      filter: ["-A FORWARD -m conntrack --ctstate ESTABLISHED -m mark --mark 0x4000/0x4000 -j DROP"],
    },
    probe: { ...outside, ...here },
    state: "established",
    ends: ["1.000 forwarded dnat=10.244.3.14:8080 snat=true out=out0"],
  },
  {
    name: "IPv6: a new destination and back",
    family: 6,
    rules: {
      nat: ["-A PREROUTING -p tcp -j DNAT --to-destination [fd00:10:96::20]:8080", "-A POSTROUTING -j MASQUERADE"],
    },
    probe: { from: "fd00:50::77", in: "eth0", to: "fd00:50::11", port: 80, protocol: "tcp" },
    ends: ["1.000 forwarded dnat=[fd00:10:96::20]:8080 snat=true out=out0"],
  },
  {
    name: "IPv6: REJECT",
    family: 6,
    rules: { filter: ["-A INPUT -m addrtype --dst-type LOCAL -j REJECT --reject-with icmp6-adm-prohibited"] },
    probe: { from: "fd00:50::77", in: "eth0", to: "fd00:50::11", port: 80, protocol: "udp" },
    ends: ["1.000 rejected with icmp6-adm-prohibited dnat=null snat=null out=null"],
  },
];

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
};

/** The case's rules as iptables-save would print them. */
export function textOf({ rules, policies = [] }: Case): string {
  return Object.entries(rules)
    .map(([table, lines]) => {
      const builtIn = BUILT_IN[table] ?? [];
      const named = new Set(lines.flatMap((line) => /^-A (\S+)/.exec(line)?.[1] ?? []));
      const own = [...named, ...lines.flatMap((line) => /-[jg] ([A-Z]+)$/.exec(line)?.[1] ?? [])];
      const chains = [
        ...builtIn.map((chain) => `:${chain} ${policies.includes(`${table} ${chain} DROP`) ? "DROP" : "ACCEPT"} [0:0]`),
        ...[...new Set(own)].filter((chain) => CHAINS.has(chain)).map((chain) => `:${chain} - [0:0]`),
      ];
      return [`*${table}`, ...chains, ...lines, "COMMIT", ""].join("\n");
    })
    .join("");
}

const CHAINS: ReadonlySet<string> = new Set(["ONE", "TWO"]);

/** What all cases take place on. */
export const CASE_BED = { inside: ["eth0", "cni0"], outside: "out0" } as const;

export const sceneOf = ({ family }: Case) => SCENES[family ?? 4];
