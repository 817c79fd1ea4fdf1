import type { RuleNode } from "./ast.ts";
import type { Block, Judge } from "./block.ts";
import { releaseOf } from "./format-context.ts";
import { refusalOfJoin, refusedJoin } from "./joined-value.ts";
import { Expects, type Keyword, WORD } from "./keyword.ts";
import type { LineReader } from "./line-reader.ts";
import { nodeOf } from "./node-of.ts";
import type { ProblemList } from "./problem-list.ts";
import type { ExtensionRecord } from "./vocabulary/record.ts";
import { builtInChains, type RestoreContext, refusals } from "./vocabulary/refuse.ts";
import { weighsValues } from "./vocabulary/refuse-extension.ts";

const BUILT_IN = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];
const LONGEST_CHAIN = 28;
/** The release whose judgement stands in where the text names none. */
export const USUAL_VERSION = "1.8.9";
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

const weights: number[] = [];

const isAddress = ({ option }: Keyword): boolean => option?.flag === "--source" || option?.flag === "--destination";

function weightOf(word: Keyword): number {
  const known = weights[word.id];
  if (known !== undefined) return known;
  const { option, extension } = word;
  const own = extension !== null && weighsValues(extension);
  const weight =
    option === null || (extension !== null && !own)
      ? NOTHING
      : extension === null
        ? word.expects === Expects.protocol
          ? BYTES
          : LISTED
        : NAT.has(extension.name)
          ? FORM
          : BYTES;
  weights[word.id] = weight;
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
      const weight = each.stands === Expects.protocol ? NOTHING : weightOf(word);
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
 * Says what iptables-restore refuses of rules whose words and values are right each for itself. What it holds against an extension follows
 * from that extension's own words, the protocol, the chain and the table; so what was found right once in these is not judged again, and
 * a dump of a million rules is judged by a few dozen of them.
 */
export class RestoreProblems {
  readonly #reader: LineReader;
  readonly #list: ProblemList;
  /** Groups of words that were found right. */
  readonly #right = new Set<number>();
  /** Lines that were found right: by shape, what else matters of them. */
  readonly #rightForms: (Set<number> | undefined)[] = [];
  readonly #lastForms: number[] = [];
  readonly #weighty: (readonly Weighty[] | undefined)[] = [];
  readonly #groups: Group[] = [];
  #used = 0;
  #block: Block | null = null;
  #context: RestoreContext = {
    family: null,
    table: null,
    backend: null,
    release: releaseOf(USUAL_VERSION),
    valuesAreRight: true,
  };
  #blockKey = 0;

  readonly #asked: Judge | undefined;

  constructor(reader: LineReader, list: ProblemList, judge: Judge | undefined) {
    this.#reader = reader;
    this.#list = list;
    this.#asked = judge;
  }

  check(node: number, block: Block | null): void {
    if (block !== this.#block) this.#enter(block);
    const joined = refusedJoin(this.#reader);
    if (joined >= 0) {
      this.#list.add(node, { checkId: "refused-rule", severity: "error", ...refusalOfJoin(this.#reader, joined) });
      return;
    }
    const shape = this.#reader.outline.id;
    const form = shape < 0 ? 0 : this.#formOfLine(shape);
    if (shape >= 0 && (this.#lastForms[shape] === form || this.#rightForms[shape]?.has(form) === true)) {
      this.#lastForms[shape] = form;
      return;
    }
    if (this.#isKnownRight() || this.#judge(node)) {
      if (shape < 0) return;
      const forms = this.#rightForms[shape];
      if (forms === undefined) this.#rightForms[shape] = new Set([form]);
      else forms.add(form);
    }
  }

  /** Asks for everything that is held against the line; true where that is nothing. */
  #judge(node: number): boolean {
    const rule = nodeOf(this.#reader, node, 0);
    if (rule.kind !== "rule") return true;
    const first = refusals(rule as RuleNode, this.#context)[0];
    if (first === undefined) {
      for (let k = 0; k < this.#used; k++) this.#right.add((this.#groups[k] as Group).key);
      return true;
    }
    const { offset, length, message, expected } = first;
    this.#list.add(node, {
      checkId: "refused-rule",
      severity: "error",
      offset,
      length,
      message,
      ...(expected === null ? {} : { expected }),
    });
    return false;
  }

  /** What of a line, besides its shape, its judgement can depend on. */
  #formOfLine(shape: number): number {
    let form = mix(this.#blockKey, this.#chainClass());
    const { spans } = this.#reader.scanner;
    const weighty = this.#weighty[shape] ?? this.#findWeighty(shape);
    for (let i = 0; i < weighty.length; i++) {
      const { word, weight } = weighty[i] as Weighty;
      form = mix(form, this.#weigh(weight, spans[word << 1] as number, spans[(word << 1) + 1] as number));
    }
    return form;
  }

  #findWeighty(shape: number): readonly Weighty[] {
    const { words, count } = this.#reader.scanner;
    const found = weightyWords(words, count);
    this.#weighty[shape] = found;
    return found;
  }

  #weigh(weight: number, start: number, end: number): number {
    if (weight === BYTES) return this.#bytes(start, end);
    if (weight === FORM) return this.#form(start, end);
    if (weight === LENGTH) return end - start > LONGEST_CHAIN ? 2 : 1;
    return this.#listed(start, end);
  }

  #enter(block: Block | null): void {
    const header = this.#asked ?? block?.header ?? null;
    this.#block = block;
    this.#context = {
      family: header?.family ?? null,
      // what an unknown table takes nobody knows
      table: builtInChains(block?.table ?? "") === undefined ? null : (block?.table ?? null),
      backend: header?.backend ?? null,
      release: releaseOf(header?.version ?? USUAL_VERSION),
      valuesAreRight: true,
    };
    this.#blockKey = hashOf(
      `${this.#context.family} ${this.#context.table} ${this.#context.backend} ${this.#context.release}`,
    );
  }

  /** Whether every group of words of the line was found right before in the same surroundings. */
  #isKnownRight(): boolean {
    const { words, count, spans } = this.#reader.scanner;
    this.#used = 0;
    let around = mix(this.#blockKey, this.#chainClass());
    let group = this.#group(null);
    let word: Keyword = WORD.start;
    let negated = 0;
    for (let k = 0; k < count; k++) {
      const each = words[k] as Keyword;
      if (each === WORD.bang || each === WORD.oldBang) {
        negated = 1;
      } else if (each.role === "Value") {
        const weight = weightOf(word);
        if (weight === NOTHING) continue;
        const start = spans[k << 1] as number;
        const end = spans[(k << 1) + 1] as number;
        const weighed = this.#weigh(weight, start, end);
        if (word.expects === Expects.protocol) around = mix(around, weighed * 2 + negated);
        else group.key = mix(group.key, weighed);
      } else if (each.role === "Name") {
        group = this.#group(each.extension);
        const tooLong = (spans[(k << 1) + 1] as number) - (spans[k << 1] as number) > LONGEST_CHAIN;
        group.key = mix(mix(mix(group.key, word.id), each.id), tooLong ? 2 : 1);
        // a clamp of the segment size asks for a match on SYN elsewhere in the rule
        if (each.extension?.name === "TCPMSS")
          around = mix(around, this.#bytes(this.#reader.textStart, this.#reader.end));
      } else {
        word = each;
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
    const first = bytes[start] as number;
    if (first !== 80 && first !== 73 && first !== 70 && first !== 79 && first !== 34) return 5;
    const known = BUILT_IN.indexOf(scanner.text(start, end));
    return known < 0 ? 5 : known;
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

const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193) ^ (hash >>> 15);

function hashOf(text: string): number {
  let hash = 17;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return hash;
}
