/** IFNAMSIZ - 1 of linux/if.h */
const LONGEST = 15;
const PLUS = 43;
const QUOTE = 34;

/** The name of an interface, or with what it begins, where a rule asks for it: bytes of the text. Filled anew for each rule. */
export class InterfaceName {
  readonly #bytes: Uint8Array;
  #start = 0;
  /** Letters, without `+`. */
  #length = 0;
  /** Any name that begins so: `cali+`. */
  #isOpen = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Takes the word; false where it is in quotes or too long. */
  read(start: number, end: number): boolean {
    if (end - start > LONGEST) return false;
    for (let i = start; i < end; i++) if (this.#bytes[i] === QUOTE) return false;
    this.#isOpen = end > start && this.#bytes[end - 1] === PLUS;
    this.#start = start;
    this.#length = this.#isOpen ? end - 1 - start : end - start;
    return true;
  }

  /** `+` */
  get isAny(): boolean {
    return this.#isOpen && this.#length === 0;
  }

  /** -1: one name; else with how many letters its names begin. */
  get width(): number {
    return this.#isOpen ? this.#length : -1;
  }

  /** Whether all its names have what is asked of them for `wide`, whatever that is. */
  isAsNarrowAs(wide: InterfaceName): boolean {
    return wide.#isOpen ? this.#length >= wide.#length : !this.#isOpen;
  }

  /** Of the letters that `wide` asks for. */
  hashUnder(wide: InterfaceName): number {
    const end = this.#start + (wide.#isOpen ? wide.#length : this.#length);
    let hash = 17;
    for (let i = this.#start; i < end; i++) hash = Math.imul(hash, 31) + (this.#bytes[i] as number);
    return hash | 0;
  }

  /** Whether the two are one in the letters that `wide` asks for; both are as narrow. */
  equalsUnder(wide: InterfaceName, other: InterfaceName): boolean {
    if (!wide.#isOpen && this.#length !== other.#length) return false;
    const length = wide.#isOpen ? wide.#length : this.#length;
    for (let k = 0; k < length; k++) if (this.#bytes[this.#start + k] !== this.#bytes[other.#start + k]) return false;
    return true;
  }
}
