import type { Family } from "../vocabulary/record.ts";

/** An address: 32 or 128 bits, most significant first. */
export interface Address {
  readonly family: Family;
  readonly bits: bigint;
}

/** An address under a mask, host bits already cleared; the mask need not be contiguous. */
export interface AddressMask {
  readonly family: Family;
  readonly bits: bigint;
  readonly mask: bigint;
}

/** Both ends included. For ports, SPIs, lengths, TTLs. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** 32-bit unsigned value and mask, as `--mark 0x4000/0x4000`. */
export interface Mark {
  readonly value: number;
  readonly mask: number;
}

/** `-p`: the number is `null` for a name that needs the host's protocol database. */
export interface Protocol {
  readonly name: string;
  readonly number: number | null;
}

/** An interface name; with `wildcard` (a trailing `+`) any interface whose name begins so. */
export interface InterfacePattern {
  readonly name: string;
  readonly wildcard: boolean;
}

/** Bits FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. */
export type TcpFlags = number;

/** ICMP or ICMPv6 type with a range of codes (0..255 when any); `any` matches every type. */
export interface IcmpType {
  readonly any: boolean;
  readonly type: number;
  readonly codeFrom: number;
  readonly codeTo: number;
}

/** `--to-destination`, `--to-source`: parts that are not given are `null`. */
export interface NatRange {
  readonly addressFrom: Address | null;
  readonly addressTo: Address | null;
  readonly portFrom: number | null;
  readonly portTo: number | null;
  /** `:80-90/8000`: the port that the offset is counted from. */
  readonly portBase: number | null;
}

/** Directions of a set look-up, `src,dst`. */
export type SetDirections = readonly ("src" | "dst")[];
