/** Chains by table and name, compared byte by byte: a million look-ups make no strings. Open addressing, FNV-1a. */
export class NameIndex {
  readonly #bytes: Uint8Array;
  #slots = new Int32Array(1 << 12).fill(-1);
  #mask = (1 << 12) - 1;
  #count = 0;
  readonly #tables: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Number of the name in its table; a name not met before gets the next number. */
  intern(table: number, start: number, end: number): number {
    const slot = this.#slot(table, start, end);
    const known = this.#slots[slot] as number;
    if (known >= 0) return known;
    const made = this.#count++;
    this.#tables.push(table);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#slots[slot] = made;
    if (this.#count * 2 > this.#mask) this.#grow();
    return made;
  }

  /** Number of a name given as text, -1 where it was not met. */
  find(table: number, name: string): number {
    let slot = hashText(table, name) & this.#mask;
    for (;;) {
      const known = this.#slots[slot] as number;
      if (known < 0) return -1;
      if (this.#tables[known] === table && this.#spells(known, name)) return known;
      slot = (slot + 1) & this.#mask;
    }
  }

  get count(): number {
    return this.#count;
  }
  start(name: number): number {
    return this.#starts[name] as number;
  }
  end(name: number): number {
    return this.#ends[name] as number;
  }
  table(name: number): number {
    return this.#tables[name] as number;
  }

  #slot(table: number, start: number, end: number): number {
    const bytes = this.#bytes;
    let hash = BASIS ^ table;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME);
    let slot = mix(hash) & this.#mask;
    for (;;) {
      const known = this.#slots[slot] as number;
      if (known < 0 || (this.#tables[known] === table && this.#same(known, start, end))) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  #same(known: number, start: number, end: number): boolean {
    const from = this.#starts[known] as number;
    if ((this.#ends[known] as number) - from !== end - start) return false;
    for (let i = end - start - 1; i >= 0; i--) if (this.#bytes[from + i] !== this.#bytes[start + i]) return false;
    return true;
  }

  #spells(known: number, name: string): boolean {
    const from = this.#starts[known] as number;
    if ((this.#ends[known] as number) - from !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (this.#bytes[from + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  #grow(): void {
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array(this.#mask + 1).fill(-1);
    for (let name = 0; name < this.#count; name++) {
      const slot = this.#slot(this.#tables[name] as number, this.#starts[name] as number, this.#ends[name] as number);
      this.#slots[slot] = name;
    }
  }
}

const BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const mix = (hash: number): number => hash ^ (hash >>> 15);

function hashText(table: number, text: string): number {
  let hash = BASIS ^ table;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return mix(hash);
}
