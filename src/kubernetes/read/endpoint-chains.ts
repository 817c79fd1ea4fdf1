import { byteString } from "../../../grammar/bytes.ts";
import { type ChainId, NONE, type RuleId } from "../../netfilter/ruleset.ts";
import { hostOf, isHostPrefix, splitAddress } from "../address-text.ts";
import { endsInHash } from "../chain-hash.ts";
import { type Claim, claimOf } from "../templates/slots.ts";
import { roleNumber } from "./chain-roles.ts";
import type { ClaimedRules } from "./claimed-rules.ts";

/** What is known of a chain: nothing; where it sends; whether it is plain, too. */
const UNKNOWN = 0;
const LOCATED = 1;
const READ = 2;

const SEP = roleNumber("sep");
/** The capture lost the address, or garbled it. */
const LOST_DNAT: readonly Claim[] = [claimOf("sep", "lost dnat"), claimOf("sep", "lost dnat-address")];

/** The KUBE-SEP chains: integers by chain, found when a chain is first asked for. */
export class EndpointChains {
  readonly #rules: ClaimedRules;
  /** By chain: how far it was looked at. */
  readonly #known: Uint8Array;
  /** The rules of all are known. */
  #isComplete = false;
  /** By chain: it holds the mark, then the translation without affinity, both for one address, and nothing else. */
  readonly #plain: Uint8Array;
  /** Bytes of the text that say where the chain's DNAT rule sends, by chain; empty where that is no matter of a plain word. */
  readonly #starts: Int32Array;
  readonly #lengths: Uint8Array;

  constructor(rules: ClaimedRules) {
    this.#rules = rules;
    const { chainCount } = rules.ruleset.store;
    this.#known = new Uint8Array(chainCount);
    this.#plain = new Uint8Array(chainCount);
    this.#starts = new Int32Array(chainCount);
    this.#lengths = new Uint8Array(chainCount);
  }

  /** Rule that translates, by chain; `NONE` in chains without one. */
  get dnat(): Int32Array {
    this.#findAll();
    return this.#rules.dnats;
  }

  /** Rule that marks what comes back to its own sender, by chain. */
  get hairpin(): Int32Array {
    this.#findAll();
    return this.#rules.hairpins;
  }

  /** The chain's rule that translates, `NONE` without one. */
  dnatOf(chain: ChainId): RuleId {
    this.#find(chain);
    return this.#rules.dnats[chain] as RuleId;
  }

  /** The chain's rule that marks what comes back to its own sender. */
  hairpinOf(chain: ChainId): RuleId {
    this.#find(chain);
    return this.#rules.hairpins[chain] as RuleId;
  }

  isEndpointChain(chain: ChainId): boolean {
    return chain !== NONE && this.#rules.roles[chain] === SEP;
  }

