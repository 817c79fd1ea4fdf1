import { bytesOf } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import { allMatches, allTargets } from "../../grammar/vocabulary/index.ts";
import type { Backend, ExtensionRecord, Family, OptionRecord } from "../../grammar/vocabulary/record.ts";
import { refusals } from "../../grammar/vocabulary/refuse.ts";
import type { Random } from "../kernel/random.ts";

/** A rule that iptables should take, for a built-in chain of a table. */
export interface GeneratedRule {
  readonly table: string;
  readonly line: string;
}

/** Extensions that need what a bare kernel has not: sets, accounting objects, modules that few builds have. */
const NEEDS_MORE = new Set([
  "set",
  "SET",
  "nfacct",
  "ipvs",
  "osf",
  "rateest",
  "LED",
  "ULOG",
  "CLUSTERIP",
  "SECMARK",
  "QUEUE",
  "SYNPROXY",
  "realm",
]);

/** Options left out: they need files or objects, or iptables 1.8.9 prints them wrongly (docs of the printer name these). */
const NOT_ASKED = new Set([
  "--object-pinned",
  "--path",
  "--compres",
  "--localtz",
  "CT --timeout",
  "CT --helper",
  "--hmark-tuple",
  "--hmark-spi",
  "--hmark-sport",
  "--hmark-dport",
  "--gid-owner --suppl-groups",
  "--suppl-groups",
  "--contiguous",
]);

/** Extensions of which one option at a time is asked: iptables mixes up several (libip6t_srh.c). */
const ONE_AT_A_TIME = new Set(["srh"]);

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  raw: ["PREROUTING", "OUTPUT"],
  security: ["INPUT", "FORWARD", "OUTPUT"],
};

const PORTS = ["0", "1", "22", "80", "8080", "65535"];
const TEXTS = ["abc", "a b", "x:y", "it's", "a-b_1", "caf\xe9", "%s", "-j", "!", "GET /", "default/web:http"];

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** Makes values that people would write, by the name of their codec. */
class Values {
  readonly #random: Random;
  readonly #family: Family;
  #serial = 0;

  constructor(random: Random, family: Family) {
    this.#random = random;
    this.#family = family;
  }

  of(codec: string): string {
    const [first, rest] = this.#choices(codec);
    return this.#random.pick(rest === undefined ? first : [...first, ...rest]);
  }

