import type { Codec } from "./codec.ts";

/** How freely iptables reads the words of a list or a keyword. */
interface Reading {
  /** Upper and lower case alike. */
  readonly ignoreCase?: boolean;
  /** The beginning of a word will do; the first word in `words` that begins so is meant. */
  readonly prefix?: boolean;
  /** Spellings that stand for other words: `mcast` for multicast. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** The known word that the text stands for under the given reading. */
function find(text: string, words: readonly string[], { ignoreCase, prefix, aliases }: Reading): string | undefined {
  const fold = (word: string): string => (ignoreCase ? word.toLowerCase() : word);
  const wanted = fold(text);
  for (const word of words) {
    const known = fold(word);
    if (prefix ? known.startsWith(wanted) : known === wanted) return word;
  }
  for (const [alias, word] of Object.entries(aliases ?? {})) {
    const known = fold(alias);
    if (prefix ? known.startsWith(wanted) : known === wanted) return word;
  }
  return undefined;
}

/** One of some words. */
export function keyword(name: string, words: readonly string[], reading: Reading = {}): Codec<string> {
  return {
    name,
    parse(text) {
      const value = text === "" ? undefined : find(text, words, reading);
      return value === undefined ? { expected: `one of ${words.join(", ")}` } : { value };
    },
    print: (value) => value,
  };
}

/** What a list of words may hold beside them, and how it is printed. */
interface ListReading extends Reading {
  /** Order of printing where that is not the order of `words`. */
  readonly printed?: readonly string[];
  /** The word that adds nothing, printed for an empty list: NONE. */
  readonly none?: string;
}

/** Words with commas between; iptables-save prints each once, in its own order. */
export function keywordList(
  name: string,
  words: readonly string[],
  reading: ListReading = {},
): Codec<readonly string[]> {
  const { printed = words, none } = reading;
  const all = none === undefined ? words : [none, ...words];
  return {
    name,
    parse(text) {
      const given = new Set<string>();
      for (const part of text.split(",")) {
        const word = part === "" ? undefined : find(part, all, reading);
        if (word === undefined) return { expected: `a comma list of ${all.join(", ")}` };
        given.add(word);
      }
      return { value: printed.filter((word) => given.has(word)) };
    },
    print: (value) => value.join(",") || (none ?? ""),
    say: (value) => value.join(" or ") || (none ?? ""),
  };
}

const ANY_CASE = { ignoreCase: true };

export const packetType = keyword("packet-type", ["unicast", "broadcast", "multicast", "otherhost", "outgoing"], {
  ignoreCase: true,
  aliases: { host: "unicast", bcast: "broadcast", mcast: "multicast" },
});
export const stringAlgorithm = keyword("string-algorithm", ["bm", "kmp"]);
export const statisticMode = keyword("statistic-mode", ["random", "nth"]);
export const connbytesMode = keyword("connbytes-mode", ["packets", "bytes", "avgpkt"]);
export const connbytesDirection = keyword("connbytes-direction", ["original", "reply", "both"]);
export const connectionDirection = keyword("connection-direction", ["ORIGINAL", "REPLY"], ANY_CASE);
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
const hashlimitModes = keywordList("hashlimit-mode", ["dstip", "srcip", "srcport", "dstport"], {
  ignoreCase: true,
  printed: ["srcip", "srcport", "dstip", "dstport"],
});
/** `--hashlimit-mode srcip,dstport`; an empty list puts all packets in one group. */
export const hashlimitMode: Codec<readonly string[]> = {
  ...hashlimitModes,
  parse: (text, context) => (text === "" ? { value: [] } : hashlimitModes.parse(text, context)),
};
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
