import fc from "fast-check";
import type { Codec } from "../../grammar/values/codec.ts";
import { allMatches, allTargets, coreOptions } from "../../grammar/vocabulary/index.ts";
import type { ExtensionRecord, OptionRecord } from "../../grammar/vocabulary/record.ts";

/** Values of all types that options take; each codec is given those that it reads. */
const values = [
  ..."0 1 2 7 53 80 255 256 1023 4096 65535 65536 4294967295 0x4000 0x4000/0x4000 0x1/0xffffffff 0/0 -1 0.5 0.33333333349".split(
    " ",
  ),
  ..."10.0.0.0/8 10.96.0.1/32 10.0.2.0/255.0.255.0 192.168.1.1 fd00::/64 2001:db8::1/128 ::1 10.0.0.1-10.0.0.9 fd00::1-fd00::f".split(
    " ",
  ),
  ..."10.244.1.5:80 [fd00::1]:443 10.0.0.1-10.0.0.5:80-90 :8080 0:65535 80:90 80,443 30000:32767 1,2:5,9 1024-65535".split(
    " ",
  ),
  ..."tcp udp icmp ipv6-icmp sctp all eth0 cni+ lo eni+ ACCEPT NEW RELATED,ESTABLISHED INVALID DNAT LOCAL UNICAST,LOCAL".split(
    " ",
  ),
  ..."echo-request any 8 3/1 SYN FIN,SYN,RST,ACK ALL NONE icmp-port-unreachable tcp-reset random nth src dst src,dst".split(
    " ",
  ),
  ..."5/sec 10/min 10/hour 1kb/s 00:11:22:33:44:55 10:00 23:59:59 Mon,Tue 2038-01-19T03:14:07 debug warning host broadcast".split(
    " ",
  ),
  ..."srcip srcip,dstport 1mb 4/4 root 1000 0-99 ftp set1 weave-;rGqyMIl1HN^cfDki~Z$3]6!N kube-proxy EF af11 be bm kmp".split(
    " ",
  ),
  ..."1,6_0_0_0 0x0>>0x16&0x3c@0x0=0x1 ORIGINAL REPLY Minimize-Delay 0x10/0x3f original -j ! # a'b".split(" "),
  "",
  "6 0 0 65535",
  "kubernetes service portals",
  "default/web:http -> 10.244.1.5:80",
  'dnat name: "cbr0" id: "x"',
  "caf\xc3\xa9 \xff",
];

const accepted = new Map<string, readonly string[]>();

function valuesOf(codec: Codec<unknown>): readonly string[] {
  let found = accepted.get(codec.name);
  if (found === undefined) {
    found = values.filter((text) => "value" in codec.parse(text, { family: null }));
    accepted.set(codec.name, found);
  }
  return found;
}

/** A word as iptables-save or a hand writes it. */
function written(text: string, style: number): string {
  const bare = text !== "" && !/[\s"]/.test(text);
  if (bare && style % 4 !== 0) return text;
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

const pick = <T>(list: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...list);

const value = (codec: Codec<unknown>): fc.Arbitrary<string> => {
  const right = valuesOf(codec);
  const any = pick(values);
  const text =
    right.length === 0 ? any : fc.oneof({ arbitrary: pick(right), weight: 9 }, { arbitrary: any, weight: 1 });
  return fc.tuple(text, fc.nat(7)).map(([each, style]) => written(each, style));
};

function spelling(option: OptionRecord): fc.Arbitrary<string> {
  const flags = [option.flag, ...(option.short === undefined ? [] : [option.short]), ...(option.aliases ?? [])];
  return fc.tuple(pick(flags), fc.nat(19)).map(([flag, cut]) => (cut === 0 ? flag.slice(0, -1) : flag));
}

/** An option with its values: mostly right, at times without one, joined, negated in the old place. */
function optionText(option: OptionRecord): fc.Arbitrary<string> {
  const count = option.codecs.length;
  return fc
    .record({
      flag: spelling(option),
      words: fc.tuple(...option.codecs.map(value)),
      bang: fc.nat(option.negatable ? 4 : 30),
      odd: fc.nat(40),
    })
    .map(({ flag, words, bang, odd }) => {
      const given = odd === 1 ? words.slice(1) : words;
      if (odd === 2 && count === 1) return `${flag}=${given[0]}`;
      if (odd === 3 && count === 1 && flag.length === 2) return `${flag}${given[0]}`;
      if (odd === 4) return [flag, "!", ...given].join(" ");
      return [...(bang === 0 ? ["!"] : []), flag, ...given].join(" ");
    });
}

/** Options of the core that ask something of a packet; which chain, match and target a rule has is said apart. */
const questions = coreOptions.filter(({ flag }) => !["--match", "--jump", "--goto"].includes(flag));

function extensionText(flag: string, extension: ExtensionRecord): fc.Arbitrary<string> {
  const options = extension.options;
  const some =
    options.length === 0 ? fc.constant<string[]>([]) : fc.array(pick(options).chain(optionText), { maxLength: 3 });
  return some.map((texts) => [`${flag} ${extension.name}`, ...texts].join(" "));
}

const chains = ["INPUT", "FORWARD", "KUBE-SERVICES", "KUBE-SEP-LTIVLC7GT4RU5YAH", "LOG", "cali-fw", "a;b|c", '"q r"'];

const jump: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: pick(allTargets).chain((target) => extensionText("-j", target)), weight: 6 },
  {
    arbitrary: fc.tuple(pick(["-j", "-g", "--jump", "--goto"]), pick(chains)).map((words) => words.join(" ")),
    weight: 4,
  },
  { arbitrary: fc.constant(""), weight: 1 },
);

