import type { Codec } from "./codec.ts";
import { wholeNumber } from "./number.ts";
import { readRange } from "./range.ts";
import type { IcmpType } from "./types.ts";

/** Name, type and code; -1 stands for every code. */
type IcmpName = readonly [name: string, type: number, code: number];

const NAMES_4: readonly IcmpName[] = [
  ["any", 255, -1],
  ["echo-reply", 0, -1],
  ["pong", 0, -1],
  ["destination-unreachable", 3, -1],
  ["network-unreachable", 3, 0],
  ["host-unreachable", 3, 1],
  ["protocol-unreachable", 3, 2],
  ["port-unreachable", 3, 3],
  ["fragmentation-needed", 3, 4],
  ["source-route-failed", 3, 5],
  ["network-unknown", 3, 6],
  ["host-unknown", 3, 7],
  ["network-prohibited", 3, 9],
  ["host-prohibited", 3, 10],
  ["TOS-network-unreachable", 3, 11],
  ["TOS-host-unreachable", 3, 12],
  ["communication-prohibited", 3, 13],
  ["host-precedence-violation", 3, 14],
  ["precedence-cutoff", 3, 15],
  ["source-quench", 4, -1],
  ["redirect", 5, -1],
  ["network-redirect", 5, 0],
  ["host-redirect", 5, 1],
  ["TOS-network-redirect", 5, 2],
  ["TOS-host-redirect", 5, 3],
  ["echo-request", 8, -1],
  ["ping", 8, -1],
  ["router-advertisement", 9, -1],
  ["router-solicitation", 10, -1],
  ["time-exceeded", 11, -1],
  ["ttl-exceeded", 11, -1],
  ["ttl-zero-during-transit", 11, 0],
  ["ttl-zero-during-reassembly", 11, 1],
  ["parameter-problem", 12, -1],
  ["ip-header-bad", 12, 0],
  ["required-option-missing", 12, 1],
  ["timestamp-request", 13, -1],
  ["timestamp-reply", 14, -1],
  ["address-mask-request", 17, -1],
  ["address-mask-reply", 18, -1],
];

const NAMES_6: readonly IcmpName[] = [
  ["destination-unreachable", 1, -1],
  ["no-route", 1, 0],
  ["communication-prohibited", 1, 1],
  ["beyond-scope", 1, 2],
  ["address-unreachable", 1, 3],
  ["port-unreachable", 1, 4],
  ["failed-policy", 1, 5],
  ["reject-route", 1, 6],
  ["packet-too-big", 2, -1],
  ["time-exceeded", 3, -1],
  ["ttl-exceeded", 3, -1],
  ["ttl-zero-during-transit", 3, 0],
  ["ttl-zero-during-reassembly", 3, 1],
  ["parameter-problem", 4, -1],
  ["bad-header", 4, 0],
  ["unknown-header-type", 4, 1],
  ["unknown-option", 4, 2],
  ["echo-request", 128, -1],
  ["ping", 128, -1],
  ["echo-reply", 129, -1],
  ["pong", 129, -1],
  ["mld-listener-query", 130, -1],
  ["mld-listener-report", 131, -1],
  ["mld-listener-done", 132, -1],
  ["mld-listener-reduction", 132, -1],
  ["router-solicitation", 133, -1],
  ["router-advertisement", 134, -1],
  ["neighbour-solicitation", 135, -1],
  ["neighbor-solicitation", 135, -1],
  ["neighbour-advertisement", 136, -1],
  ["neighbor-advertisement", 136, -1],
  ["redirect", 137, -1],
];

/** Type that stands for every type under IPv4 (icmp_match of xt_tcpudp.c). */
const ANY = 255;
/** The release from which `any` and 255/255 are two things, and multicast listener messages have names. */
const RELEASE_1_8_10 = 10810;

/** A name or the beginning of one that fits no other, or type[/code[:code]] (xtables_parse_icmp of libxt_icmp.h). */
function icmp(name: string, names: readonly IcmpName[]): Codec<IcmpType> {
  const any = names[0]?.[0] === "any";
  return {
    name,
    parse(text, { release = RELEASE_1_8_10 }) {
      const refused = { expected: "the name of a type, or type/code in numbers from 0 to 255" };
      const found = findName(text, names);
      if (found === "ambiguous") return refused;
      if (found !== undefined && (release >= RELEASE_1_8_10 || !found[0].startsWith("mld-"))) {
        const [, type, code] = found;
        return {
          value: { any: any && type === ANY, type, codeFrom: Math.max(code, 0), codeTo: code < 0 ? 255 : code },
        };
      }
      const slash = text.indexOf("/");
      const type = wholeNumber(slash < 0 ? text : text.slice(0, slash), 0, 255);
      const codes = slash < 0 ? { from: 0n, to: 255n } : readRange(text.slice(slash + 1), 255n);
      if (type === null || codes === null) return refused;
      const codeFrom = Number(codes.from);
      const codeTo = codes.to === null ? codeFrom : Number(codes.to);
      return { value: { any: any && type === ANY && codeFrom === 0 && codeTo === 255, type, codeFrom, codeTo } };
    },
    print({ any: every, type, codeFrom, codeTo }, { release = 10809 }) {
      if (every || (any && type === ANY && release < RELEASE_1_8_10)) return "any";
      if (codeFrom === 0 && codeTo === 255) return String(type);
      // of a range of codes iptables-save prints the first
      return `${type}/${codeFrom}`;
    },
    say({ any: every, type, codeFrom, codeTo }) {
      if (every) return "any";
      const code = codeFrom === 0 && codeTo === 255 ? -1 : codeFrom;
      const known = codeFrom === codeTo || code < 0 ? names.find(([, t, c]) => t === type && c === code) : undefined;
      if (known !== undefined) return known[0];
      const codes = codeFrom === codeTo ? `code ${codeFrom}` : `codes ${codeFrom} to ${codeTo}`;
      return code < 0 ? String(type) : `${type}, ${codes}`;
    },
  };
}

function findName(text: string, names: readonly IcmpName[]): IcmpName | "ambiguous" | undefined {
  const wanted = text.toLowerCase();
  const found = names.filter(([name]) => name.toLowerCase().startsWith(wanted));
  if (text === "" || found.length === 0) return undefined;
  return found.length === 1 ? found[0] : "ambiguous";
}

/** `--icmp-type echo-request`, `8`, `3/1`, `any` */
export const icmpType = icmp("icmp-type", NAMES_4);
/** `--icmpv6-type echo-request`, `128`, `1/0` */
export const icmpv6Type = icmp("icmpv6-type", NAMES_6);
