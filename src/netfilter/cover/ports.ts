const COMMA = 44;
const COLON = 58;
/** Ports that multiport takes at most, a range counting as two; what has more is left to its codec. */
const MOST = 15;
const NONE = -1;

/** Ports that a rule asks for, most often one. Filled anew for each rule. */
export class Ports {
  /** The only port; -1 where there are several, or none. */
  single = NONE;
  /** First and last of one range after the other. */
  readonly #ends: number[] = [];
  /** How many ends count. */
  #length = 0;

  clear(): void {
    this.single = NONE;
    this.#length = 0;
  }

  add(from: number, to: number): void {
    this.single = this.#length === 0 && from === to ? from : NONE;
    this.#ends[this.#length++] = from;
    this.#ends[this.#length++] = to;
  }

  copy(): Ports {
    const made = new Ports();
    for (let k = 0; k < this.#length; k += 2) made.add(this.#ends[k] as number, this.#ends[k + 1] as number);
    return made;
  }

  /** Takes decimal ports and ranges that have both ends; false where there is anything else. */
  read(bytes: Uint8Array, start: number, end: number, isList: boolean): boolean {
    this.clear();
    let room = MOST;
    let from = NONE;
    let port = NONE;
    for (let i = start; i <= end; i++) {
      const code = i < end ? (bytes[i] as number) : COMMA;
      if (code >= 48 && code <= 57 && port !== 0) {
        port = Math.max(port, 0) * 10 + code - 48;
      } else {
        if (port < 0 || port > 0xffff || (code === COMMA && from > port) || --room < 0) return false;
        if (code === COMMA && (isList || i === end)) {
          this.add(from < 0 ? port : from, port);
          from = NONE;
        } else if (code === COLON && from < 0) from = port;
        else return false;
        port = NONE;
      }
    }
    return true;
  }

  /** Whether it has all ports of the other one. */
  takes(narrow: Ports): boolean {
    for (let k = 0; k < narrow.#length; k += 2)
      if (!this.#takesRange(narrow.#ends[k] as number, narrow.#ends[k + 1] as number)) return false;
    return true;
  }

  #takesRange(from: number, to: number): boolean {
    for (let k = 0; k < this.#length; k += 2)
      if ((this.#ends[k] as number) <= from && to <= (this.#ends[k + 1] as number)) return true;
    return false;
  }
}
