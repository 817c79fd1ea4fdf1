import { address } from "../values/address.ts";
import { mappedNetwork, maskedHost } from "../values/address-mask.ts";
import { nodeCount, uint32 } from "../values/integer.ts";
import { interfaceName } from "../values/interface.ts";
import { clusterHashMode } from "../values/keyword.ts";
import { macAddress } from "../values/mac-address.ts";
import { fullMark } from "../values/mark.ts";
import { natRange } from "../values/nat-range.ts";
import { natPorts, port } from "../values/port.ts";
import type { ExtensionRecord } from "./record.ts";

/** Targets that change addresses, ports or the way of a packet, iptables-extensions(8). */
export const natTargets: readonly ExtensionRecord[] = [
  {
    kind: "target",
    name: "DNAT",
    terminating: true,
    tables: ["nat"],
    chains: ["PREROUTING", "OUTPUT"],
    phrase: "the destination is rewritten (DNAT)",
    options: [
      {
        flag: "--to-destination",
        arity: 1,
        codecs: [natRange],
        negatable: false,
        mandatory: true,
        tellsAll: true,
        phrase: "the destination becomes {0} (DNAT)",
      },
      { flag: "--random", arity: 0, codecs: [], negatable: false, phrase: "ports are chosen at random" },
      {
        flag: "--persistent",
        arity: 0,
        codecs: [],
        negatable: false,
        phrase: "the same client always gets the same address",
      },
    ],
  },
  {
    kind: "target",
    name: "SNAT",
    terminating: true,
    tables: ["nat"],
    chains: ["INPUT", "POSTROUTING"],
    phrase: "the source is rewritten (SNAT)",
    options: [
      {
        flag: "--to-source",
        arity: 1,
        codecs: [natRange],
        negatable: false,
        mandatory: true,
        tellsAll: true,
        phrase: "the source becomes {0} (SNAT)",
      },
      { flag: "--random", arity: 0, codecs: [], negatable: false, phrase: "ports are chosen at random" },
      { flag: "--random-fully", arity: 0, codecs: [], negatable: false, phrase: "ports are chosen fully at random" },
      {
        flag: "--persistent",
        arity: 0,
        codecs: [],
        negatable: false,
        phrase: "the same client always gets the same address",
      },
    ],
  },
  {
    kind: "target",
    name: "MASQUERADE",
    terminating: true,
    tables: ["nat"],
    chains: ["POSTROUTING"],
    phrase: "the source becomes the address of the outgoing interface (masquerade)",
    options: [
      { flag: "--to-ports", arity: 1, codecs: [natPorts], negatable: false, phrase: "the source port becomes {0}" },
      { flag: "--random", arity: 0, codecs: [], negatable: false, phrase: "ports are chosen at random" },
      { flag: "--random-fully", arity: 0, codecs: [], negatable: false, phrase: "ports are chosen fully at random" },
    ],
  },
  {
    kind: "target",
    name: "REDIRECT",
    terminating: true,
    tables: ["nat"],
    chains: ["PREROUTING", "OUTPUT"],
    phrase: "the packet is redirected to this host",
    options: [
      {
        flag: "--to-ports",
        arity: 1,
        codecs: [natPorts],
        negatable: false,
        phrase: "the destination port becomes {0}",
      },
      { flag: "--random", arity: 0, codecs: [], negatable: false, phrase: "ports are chosen at random" },
    ],
  },
  {
    kind: "target",
    name: "NETMAP",
    terminating: true,
    tables: ["nat"],
    phrase: "the network part of the address is rewritten (NETMAP)",
    options: [
      {
        flag: "--to",
        arity: 1,
        codecs: [mappedNetwork],
        negatable: false,
        mandatory: true,
        tellsAll: true,
        phrase: "the network part of the address becomes {0} (NETMAP)",
      },
    ],
  },
  {
    kind: "target",
    name: "DNPT",
    family: 6,
    tables: ["mangle"],
    chains: ["PREROUTING", "OUTPUT"],
    phrase: "the prefix of the destination is rewritten (DNPT)",
    options: [
      {
        flag: "--src-pfx",
        arity: 1,
        codecs: [maskedHost],
        negatable: false,
        mandatory: true,
        phrase: "from the prefix {0}",
      },
      {
        flag: "--dst-pfx",
        arity: 1,
        codecs: [maskedHost],
        negatable: false,
        mandatory: true,
        phrase: "to the prefix {0}",
      },
    ],
  },
  {
    kind: "target",
    name: "SNPT",
    family: 6,
    tables: ["mangle"],
    chains: ["INPUT", "POSTROUTING"],
    phrase: "the prefix of the source is rewritten (SNPT)",
    options: [
      {
        flag: "--src-pfx",
        arity: 1,
        codecs: [maskedHost],
        negatable: false,
        mandatory: true,
        phrase: "from the prefix {0}",
      },
      {
        flag: "--dst-pfx",
        arity: 1,
        codecs: [maskedHost],
        negatable: false,
        mandatory: true,
        phrase: "to the prefix {0}",
      },
    ],
  },
  {
    kind: "target",
    name: "TPROXY",
    terminating: true,
    tables: ["mangle"],
    chains: ["PREROUTING"],
    protocols: ["tcp", "udp"],
    phrase: "the packet is handed to a local proxy (TPROXY)",
    options: [
      {
        flag: "--on-port",
        arity: 1,
        codecs: [port],
        negatable: false,
        mandatory: true,
        phrase: "the proxy listens on port {0}",
      },
      {
        flag: "--on-ip",
        arity: 1,
        codecs: [address],
        negatable: false,
        added: { 4: "0.0.0.0", 6: "::" },
        phrase: "the proxy listens on address {0}",
      },
      {
        flag: "--tproxy-mark",
        arity: 1,
        codecs: [fullMark],
        negatable: false,
        added: "0x0/0x0",
        phrase: "the packet mark {0}",
      },
    ],
  },
  {
    kind: "target",
    name: "TEE",
    phrase: "a copy of the packet is sent on",
    options: [
      {
        flag: "--gateway",
        arity: 1,
        codecs: [address],
        negatable: false,
        mandatory: true,
        phrase: "the copy goes to {0}",
      },
      { flag: "--oif", arity: 1, codecs: [interfaceName], negatable: false, phrase: "the copy goes out on {0}" },
    ],
  },
  {
    kind: "target",
    name: "CLUSTERIP",
    family: 4,
    terminating: true,
    phrase: "the packet is shared out among the nodes of a cluster (CLUSTERIP)",
    options: [
      { flag: "--new", arity: 0, codecs: [], negatable: false, phrase: "this rule makes the cluster address" },
      {
        flag: "--hashmode",
        arity: 1,
        codecs: [clusterHashMode],
        negatable: false,
        phrase: "connections are shared out by {0}",
      },
      {
        flag: "--clustermac",
        arity: 1,
        codecs: [macAddress],
        negatable: false,
        phrase: "the cluster answers with ethernet address {0}",
      },
      { flag: "--total-nodes", arity: 1, codecs: [nodeCount], negatable: false, phrase: "the cluster has {0} nodes" },
      { flag: "--local-node", arity: 1, codecs: [nodeCount], negatable: false, phrase: "this is node {0}" },
      { flag: "--hash-init", arity: 1, codecs: [uint32], negatable: false, phrase: "the hash begins with {0}" },
    ],
  },
];
