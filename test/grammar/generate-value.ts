import type { Family } from "../../grammar/vocabulary/record.ts";
import type { Random } from "../kernel/random.ts";

const PORTS = ["0", "1", "22", "80", "8080", "65535"];
const TEXTS = ["abc", "a b", "x:y", "it's", "a-b_1", "caf\xe9", "%s", "-j", "!", "GET /", "default/web:http"];

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** Makes values that people would write, by the name of their codec. */
export class Values {
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
