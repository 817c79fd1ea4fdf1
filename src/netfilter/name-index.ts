import { Growing } from "../../grammar/growing.ts";

/** Chains by table and name, compared byte by byte: a million look-ups make no strings. Open addressing, FNV-1a. */
export class NameIndex {
  readonly #bytes: Uint8Array;
  /** Two integers a slot: the name's number plus one (0: empty) and its hash, side by side in one cache line. */
  #slots: Int32Array;
  #mask: number;
  readonly #tables = new Growing();
  readonly #starts = new Growing();
  readonly #ends = new Growing();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    // room for as many chains as a node of kube-proxy's has for its bytes
    this.#mask = 4095;
    while (this.#mask < bytes.length / 128) this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array((this.#mask + 1) * 2);
  }

  /** Number of the name in its table; a name not met before gets the next number. */
  intern(table: number, start: number, end: number): number {
    const bytes = this.#bytes;
    let hash = BASIS ^ table;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), PRIME);
    hash = mix(hash);
    const slots = this.#slots;
    let slot = hash & this.#mask;
    for (;;) {
      const known = (slots[slot << 1] as number) - 1;
      if (known < 0) break;
      if (slots[(slot << 1) + 1] === hash && this.#tables.get(known) === table && this.#same(known, start, end))
        return known;
      slot = (slot + 1) & this.#mask;
    }
    const made = this.#tables.length;
    this.#tables.push(table);
    this.#starts.push(start);
    this.#ends.push(end);
    slots[slot << 1] = made + 1;
    slots[(slot << 1) + 1] = hash;
    if (made * 2 > this.#mask) this.#grow();
    return made;
  }

  /** Number of a name given as text, -1 where it was not met. */
  find(table: number, name: string): number {
    let hash = BASIS ^ table;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), PRIME);
    hash = mix(hash);
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const known = (this.#slots[slot << 1] as number) - 1;
      if (known < 0) return -1;
      if (this.#slots[(slot << 1) + 1] === hash && this.#tables.get(known) === table && this.#spells(known, name))
        return known;
    }
  }

  get count(): number {
    return this.#tables.length;
  }
  start(name: number): number {
    return this.#starts.get(name);
  }
  end(name: number): number {
    return this.#ends.get(name);
  }
  table(name: number): number {
    return this.#tables.get(name);
  }

  #same(known: number, start: number, end: number): boolean {
    const bytes = this.#bytes;
    const from = this.#starts.get(known);
    if (this.#ends.get(known) - from !== end - start) return false;
    for (let i = end - start - 1; i >= 0; i--) if (bytes[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #spells(known: number, name: string): boolean {
    const from = this.#starts.get(known);
    if (this.#ends.get(known) - from !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (this.#bytes[from + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 4 + 3;
    const slots = new Int32Array((this.#mask + 1) * 2);
    for (let from = 0; from < old.length; from += 2) {
      if (old[from] === 0) continue;
      let slot = (old[from + 1] as number) & this.#mask;
      while (slots[slot << 1] !== 0) slot = (slot + 1) & this.#mask;
      slots[slot << 1] = old[from] as number;
      slots[(slot << 1) + 1] = old[from + 1] as number;
    }
    this.#slots = slots;
  }
}

const BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const mix = (hash: number): number => hash ^ (hash >>> 15);