  /** Whether the chain has just the two rules that kube-proxy writes without affinity, in order and for one address. */
  isPlain(chain: ChainId): boolean {
    if (this.#known[chain] !== READ) this.#read(chain);
    return this.#plain[chain] === 1;
  }

  /** Whether the chain's name is the hash of `owner` (name and protocol, as bytes) and of where its DNAT rule sends. False: perhaps. */
  isSurelyNamed(chain: ChainId, owner: Uint8Array): boolean {
    if ((this.#known[chain] as number) < LOCATED) this.#locate(chain);
    const length = this.#lengths[chain] as number;
    if (length === 0) return false;
    const { store } = this.#rules.ruleset;
    const start = this.#starts[chain] as number;
    return endsInHash(store.bytes, store.nameStart(chain) + 9, store.nameEnd(chain), owner, start, start + length);
  }

  /** Whether the chain may send to port 0, or to an address of zeros or none. */
  mayBeZero(chain: ChainId): boolean {
    if ((this.#known[chain] as number) < LOCATED) this.#locate(chain);
    const length = this.#lengths[chain] as number;
    if (length === 0) return this.#rules.dnats[chain] !== NONE;
    const { bytes } = this.#rules.ruleset.store;
    const start = this.#starts[chain] as number;
    const end = start + length;
    if (bytes[end - 1] === ZERO && bytes[end - 2] === COLON) return true;
    return bytes[start] === ZERO || bytes[start] === COLON || (bytes[start] === BRACKET && bytes[start + 1] === COLON);
  }

  /** `10.244.1.5:80` as the DNAT rule has it; `null` when there is none, or the capture lost the address. */
  address(chain: ChainId): string | null {
    this.#locate(chain);
    const rule = this.#rules.dnats[chain] as RuleId;
    const length = this.#lengths[chain] as number;
    if (length > 0) {
      const start = this.#starts[chain] as number;
      const text = byteString(this.#rules.ruleset.store.bytes, start, start + length);
      return splitAddress(text) === null ? null : text;
    }
    if (rule === NONE || LOST_DNAT.includes(this.#rules.claim(rule))) return null;
    const text = this.#rules.value(rule, "endpoint");
    return text === null || splitAddress(text) === null ? null : text;
  }

  /** Whether a packet that enters the chain leaves it again untranslated: no rule translates it, though the chain is there. */
  isPassedThrough(chain: ChainId): boolean {
    const { store } = this.#rules.ruleset;
    return this.dnatOf(chain) === NONE && (store.isDeclared(chain) || store.firstRule(chain) !== NONE);
  }

  #findAll(): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    const { ofServices } = this.#rules.chainRoles;
    for (let i = 0; i < ofServices.length; i++) this.#find(ofServices[i] as ChainId);
  }

  /** Finds the two rules. */
  #find(chain: ChainId): void {
    if (this.#rules.roles[chain] === SEP) this.#rules.lookAt(chain);
  }

  /** Finds where the chain sends. */
  #locate(chain: ChainId): void {
    if (this.#known[chain] !== UNKNOWN || this.#rules.roles[chain] !== SEP) return;
    this.#known[chain] = LOCATED;
    this.#rules.lookAt(chain);
    const dnat = this.#rules.dnats[chain] as RuleId;
    if (dnat === NONE || LOST_DNAT.includes(this.#rules.claim(dnat))) return;
    const { store } = this.#rules.ruleset;
    const start = this.#rules.startOf(dnat, "endpoint");
    const length = start === NONE ? 0 : store.wordEnd(start) - start;
    if (length > MOST_BYTES) return;
    this.#starts[chain] = start;
    this.#lengths[chain] = length;
  }

  /** Finds out whether the chain is plain. */
  #read(chain: ChainId): void {
    if (this.#known[chain] !== LOCATED) this.#locate(chain);
    if (this.#known[chain] !== LOCATED) return;
    this.#known[chain] = READ;
    const hairpin = this.#rules.hairpins[chain] as RuleId;
    const dnat = this.#rules.dnats[chain] as RuleId;
    if (hairpin === NONE || dnat === NONE || LOST_DNAT.includes(this.#rules.claim(dnat))) return;
    if (!this.#isFrom(hairpin, chain)) {
      const source = this.#rules.value(hairpin, "endpointIP") ?? "";
      const address = splitAddress(this.#rules.value(dnat, "endpoint") ?? "");
      // what is no address with one port is not kube-proxy's, either
      if (address === null || hostOf(source) !== address.ip) return;
    }
    const { store } = this.#rules.ruleset;
    const isAlone =
      store.firstRule(chain) === hairpin && store.nextRule(hairpin) === dnat && store.nextRule(dnat) === NONE;
    if (isAlone && !this.#rules.has(dnat, "SEP")) this.#plain[chain] = 1;
  }

  /** Whether the bytes of the mark's source, `IP/32`, are those of the chain's address, `IP:port` or `[IP]:port`. False: perhaps. */
  #isFrom(hairpin: RuleId, chain: ChainId): boolean {
    const { store } = this.#rules.ruleset;
    const { bytes } = store;
    let i = this.#rules.startOf(hairpin, "endpointIP");
    let at = this.#starts[chain] as number;
    const end = at + (this.#lengths[chain] as number);
    if (i === NONE || at === end) return false;
    const last = store.wordEnd(i);
    const isBracketed = bytes[at] === BRACKET;
    if (isBracketed) at++;
    while (i < last && at < end && bytes[i] === bytes[at] && bytes[i] !== SLASH) {
      i++;
      at++;
    }
    if (!isHostPrefix(bytes, i, last, isBracketed)) return false;
    if (isBracketed && bytes[at++] !== CLOSING_BRACKET) return false;
    return bytes[at] === COLON && isPort(bytes, at + 1, end);
  }
}

const SLASH = 47;
const ZERO = 48;
const COLON = 58;
const BRACKET = 91;
const CLOSING_BRACKET = 93;
/** Whether the bytes are digits that may be a port other than 0. */
function isPort(bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end || end - start > 5 || bytes[start] === ZERO) return false;
  for (let i = start; i < end; i++) {
    const digit = bytes[i] as number;
    if (digit < ZERO || digit > ZERO + 9) return false;
  }
  return true;
}

/** `[ffff:…]:65535` has fewer. */
const MOST_BYTES = 60;
