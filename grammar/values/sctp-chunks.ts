import type { Codec } from "./codec.ts";
import { keyword } from "./keyword.ts";

/** `all`, `any` or `only` of the chunks that follow. */
export const sctpChunkScope = keyword("sctp-chunk-scope", ["all", "any", "only"], { ignoreCase: true });

/** Names and numbers of chunk types (sctp_chunk_names of libxt_sctp.c), with the flags that a type has, most significant first. */
const CHUNKS: readonly (readonly [name: string, type: number, flags: string])[] = [
  ["DATA", 0, "----IUBE"],
  ["INIT", 1, "--------"],
  ["INIT_ACK", 2, "--------"],
  ["SACK", 3, "--------"],
  ["HEARTBEAT", 4, "--------"],
  ["HEARTBEAT_ACK", 5, "--------"],
  ["ABORT", 6, "-------T"],
  ["SHUTDOWN", 7, "--------"],
  ["SHUTDOWN_ACK", 8, "--------"],
  ["ERROR", 9, "--------"],
  ["COOKIE_ECHO", 10, "--------"],
  ["COOKIE_ACK", 11, "--------"],
  ["ECN_ECNE", 12, "--------"],
  ["ECN_CWR", 13, "--------"],
  ["SHUTDOWN_COMPLETE", 14, "-------T"],
  ["I_DATA", 64, "----IUBE"],
  ["ASCONF_ACK", 128, "--------"],
  ["RE_CONFIG", 130, "--------"],
  ["PAD", 132, "--------"],
  ["FORWARD_TSN", 192, "--------"],
  ["ASCONF", 193, "--------"],
  ["I_FORWARD_TSN", 194, "--------"],
];

/** A chunk type with the flags that must be set (upper case) or clear (lower case). */
export interface SctpChunk {
  readonly name: string;
  readonly flags: string;
}

/** `ALL`, `NONE`, or chunks by type. */
export type SctpChunks = "ALL" | "NONE" | readonly SctpChunk[];

/** `DATA:UBe,INIT`: printed by ascending type, flags by descending bit. */
export const sctpChunks: Codec<SctpChunks> = {
  name: "sctp-chunks",
  parse(text) {
    const whole = text.toUpperCase();
    if (whole === "ALL" || whole === "NONE") return { value: whole };
    const given = new Map<string, string>();
    for (const part of text.split(",")) {
      const colon = part.indexOf(":");
      const name = (colon < 0 ? part : part.slice(0, colon)).toUpperCase();
      const chunk = CHUNKS.find(([known]) => known === name);
      const flags = colon < 0 ? "" : orderFlags(part.slice(colon + 1), chunk?.[2] ?? "");
      if (chunk === undefined || flags === null) return { expected: "ALL, NONE or a comma list of sctp chunk types" };
      // the kernel keeps the flags of the first types only
      given.set(name, (chunk?.[1] ?? 0) < 64 ? flags : "");
    }
    return {
      value: CHUNKS.filter(([name]) => given.has(name)).map(([name]) => ({ name, flags: given.get(name) as string })),
    };
  },
  print: (value) =>
    typeof value === "string"
      ? value
      : value.map(({ name, flags }) => (flags === "" ? name : `${name}:${flags}`)).join(","),
};

/** Each flag once, from the highest bit down; `null` for a flag that the type has not. */
function orderFlags(text: string, known: string): string | null {
  const bits = new Map<number, string>();
  for (const flag of text) {
    const bit = known.indexOf(flag.toUpperCase());
    if (bit < 0 || flag === "-") return null;
    bits.set(7 - bit, flag);
  }
  return [...bits.keys()]
    .sort((a, b) => b - a)
    .map((bit) => bits.get(bit))
    .join("");
}
