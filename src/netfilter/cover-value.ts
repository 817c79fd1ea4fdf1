import type { Scanner } from "../../grammar/scanner.ts";
import { addressMask, plainIpv4 } from "../../grammar/values/address-mask.ts";
import { interfacePattern } from "../../grammar/values/interface.ts";
import { portRange } from "../../grammar/values/port.ts";
import { portList } from "../../grammar/values/port-list.ts";
import { protocol } from "../../grammar/values/protocol.ts";
import type { NumberRange } from "../../grammar/values/types.ts";
import type { Family } from "../../grammar/vocabulary/record.ts";
import { Dimension, type Kind } from "./cover-plan.ts";
import { Network } from "./network.ts";

/** A value that asks for nothing: `-s 0.0.0.0/0`, `-i +`, `-p all`. */
export const ANYTHING = Symbol("anything");

const COMMA = 44;
const COLON = 58;
/** Ports that multiport takes at most, a range counting as two; what has more is left to its codec. */
const MOST_PORTS = 15;

/** What the words of an option ask for; `null`: they cannot be read, or are compared as text. */
export function readCondition(
  kind: Kind,
  scanner: Scanner,
  word: number,
  words: number,
  family: Family | null,
): unknown {
  const { dimension, isList } = kind;
  if (dimension === Dimension.others) return null;
  const plain = words === 1 ? readPlain(kind, scanner, word, family) : null;
  if (plain !== null) return plain;
  const context = { family };
  const text = words === 0 ? "" : textOfWords(scanner, word, 1);
  switch (dimension) {
    case Dimension.source:
    case Dimension.destination: {
      const value = accepted(addressMask.parse(text, context));
      return value === null ? null : value.mask === 0n ? ANYTHING : Network.of(value);
    }
    case Dimension.inInterface:
    case Dimension.outInterface: {
      const value = accepted(interfacePattern.parse(text, context));
      return value?.wildcard && value.name === "" ? ANYTHING : value;
    }
    case Dimension.protocol: {
      const number = accepted(protocol.parse(text, context))?.number ?? null;
      return number === 0 ? ANYTHING : number;
    }
    case Dimension.sourcePorts:
    case Dimension.destinationPorts: {
      if (isList) return accepted(portList.parse(text, context));
      const range = accepted(portRange.parse(text, context));
      return range === null ? null : [range];
    }
    case Dimension.states:
      return text.split(",").sort();
  }
}

/** Words of a line as iptables reads them, parted by blanks. */
export function textOfWords(scanner: Scanner, word: number, words: number): string {
  const { spans } = scanner;
  let text = "";
  for (let k = word; k < word + words; k++) {
    if (k > word) text += " ";
    text += scanner.text(spans[2 * k] as number, spans[2 * k + 1] as number);
  }
  return text;
}

/** The usual spellings, from their bytes; `null` for all others. */
function readPlain(
  { dimension, isList }: Kind,
  { bytes, spans }: Scanner,
  word: number,
  family: Family | null,
): unknown {
  const start = spans[2 * word] as number;
  const end = spans[2 * word + 1] as number;
  switch (dimension) {
    case Dimension.source:
    case Dimension.destination: {
      const plain = family === 4 ? plainIpv4(bytes, start, end) : -1;
      if (plain < 0) return null;
      const prefix = plain % 64;
      return prefix === 0 ? ANYTHING : Network.ofIpv4((plain - prefix) / 64, prefix);
    }
    case Dimension.protocol:
      return protocol.accepts?.(bytes, start, end, family) ? (bytes[start] === 116 ? 6 : 17) : null;
    case Dimension.sourcePorts:
    case Dimension.destinationPorts:
      return plainPorts(bytes, start, end, isList);
    default:
      return null;
  }
}

/** Decimal ports and ranges that have both ends. */
function plainPorts(bytes: Uint8Array, start: number, end: number, isList: boolean): readonly NumberRange[] | null {
  const ranges: NumberRange[] = [];
  let room = MOST_PORTS;
  let from = -1;
  let port = -1;
  for (let i = start; i <= end; i++) {
    const code = i < end ? (bytes[i] as number) : COMMA;
    if (code >= 48 && code <= 57 && port !== 0) {
      port = Math.max(port, 0) * 10 + code - 48;
    } else {
      if (port < 0 || port > 0xffff || (code === COMMA && from > port) || --room < 0) return null;
      if (code === COMMA && (isList || i === end)) {
        ranges.push({ from: from < 0 ? port : from, to: port });
        from = -1;
      } else if (code === COLON && from < 0) from = port;
      else return null;
      port = -1;
    }
  }
  return ranges;
}

function accepted<T>(result: { readonly value: T } | { readonly expected: string }): T | null {
  return "value" in result ? result.value : null;
}
