import type { Codec } from "./codec.ts";

/** One of some words. `saved` tells how iptables-save spells those that it spells otherwise. */
export function keyword(
  name: string,
  words: readonly string[],
  saved: Readonly<Record<string, string>> = {},
): Codec<string> {
  return {
    name,
    parse(text) {
      const word = words.find((known) => known === text);
      return word === undefined ? { expected: `one of ${words.join(", ")}` } : { value: saved[word] ?? word };
    },
    print: (value) => value,
  };
}

/** Words with commas between, each given once in the order of `words`; `all` stands for every one of them. */
export function keywordList(
  name: string,
  words: readonly string[],
  options: { readonly all?: string } = {},
): Codec<readonly string[]> {
  return {
    name,
    parse(text) {
      const given = new Set<string>();
      for (const part of text.split(",")) {
        if (part === options.all) for (const word of words) given.add(word);
        else if (words.includes(part)) given.add(part);
        else return { expected: `a comma list of ${words.join(", ")}` };
      }
      return { value: words.filter((word) => given.has(word)) };
    },
    print: (value) => value.join(","),
    say: (value) => value.join(" or "),
  };
}

export const packetType = keyword("packet-type", ["unicast", "broadcast", "multicast"]);
export const stringAlgorithm = keyword("string-algorithm", ["bm", "kmp"]);
export const statisticMode = keyword("statistic-mode", ["random", "nth"]);
export const connbytesMode = keyword("connbytes-mode", ["packets", "bytes", "avgpkt"]);
export const connbytesDirection = keyword("connbytes-direction", ["original", "reply", "both"]);
export const connectionDirection = keyword("connection-direction", ["ORIGINAL", "REPLY"]);
export const ipvsMethod = keyword("ipvs-method", ["GATE", "IPIP", "MASQ"]);
export const policyDirection = keyword("policy-direction", ["in", "out"]);
export const policyKind = keyword("policy-kind", ["none", "ipsec"]);
export const ipsecMode = keyword("ipsec-mode", ["transport", "tunnel"]);
export const ipsecProtocol = keyword("ipsec-protocol", ["esp", "ah", "ipcomp"]);
export const auditType = keyword("audit-type", ["accept", "drop", "reject"]);
export const clusterHashMode = keyword("cluster-hash-mode", [
  "sourceip",
  "sourceip-sourceport",
  "sourceip-sourceport-destport",
]);
export const conntrackEvents = keywordList("conntrack-events", [
  "new",
  "related",
  "destroy",
  "reply",
  "assured",
  "protoinfo",
  "helper",
  "mark",
  "natseqinfo",
  "secmark",
]);
export const expectEvents = keywordList("expect-events", ["new"]);
