import { isSingleSpaced } from "./fixed-words.ts";
import { invariant } from "./invariant.ts";
import type { Keyword } from "./keyword.ts";
import type { KnownWordColumns } from "./known-lines.ts";
import type { LineReader } from "./line-reader.ts";
import { type Mentions, mentionsIn } from "./mentions.ts";
import type { Scanner } from "./scanner.ts";
import { allTargets } from "./vocabulary/index.ts";
import type { ExtensionRecord } from "./vocabulary/record.ts";

/**
 * The column of shapes: the ordinal of a shape that is kept, else a negative number that says in short what most readers ask of a line.
 * Bit 0 of its complement: a rule that begins its line and whose words blanks alone part. Bits 1 to 6: its target. From bit 7: its
 * mentions.
 */
const PLAIN = 1;
const TARGET_BITS = 6;

invariant(allTargets.length < 1 << TARGET_BITS, "more targets than six bits can say");

const targets: readonly (ExtensionRecord | null)[] = [null, ...allTargets];
const numbers = new Map(targets.map((target, number) => [target, number]));

/** Number of a target in the column. */
export const targetNumber = (target: ExtensionRecord | null): number => numbers.get(target) as number;

/** So many words of lines that are not kept are remembered; those beyond are read again when they are asked for. */
const MOST_WORDS = 1 << 24;

/** What a number of the column of lengths can say. */
const LONGEST_WORD = 0xffff;

/** What is remembered of lines whose forms are not kept. */
export class Unkept {
  /** By node: where its keywords begin; 0 for lines that are kept, and for those whose words are not remembered. */
  #starts = new Int32Array(1024);
  /** Numbers of the keywords of one line after the other, with a 0 before each line and behind the last. */
  #keywords = new Uint16Array(1024);
  /** Bytes of their words; one blank stands between two. */
  #lengths = new Uint16Array(1024);
  #used = 1;
  /** So many words the text may have: room that is not written costs nothing. */
  readonly #mayBe: number;

  /** @param bytes - of the text */
  constructor(bytes: number) {
    this.#mayBe = Math.min(MOST_WORDS, bytes >> 3);
  }

  /** What the column of shapes says of the node that the reader holds; remembers its words. */
  column(reader: LineReader, node: number): number {
    const { outline, start, textStart, end, scanner, bytes } = reader;
    if (outline.id >= 0) return outline.id;
    if (outline.kind !== "rule") return ~0;
    const plain = outline.plain && start === textStart ? PLAIN : 0;
    const { spans, count } = scanner;
    const isShort = end - start <= LONGEST_WORD && spans[0] === start;
    if (plain !== 0 && isShort && isSingleSpaced(bytes, spans, count)) this.#remember(node, scanner);
    const target = numbers.get(outline.targetRecord) as number;
    return ~(plain | (target << 1) | (mentionsIn(scanner.words, scanner.count) << (1 + TARGET_BITS)));
  }

  /** Remembers the words of lines that follow each other from `node` on. */
  append(node: number, { starts, keywords, lengths }: KnownWordColumns): void {
    const used = this.#used;
    const end = used + keywords.length;
    if (keywords.length === 0 || end > MOST_WORDS) return;
    this.#makeRoom(node + starts.length, end);
    this.#keywords.set(keywords, used);
    this.#lengths.set(lengths, used);
    for (let k = 0; k < starts.length; k++) {
      const start = starts[k] as number;
      if (start >= 0) this.#starts[node + k] = used + start;
    }
    this.#used = end;
  }

  #makeRoom(nodes: number, keywords: number): void {
    if (nodes >= this.#starts.length) {
      const more = new Int32Array(2 * nodes);
      more.set(this.#starts);
      this.#starts = more;
    }
    if (keywords >= this.#keywords.length) {
      const room = Math.max(2 * keywords, this.#mayBe);
      this.#keywords = enlarged(this.#keywords, room);
      this.#lengths = enlarged(this.#lengths, room);
    }
  }

  #remember(node: number, { words, spans, count }: Scanner): void {
    const start = this.#used;
    const end = start + count;
    if (end > MOST_WORDS) return;
    this.#makeRoom(node + 1, end);
    for (let k = 0; k < count; k++) {
      this.#keywords[start + k] = (words[k] as Keyword).id;
      this.#lengths[start + k] = (spans[(k << 1) + 1] as number) - (spans[k << 1] as number);
    }
    this.#starts[node] = start;
    this.#used = end + 1;
  }

  /** Gives the words of the node's line, which begins there, to the scanner; false where they are not remembered. */
  recall(node: number, lineStart: number, scanner: Scanner): boolean {
    const start = this.#starts[node] ?? 0;
    if (start === 0) return false;
    scanner.recall(this.#keywords, this.#lengths, start, lineStart);
    return true;
  }
}

function enlarged(values: Uint16Array, length: number): Uint16Array<ArrayBuffer> {
  const more = new Uint16Array(length);
  more.set(values);
  return more;
}

export const isPlain = (column: number): boolean => column < 0 && (~column & PLAIN) !== 0;

export const targetIn = (column: number): ExtensionRecord | null =>
  targets[(~column >> 1) & ((1 << TARGET_BITS) - 1)] ?? null;

export const mentionsInColumn = (column: number): Mentions => ~column >>> (1 + TARGET_BITS);
