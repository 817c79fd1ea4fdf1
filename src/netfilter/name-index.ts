import type { NameColumns } from "../../grammar/known-lines.ts";
import { SALT } from "../../grammar/salt.ts";

/** Chains by number, and their numbers by table and name; a name that is asked for is compared byte by byte. */
export class NameIndex {
  /** Of each name, the table. */
  readonly tables: Int32Array;
  readonly #bytes: Uint8Array;
  readonly columns: NameColumns;

  constructor(bytes: Uint8Array, columns: NameColumns) {
    this.#bytes = bytes;
    this.columns = columns;
    this.tables = columns.tables;
  }

  /** Number of a name given as text, -1 where it was not met. */
  find(table: number, name: string): number {
    const { slots } = this.columns;
    const mask = (slots.length >> 1) - 1;
    for (let slot = hashOf(SALT ^ table, name) & mask; ; slot = (slot + 1) & mask) {
      const known = (slots[slot << 1] as number) - 1;
      if (known < 0) return -1;
      if (this.tables[known] === table && this.#spells(known, name)) return known;
    }
  }

  start(name: number): number {
    return this.columns.starts[name] as number;
  }
  end(name: number): number {
    return (this.columns.starts[name] as number) + (this.columns.lengths[name] as number);
  }
  table(name: number): number {
    return this.tables[name] as number;
  }

  #spells(known: number, name: string): boolean {
    const from = this.start(known);
    if (this.columns.lengths[known] !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (this.#bytes[from + i] !== name.charCodeAt(i)) return false;
    return true;
  }
}

/** The same as grammar/native/bytes.ts has for bytes. */
function hashOf(seed: number, text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i += 4) {
    let word = 0;
    for (let k = 0; k < 4 && i + k < text.length; k++) word |= text.charCodeAt(i + k) << (8 * k);
    hash = step(hash, word);
  }
  return step(hash, text.length);
}

function step(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, PRIME);
  return mixed ^ (mixed >>> 15);
}

const PRIME = 0x9e3779b1;
