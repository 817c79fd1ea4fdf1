import type { NameColumns } from "../../grammar/known-lines.ts";

/** Chains by number, and their numbers by table and name; a name that is asked for is compared byte by byte. */
export class NameIndex {
  /** Of each name, the table. */
  readonly tables: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #columns: NameColumns;

  constructor(bytes: Uint8Array, columns: NameColumns) {
    this.#bytes = bytes;
    this.#columns = columns;
    this.tables = columns.tables;
  }

  /** Number of a name given as text, -1 where it was not met. */
  find(table: number, name: string): number {
    const { slots } = this.#columns;
    const mask = slots.length - 1;
    let hash = BASIS ^ table;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), PRIME);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const known = (slots[slot] as number) - 1;
      if (known < 0) return -1;
      if (this.tables[known] === table && this.#spells(known, name)) return known;
    }
  }

  start(name: number): number {
    return this.#columns.starts[name] as number;
  }
  end(name: number): number {
    return (this.#columns.starts[name] as number) + (this.#columns.lengths[name] as number);
  }
  table(name: number): number {
    return this.tables[name] as number;
  }

  #spells(known: number, name: string): boolean {
    const from = this.start(known);
    if (this.#columns.lengths[known] !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (this.#bytes[from + i] !== name.charCodeAt(i)) return false;
    return true;
  }
}

// FNV-1a, as in grammar/native/bytes.ts
const BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