  #number(most: number, least = 0): string {
    const value = least + this.#random.below(Math.min(most, 2 ** 31) - least + 1);
    const spelled = this.#random.pick([value, value, value, least, most]);
    return this.#random.chance(0.2) ? `0x${spelled.toString(16)}` : String(spelled);
  }

  #range(most: number): string {
    const [a = 0, b = 0] = [this.#random.below(most), this.#random.below(most)].sort((x, y) => x - y);
    return this.#random.pick([`${a}`, `${a}:${b}`, `:${b}`, `${a}:`, `${a}:${a}`]);
  }

  #some(words: readonly string[]): string {
    const chosen = words.filter(() => this.#random.chance(0.4));
    return (chosen.length > 0 ? chosen : words.slice(0, 1)).join(",");
  }

  #mark(): string {
    const value = this.#random.pick(["0", "1", "0x4000", "0xffffffff", "4294967295"]);
    return this.#random.chance(0.5) ? value : `${value}/${this.#random.pick(["0x4000", "0xff", "0", "0xffffffff"])}`;
  }

  #address(): string {
    return this.#random.pick(
      this.#family === 4
        ? ["10.0.0.1", "192.168.7.9", "1.2.3.4"]
        : ["fd00::1", "2001:db8:0:1::5", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"],
    );
  }

  #network(): string {
    const prefix = this.#random.below(this.#family === 4 ? 33 : 129);
    const mask = this.#family === 4 ? "255.255.0.0" : "ffff:ffff::";
    return `${this.#address()}${this.#random.pick(["", `/${prefix}`, `/${mask}`])}`;
  }

  #natRange(): string {
    const addresses = this.#random.pick([this.#address(), `${this.#address()}-${this.#address()}`]);
    const ports = this.#random.pick(["", ":80", ":80-90", ":http"]);
    return this.#family === 6 && ports !== "" ? `[${addresses}]${ports}` : `${addresses}${ports}`;
  }

  #unique(prefix: string): string {
    return `${prefix}${this.#random.below(1e6)}x${this.#serial++}`;
  }

  #choices(codec: string): [readonly string[], (readonly string[])?] {
    const port = this.#random.pick(PORTS);
    const text = this.#random.pick(TEXTS);
    switch (codec) {
      case "bit":
        return [["0", "1"]];
      case "ecn-codepoint":
        return [["0", "1", "2", "3"]];
      case "byte":
        return [[this.#number(255)]];
      case "positive-byte":
        return [[this.#number(255, 1)]];
      case "shift":
        return [[this.#number(32)]];
      case "dscp":
        return [[this.#number(63)]];
      case "uint16":
        return [[this.#number(1000)]];
      case "hexadecimal-port":
      case "hexadecimal-protocol":
        return [[this.#number(65535)]];
      case "string-offset":
        return [["0", "7", "40"]];
      case "segment-size":
        return [[this.#number(1400, 1)]];
      case "uint32":
      case "hexadecimal":
      case "hash":
      case "uint64":
        return [[this.#number(0xffffffff)]];
      case "positive-uint32":
      case "idle-seconds":
        return [[this.#number(2_000_000, 1)]];
      case "limit-burst":
        return [["1", "5", "7", "50"]];
      case "seconds":
        return [["60"]];
      case "prefix-length":
        return [[this.#number(this.#family === 4 ? 32 : 128)]];
      case "node-number":
        return [["8"]];
      case "single-node":
        return [[this.#number(8, 1)]];
      case "node-mask":
        return [[this.#number(31, 1)]];
      case "interval":
        return [["1", "10"]];
      case "port-range":
      case "uint16-range":
        return [[this.#range(65535), "0x50"]];
      case "resolved-port-range":
        return [[this.#range(65535), "010"]];
      case "uint32-range":
      case "uint64-range":
        return [[this.#range(2 ** 31)]];
      case "queue-range":
        return [["0:5", "1:7", "10:11"]];
      case "mobility-type":
        return [["5", "1:3", "binding-update", "brr", "3:"]];
      case "tcp-flags":
        return [["ALL", "SYN", this.#some(["SYN", "ACK", "FIN", "RST", "URG", "PSH"])]];
      case "sctp-chunk-scope":
        return [["all", "any", "only", "ALL"]];
      case "sctp-chunks":
        return [["ALL", "NONE", this.#some(["DATA", "INIT", "SACK", "ABORT:t", "ERROR", "heartbeat"]), "DATA:UbE"]];
      case "dccp-types":
        return [[this.#some(["REQUEST", "DATA", "ACK", "RESET", "invalid"])]];
      case "port-list":
        return [["80", "22,80", "1000:2000,5", "0,65535,7:9"]];
      case "icmp-type":
        return [["any", "8", "echo-request", "3/1", "ping", "destination-unreachable", "0/0", "network-redirect"]];
      case "icmpv6-type":
        return [["1", "128", "ping", "1/0", "neighbour-solicitation", "packet-too-big"]];
      case "address-types":
        return [
          [
            this.#some(
              this.#family === 4 ? ["LOCAL", "UNICAST", "BROADCAST", "multicast"] : ["LOCAL", "UNICAST", "multicast"],
            ),
          ],
        ];
      case "address":
        return [[this.#address()]];
      case "address-range":
        return [[`${this.#address()}-${this.#address()}`, this.#address()]];
      case "address-mask":
      case "host-or-network":
        return [[this.#network()]];
      case "masked-host":
        return [["fd00::/64", "2001:db8::/48", "fe80::/10"]];
      case "network":
        return [[`${this.#address()}/${this.#family === 4 ? 24 : 64}`]];
      case "netmask":
        return [this.#family === 4 ? ["255.255.255.0", "255.255.255.255"] : ["ffff::", "ffff:ffff:ffff:ffff::"]];
      case "ipv6-address-list":
        return [["::1", "::1,fd00::2"]];
      case "ipv6-headers":
        return [[this.#some(["hop-by-hop", "dst", "route", "frag", "ah", "esp", "none", "prot"])]];
      case "ipv6-options":
        return [["1", "1:2", "1:2,3", "5:6,7:8,9"]];
      case "mac-address":
        return [["00:11:22:33:44:55", "AA:bb:cc:DD:ee:f"]];
      case "packet-type":
        return [["unicast", "broadcast", "multicast", "host"]];
      case "tos":
      case "tos-change":
        return [["16", "0x10/0x3f", "Minimize-Delay", "normal-service"]];
      case "and-tos":
      case "or-tos":
      case "xor-tos":
        return [[this.#number(255)]];
      case "dscp-class":
        return [["CS0", "cs7", "AF11", "EF", "BE"]];
      case "pattern":
        return [[quoted(text)]];
      case "hex-pattern":
        return [['"|61|"', '"|0d0a|"', '"a|00|b"', '"|41 42|c"']];
      case "string-algorithm":
        return [["bm", "kmp"]];
      case "u32-program":
        return [['"0=1"', '"6&0xFF=1"', '"0>>22&0x3C@4=0x29"', '"4&0x1FFF=0&&6=1,2:5"']];
      case "bpf-program":
        return [['"1,6 0 0 0"']];
      case "connection-states":
        return [[this.#some(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "dnat"])]];
      case "simple-connection-states":
        return [[this.#some(["NEW", "ESTABLISHED", "related", "INVALID", "UNTRACKED"])]];
      case "connection-status":
        return [["NONE", this.#some(["ASSURED", "SEEN_REPLY", "CONFIRMED", "EXPECTED"])]];
      case "connection-direction":
        return [["ORIGINAL", "reply"]];
      case "connection-label":
        return [[this.#number(127)]];
      case "protocol-number":
        return [["tcp", "6", "udp", "255"]];
      case "mark":
      case "mark-change":
      case "set-mark":
      case "device-group":
        return [[this.#mark()]];
      case "and-mark":
      case "or-mark":
      case "xor-mark":
        return [[this.#number(0xffffffff)]];
      case "connbytes-mode":
        return [["packets", "bytes", "avgpkt"]];
      case "connbytes-direction":
        return [["original", "reply", "both"]];
      case "helper-name":
        return [["ftp", '""', "ftp-21"]];
      case "set-name":
        return [[this.#unique("h")]];
      case "recent-name":
        return [[this.#unique("r")]];
      case "estimator-name":
        return [[this.#unique("e")]];
      case "timer-label":
        return [[this.#unique("t")]];
      case "comment":
      case "log-prefix":
      case "nflog-prefix":
        return [[quoted(text)]];
      case "statistic-mode":
        return [["random"]];
      case "probability":
        return [["0.5", "0.33333333349", "1", "0", "1e-3", this.#random.next().toFixed(11)]];
      case "limit-rate":
        return [["5/s", "7/min", "60/minute", "100/hour", "9999/sec"]];
      case "hashlimit-rate":
        return [
          [
            "5/s",
            "7/min",
            "60/minute",
            "3333/hour",
            "40/day",
            "1000b/s",
            "512kb/s",
            "40mb/s",
            "50000kb/s",
            "123456b/s",
          ],
        ];
      case "hashlimit-burst":
        return [["7", "200"]];
      case "hashlimit-mode":
        return [[this.#some(["srcip", "dstip", "srcport", "dstport"])]];
      case "time-of-day":
        return [["08:00", "1:2:3", "23:59:58"]];
      case "date-time":
        return [["2020", "2020-02", "2021-03-04", "2024-02-29T05", "2030-12-31T23:59:59"]];
      case "month-days":
        return [["1", "3,1,31", "15"]];
      case "week-days":
        return [["Mon", "3", "Thursday,6", "Sun,Fri"]];
      case "time-span":
        return [["250ms", "1s", "500ms"]];
      case "user-range":
      case "group-range":
        return [["0", "root", "5", "5-10"]];
      case "interface":
        return [["eth0", "cali+", "lo", "aaaaaaaaaaaaaaa"]];
      case "interface-name":
        return [["lo", "eth0"]];
      case "policy-direction":
        return [["in"]];
      case "policy-kind":
        return [["ipsec"]];
      case "ipsec-mode":
        return [["tunnel"]];
      case "ipsec-protocol":
        return [["esp", "ah", "ipcomp"]];
      case "port":
        return [[port]];
      case "nat-range":
        return [[this.#natRange()]];
      case "nat-ports":
        return [["80", "80-90", "http", "1024-65535"]];
      case "traffic-class":
        return [["1:10", "ffff:a", "0:0"]];
      case "conntrack-events":
        return [[this.#some(["new", "related", "destroy", "mark"])]];
      case "expect-events":
        return [["new"]];
      case "zone":
        return [["5", "mark", "65535"]];
      case "reject-with":
        return [
          this.#family === 4
            ? ["icmp-port-unreachable", "net-unreach", "admin-prohib"]
            : ["icmp6-no-route", "addr-unreach"],
        ];
      case "log-level":
        return [["debug", "4", "warning", "7"]];
      case "audit-type":
        return [["accept", "drop", "reject"]];
      case "tcp-options":
        return [["mss", "wscale,5", "200,timestamp"]];
      default:
        throw new Error(`no values for ${codec}`);
    }
  }
}

/** Makes rules out of the vocabulary that the back end should take. */
export class RuleMaker {
  readonly #random: Random;
  readonly #family: Family;
  readonly #backend: Backend;
  readonly #values: Values;
  readonly #matches: readonly ExtensionRecord[];
  readonly #targets: readonly ExtensionRecord[];

  constructor(random: Random, family: Family, backend: Backend) {
    this.#random = random;
    this.#family = family;
    this.#backend = backend;
    this.#values = new Values(random, family);
    const usable = ({ name, family: only }: ExtensionRecord): boolean =>
      !NEEDS_MORE.has(name) && (only ?? family) === family;
    this.#matches = allMatches.filter(usable);
    this.#targets = allTargets.filter(usable);
  }

  /** A rule that the vocabulary has nothing against. */
  rule(): GeneratedRule {
    for (;;) {
      const made = this.#try();
      const node = parse(bytesOf(`${made.line}\n`), { values: false }).node(0);
      if (node.kind !== "rule") throw new Error(`${made.line} is ${node.kind}`);
      const context = { family: this.#family, backend: this.#backend, table: made.table, release: 10809 };
      if (refusals(node, context).length === 0) return made;
    }
  }

  #try(): GeneratedRule {
    const random = this.#random;
    const target = random.chance(0.6) ? random.pick(this.#targets) : null;
    const table = random.pick(target?.tables ?? ["filter", "mangle", "security"]);
    const chains = BUILT_IN[table] as readonly string[];
    const allowed = target?.chains?.filter((chain) => chains.includes(chain)) ?? chains;
    const chain = random.pick(allowed.length > 0 ? allowed : chains);
    let protocols = target?.protocols;
    const parts: string[] = [];
    const used = new Set<string>();
    for (let n = random.below(4); n > 0; n--) {
      const match = random.pick(this.#matches);
      const shared = match.protocols?.filter((name) => protocols === undefined || protocols.includes(name));
      if (used.has(match.name) || shared?.length === 0) continue;
      used.add(match.name);
      protocols = shared ?? protocols;
      parts.push(`-m ${match.name}${this.#options(match)}`);
    }
    const core = this.#core(chain);
    const protocol = protocols === undefined ? this.#anyProtocol() : random.pick(protocols);
    const words = ["-A", chain, ...core, ...(protocol === null ? [] : ["-p", protocol]), ...parts];
    if (target !== null) words.push(`-j ${target.name}${this.#options(target)}`);
    return { table, line: words.join(" ") };
  }

  #anyProtocol(): string | null {
    return this.#random.chance(0.3) ? this.#random.pick(["tcp", "udp", "gre", "112", "253"]) : null;
  }

  #core(chain: string): string[] {
    const random = this.#random;
    const words: string[] = [];
    const add = (flag: string, codec: string, chance: number): void => {
      if (random.chance(chance)) words.push(...(random.chance(0.2) ? ["!"] : []), flag, this.#values.of(codec));
    };
    add(random.pick(["-s", "--source"]), "address-mask", 0.3);
    add(random.pick(["-d", "--dst"]), "address-mask", 0.3);
    if (!["OUTPUT", "POSTROUTING"].includes(chain)) add("-i", "interface", 0.2);
    if (!["INPUT", "PREROUTING"].includes(chain)) add("-o", "interface", 0.2);
    return words;
  }

  #options({ name, options, requiresOneOf = [] }: ExtensionRecord): string {
    const wanted = new Set(requiresOneOf.map((group) => this.#random.pick(group)));
    if (name === "ipcomp") wanted.add("--ipcompspi");
    if (name === "statistic") wanted.add("--probability");
    if (name === "connlimit" && this.#random.chance(0.5)) wanted.add("--connlimit-mask");
    const given: OptionRecord[] = [];
    for (const option of this.#shuffled(options)) {
      const { flag, mandatory, excludes = [] } = option;
      if (
        NOT_ASKED.has(flag) ||
        NOT_ASKED.has(`${name} ${flag}`) ||
        (option.family ?? this.#family) !== this.#family ||
        option.obsolete
      )
        continue;
      const needed = mandatory === true || wanted.has(flag);
      const more = !ONE_AT_A_TIME.has(name) || given.length === 0;
      if (!needed && (!more || !this.#random.chance(0.4) || excludes.some((other) => wanted.has(other)))) continue;
      if (given.some((other) => other.excludes?.includes(flag) || excludes.includes(other.flag))) continue;
      given.push(option);
    }
    return given.map((option) => ` ${this.#spell(option)}`).join("");
  }

  #spell({ flag, aliases = [], negatable, codecs }: OptionRecord): string {
    const spelling = this.#random.pick([flag, flag, ...aliases]);
    const values = codecs.map(({ name }) => this.#values.of(name));
    return [...(negatable && this.#random.chance(0.2) ? ["!"] : []), spelling, ...values].join(" ");
  }

  #shuffled<T>(list: readonly T[]): T[] {
    const shuffled = [...list];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.#random.below(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
    }
    return shuffled;
  }
}
