import { bytesOf } from "./bytes.ts";
import { Expects, type Keyword, WORD } from "./keyword.ts";
import type { LineReader } from "./line-reader.ts";
import type { ValueProblems } from "./value-problems.ts";
import type { Backend, ExtensionRecord } from "./vocabulary/record.ts";
import { weighsValues } from "./vocabulary/refuse-extension.ts";

const BUILT_IN = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];
const BUILT_IN_BYTES = BUILT_IN.map(bytesOf);
const QUOTE = 34;
const LONGEST_CHAIN = 28;
/** Targets of which it matters what parts the range has, not which numbers. */
const NAT: ReadonlySet<string> = new Set(["DNAT", "SNAT", "MASQUERADE", "REDIRECT"]);

/** What of a value can matter beyond its type; grammar/native/forms.ts has the same numbers. */
const NOTHING = 0;
const BYTES = 1;
/** Which parts it has, not which numbers. */
const FORM = 2;
/** Whether it is empty, or a list. */
const LISTED = 3;
const LENGTH = 4;

interface Weighty {
  readonly word: number;
  readonly weight: number;
}

/** What of the values of each keyword can matter, by its number: to iptables-nft alone, and to either. */
const nftWeights: number[] = [];
const weights: number[] = [];

const isAddress = ({ option }: Keyword): boolean => option?.flag === "--source" || option?.flag === "--destination";

/** What of the values of a keyword can matter: to iptables-nft, or to either. */
export function weightOfValues(word: Keyword, isNft: boolean): number {
  const known = isNft ? nftWeights : weights;
  return known[word.id] ?? learnWeight(word, isNft ? "nft" : "legacy", known);
}

function learnWeight(word: Keyword, backend: Backend, known: number[]): number {
  const { option, extension, id } = word;
  let weight = NOTHING;
  if (option !== null && extension === null) weight = word.expects === Expects.protocol ? BYTES : LISTED;
  else if (option !== null && extension !== null && weighsValues(extension, option.flag, backend))
    weight = NAT.has(extension.name) ? FORM : BYTES;
  known[id] = weight;
  return weight;
}

/** The words of a line by whose text its judgement can differ from that of another line of the form. */
export function weightyWords(words: readonly Keyword[], count: number): Weighty[] {
  const found: Weighty[] = [];
  let word: Keyword = WORD.start;
  for (let k = 0; k < count; k++) {
    const each = words[k] as Keyword;
    if (each.role === "Value") {
      // a protocol that is a keyword is part of the shape, and only a list can be wrong behind a `!`
      const weight = each.stands === Expects.protocol ? NOTHING : weightOfValues(word, false);
      if (weight !== NOTHING && (weight !== LISTED || !isAddress(word) || (words[k - 2] as Keyword) === WORD.bang))
        found.push({ word: k, weight });
    } else if (each.role === "Name") {
      if (each === WORD.name) found.push({ word: k, weight: LENGTH });
      if (each.extension?.name === "TCPMSS")
        for (let other = 0; other < count; other++) found.push({ word: other, weight: BYTES });
    } else if (each !== WORD.bang && each !== WORD.oldBang) word = each;
  }
  return found;
}

/** The words that stand together in one judgement: those of the core, or of one extension. */
interface Group {
  extension: ExtensionRecord | null;
  key: number;
}

/**
 * Rules by groups of their words. What iptables-restore holds against an extension follows from that extension's own words, the protocol, the
 * chain and the table; so what was found right once in these is not judged again, and a dump of a million rules is judged by a few dozen.
 */
export class RuleGroups {
  readonly #reader: LineReader;
  /** Groups that were found right. */
  readonly #right = new Set<number>();
  readonly #groups: Group[] = [];
  #used = 0;
  #surroundings = 0;
  #isNft = false;

  constructor(reader: LineReader) {
    this.#reader = reader;
  }

  /** Says where the rules that follow stand. `surroundings`: what their judgement depends on besides. */
  enter(surroundings: string, backend: Backend | null): void {
    let hash = 17;
    for (let i = 0; i < surroundings.length; i++) hash = mix(hash, surroundings.charCodeAt(i));
    this.#surroundings = hash;
    this.#isNft = backend === "nft";
  }