/** A rule line. */
export const ruleLine: fc.Arbitrary<string> = fc
  .record({
    counters: pick(["", "", "", "", "[7:420] ", "[7:420]", "  [0:0] "]),
    command: pick(["-A", "-A", "-A", "-A", "-I", "-D", "--append", "-C", "-R"]),
    chain: pick(chains),
    core: fc.array(pick(questions).chain(optionText), { maxLength: 3 }),
    matches: fc.array(
      pick(allMatches).chain((match) => extensionText("-m", match)),
      { maxLength: 3 },
    ),
    jump,
    tail: pick(["", "", "", "", "", "", " ", " # why", " !", " -x", " --unknown 7"]),
  })
  .map(
    ({ counters, command, chain, core, matches, jump: target, tail }) =>
      counters + [`${command} ${chain}`, ...core, ...matches, target].filter((part) => part !== "").join(" ") + tail,
  );

const otherLine: fc.Arbitrary<string> = fc.oneof(
  pick(["*nat", "*filter", "*mangle extra", "* raw", "*wat", "COMMIT", "COMMIT ", " COMMIT", "commit", "", "  ", "\t"]),
  pick([
    "# Generated by iptables-save v1.8.9 (nf_tables) on Mon Nov 23 00:02:37 2026",
    "# Generated by ip6tables-save v1.8.7 on Mon Nov 23 00:02:37 2026",
    "# Completed on Mon Nov 23 00:02:37 2026",
    "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them",
    "# Table `filter' is incompatible, use 'nft' tool.",
    " # indented",
    "$ sudo iptables-save | grep KUBE",
    "...",
    "[root@node ~]# iptables-save",
    "Nov 14 10:00:00 node kube-proxy[12]: -A KUBE-SERVICES -j ACCEPT",
    "12:-A KUBE-SERVICES -j ACCEPT",
    "+-A KUBE-SERVICES -j ACCEPT",
    "-P INPUT ACCEPT",
    "-N KUBE-SERVICES",
    "-F",
    "-X KUBE-SERVICES",
    '-A INPUT -m comment --comment "two',
    'lines" -j ACCEPT',
  ]),
  fc
    .tuple(pick(chains), pick(["- [0:0]", "ACCEPT [12:34]", "DROP", "", "- [a:b]", "ACCEPT  [1:2] x"]))
    .map(([chain, rest]) => `:${chain} ${rest}`),
);

/** A text of lines, most of them right. */
export const dumpText: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(
      fc.oneof({ arbitrary: ruleLine, weight: 3 }, { arbitrary: otherLine, weight: 2 }),
      pick(["\n", "\n", "\n", "\n", "\n", "\n", "\n", "\r\n"]),
    ),
    { maxLength: 24 },
  )
  .map((lines) => lines.map(([line, end]) => line + end).join(""));

/** Bytes that mean something to the scanner, and any others. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .array(
      pick([
        ..."\n\r\t !\"#'*-:=[\\],AIjmps0:9\0\xff\xc3\xa9\xef\xbb\xbf",
        "-A ",
        "-m ",
        "-j ",
        "COMMIT",
        "\n-A X ",
        '"\n',
      ]),
      {
        maxLength: 120,
      },
    )
    .map((parts) => Uint8Array.from(parts.join(""), (char) => char.charCodeAt(0))),
);
