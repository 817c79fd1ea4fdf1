import { bytesOf } from "../../../grammar/bytes.ts";
import { STATES } from "../../../grammar/values/connection-state.ts";

const COMMA = 44;

const NAMES = STATES.map(bytesOf);

/** States of connections as bits; 0 where one of them is not written as iptables-save writes it. */
export function statesAt(bytes: Uint8Array, start: number, end: number): number {
  let states = 0;
  for (let from = start; from <= end; ) {
    let to = from;
    while (to < end && bytes[to] !== COMMA) to++;
    const bit = bitAt(bytes, from, to);
    if (bit === 0) return 0;
    states |= bit;
    from = to + 1;
  }
  return states;
}

function bitAt(bytes: Uint8Array, start: number, end: number): number {
  for (let k = 0; k < NAMES.length; k++) if (isAt(NAMES[k] as Uint8Array, bytes, start, end)) return 1 << k;
  return 0;
}

function isAt(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let k = 0; k < name.length; k++) if (bytes[start + k] !== name[k]) return false;
  return true;
}