  /**
   * Whether every group of words of the rule that the reader holds was found right before in the same surroundings; where `values` are
   * given, also whether all values are right and no word is odd.
   */
  areRight(values: ValueProblems | null): boolean {
    const { words, count, spans } = this.#reader.scanner;
    this.#used = 0;
    values?.begin();
    let around = mix(this.#surroundings, this.#chainClass());
    let group = this.#group(null);
    let word: Keyword = WORD.start;
    let place = 0;
    let negated = 0;
    for (let k = 0; k < count; k++) {
      const each = words[k] as Keyword;
      if (values !== null && each.isOdd) return false;
      if (each.role === "Value") {
        const start = spans[k << 1] as number;
        const end = spans[(k << 1) + 1] as number;
        if (values !== null && each.stands !== Expects.protocol && !values.takes(word, place, start, end)) return false;
        place++;
        const weight = weightOfValues(word, this.#isNft);
        if (weight === NOTHING) continue;
        const weighed = this.#weigh(weight, start, end);
        if (word.expects === Expects.protocol) around = mix(around, weighed * 2 + negated);
        else group.key = mix(group.key, weighed);
      } else if (each === WORD.bang || each === WORD.oldBang) {
        negated = 1;
      } else if (each.role === "Name") {
        if (values !== null) {
          const isUnknown = each === WORD.name && word.role === "Match";
          if (isUnknown || !values.takes(word, place, spans[k << 1] as number, spans[(k << 1) + 1] as number))
            return false;
        }
        group = this.#group(each.extension);
        const tooLong = (spans[(k << 1) + 1] as number) - (spans[k << 1] as number) > LONGEST_CHAIN;
        group.key = mix(mix(mix(group.key, word.id), each.id), tooLong ? 2 : 1);
        // a clamp of the segment size asks for a match on SYN elsewhere in the rule
        if (each.extension?.name === "TCPMSS")
          around = mix(around, this.#bytes(this.#reader.textStart, this.#reader.end));
      } else {
        word = each;
        place = 0;
        if (each.role !== "Match" && each.role !== "Jump") {
          group = this.#group(each.extension);
          group.key = mix(group.key, each.id * 2 + negated);
          negated = 0;
        }
      }
    }
    let right = true;
    for (let k = 0; k < this.#used; k++) {
      const each = this.#groups[k] as Group;
      each.key = mix(mix(each.key, around), 7);
      if (right && !this.#right.has(each.key)) right = false;
    }
    return right;
  }

  /** Takes note that the groups of the rule that was asked about last are right. */
  learn(): void {
    for (let k = 0; k < this.#used; k++) this.#right.add((this.#groups[k] as Group).key);
  }

  #weigh(weight: number, start: number, end: number): number {
    if (weight === BYTES) return this.#bytes(start, end);
    if (weight === FORM) return this.#form(start, end);
    if (weight === LENGTH) return end - start > LONGEST_CHAIN ? 2 : 1;
    return this.#listed(start, end);
  }

  #group(extension: ExtensionRecord | null): Group {
    for (let k = 0; k < this.#used; k++) {
      const known = this.#groups[k] as Group;
      if (known.extension === extension) return known;
    }
    const fresh = this.#groups[this.#used];
    this.#used++;
    if (fresh === undefined) {
      const made = { extension, key: 1 };
      this.#groups.push(made);
      return made;
    }
    fresh.extension = extension;
    fresh.key = 1;
    return fresh;
  }

  /** Which built-in chain the rule stands in; 5 for a user-defined one, 6 for one whose name is too long. */
  #chainClass(): number {
    const { scanner, outline, bytes } = this.#reader;
    const start = scanner.spans[outline.chainWord << 1] as number;
    const end = scanner.spans[(outline.chainWord << 1) + 1] as number;
    if (end - start > LONGEST_CHAIN) return 6;
    if (bytes[start] === QUOTE) {
      const quoted = BUILT_IN.indexOf(scanner.text(start, end));
      return quoted < 0 ? 5 : quoted;
    }
    for (let k = 0; k < BUILT_IN.length; k++) if (isAt(bytes, BUILT_IN_BYTES[k] as Uint8Array, start, end)) return k;
    return 5;
  }

  #bytes(start: number, end: number): number {
    const { bytes } = this.#reader;
    let hash = 17;
    for (let i = start; i < end; i++) hash = mix(hash, bytes[i] as number);
    return hash;
  }

  /** The same for every value of one form: `10.0.0.1:80` and `10.244.3.7:8080`. */
  #form(start: number, end: number): number {
    const { bytes } = this.#reader;
    let hash = 17;
    for (let i = start; i < end; i++) {
      const code = bytes[i] as number;
      if (code < 48 || code > 57) hash = mix(hash, code);
      else if (i === start || (bytes[i - 1] as number) < 48 || (bytes[i - 1] as number) > 57) hash = mix(hash, 48);
    }
    return hash;
  }

  /** Of a value of the core it matters alone whether it is empty or a list. */
  #listed(start: number, end: number): number {
    const { bytes } = this.#reader;
    if (end - start === 0 || (end - start === 2 && bytes[start] === 34)) return 3;
    for (let i = start; i < end; i++) if (bytes[i] === 44) return 4;
    return 5;
  }
}

function isAt(bytes: Uint8Array, name: Uint8Array, start: number, end: number): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
}

const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193) ^ (hash >>> 15);
