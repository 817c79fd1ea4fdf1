import type { Scanner } from "../../../grammar/scanner.ts";
import { addressMask, plainIpv4 } from "../../../grammar/values/address-mask.ts";
import { portRange } from "../../../grammar/values/port.ts";
import { portList } from "../../../grammar/values/port-list.ts";
import { protocol } from "../../../grammar/values/protocol.ts";
import type { NumberRange } from "../../../grammar/values/types.ts";
import type { Family } from "../../../grammar/vocabulary/record.ts";
import type { Network } from "./network.ts";
import type { Ports } from "./ports.ts";

/** What became of a value. */
export const Reading = {
  /** It cannot be read: its words are compared as text. */
  illegible: 0,
  /** It asks for nothing: `-s 0.0.0.0/0`, `-i +`, `-p all`. */
  anything: 1,
  taken: 2,
} as const;
export type Reading = (typeof Reading)[keyof typeof Reading];

/** Reads the word that stands there as an address, to `network`. */
export function readNetwork(
  network: Network,
  scanner: Scanner,
  start: number,
  end: number,
  family: Family | null,
): Reading {
  const plain = family === 4 ? plainIpv4(scanner.bytes, start, end) : -1;
  if (plain >= 0) {
    const prefix = plain % 64;
    network.setIpv4((plain - prefix) / 64, prefix);
    return prefix === 0 ? Reading.anything : Reading.taken;
  }
  const value = accepted(addressMask.parse(scanner.text(start, end), { family }));
  if (value === null) return Reading.illegible;
  network.set(value);
  return value.mask === 0n ? Reading.anything : Reading.taken;
}

/** The number of a protocol; 0: any, -1: there is no such protocol. */
export function protocolAt(scanner: Scanner, start: number, end: number, family: Family | null): number {
  const { bytes } = scanner;
  if (protocol.accepts?.(bytes, start, end, family)) return bytes[start] === T ? TCP : UDP;
  return accepted(protocol.parse(scanner.text(start, end), { family }))?.number ?? -1;
}

const T = 116;
const TCP = 6;
const UDP = 17;

export function readPorts(
  ports: Ports,
  scanner: Scanner,
  start: number,
  end: number,
  isList: boolean,
  family: Family | null,
): Reading {
  if (ports.read(scanner.bytes, start, end, isList)) return Reading.taken;
  const text = scanner.text(start, end);
  const ranges = isList ? accepted(portList.parse(text, { family })) : rangeOf(text, family);
  if (ranges === null) return Reading.illegible;
  ports.clear();
  for (const { from, to } of ranges) ports.add(from, to);
  return Reading.taken;
}

function rangeOf(text: string, family: Family | null): readonly NumberRange[] | null {
  const range = accepted(portRange.parse(text, { family }));
  return range === null ? null : [range];
}

function accepted<T>(result: { readonly value: T } | { readonly expected: string }): T | null {
  return "value" in result ? result.value : null;
}
