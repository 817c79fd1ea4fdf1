import type { Keyword } from "./keyword.ts";
import type { Shape } from "./shape.ts";
import { coreOptions, matchRecord } from "./vocabulary/index.ts";
import type { ExtensionRecord, OptionRecord } from "./vocabulary/record.ts";

/**
 * What a line may name, as bits: whoever looks for rules with a certain match asks these first, because the form of a line may have to be
 * made. A bit that is not set is proof that the line does not name it; one that is set is none.
 */
export type Mentions = number;

/** Some option is negated. */
export const NEGATED = 1;
/** Some option stands twice. */
export const REPEATED = 2;
/** `-g`, not `-j`. */
export const GOTO = 4;
/** All bits there are. */
export const MENTION_BITS = 24;

/** Every bit that stands for something asked of a packet. */
export const CONDITIONS = ~(NEGATED | REPEATED | GOTO);

const CORE_FLAGS = ["--source", "--destination", "--in-interface", "--out-interface", "--protocol"];
const FIRST_CORE = 8;
const FIRST_MATCH = FIRST_CORE << CORE_FLAGS.length;
/** `-s -d -i -o -p` */
export const CORE_OPTIONS = FIRST_MATCH - FIRST_CORE;
const LAST_MATCH = 1 << (MENTION_BITS - 1);

const options = new Map<OptionRecord, Mentions>(
  coreOptions.map((option) => {
    const known = CORE_FLAGS.indexOf(option.flag);
    return [option, known >= 0 ? FIRST_CORE << known : option.flag === "--goto" ? GOTO : 0];
  }),
);
const matches = new Map<ExtensionRecord, Mentions>();
let nextMatch = FIRST_MATCH;

/** The bit of an option of the core; 0 for one that is not looked for. */
export function bitOfOption(flag: string): Mentions {
  for (const [option, bit] of options) if (option.flag === flag) return bit;
  return 0;
}

/** The bits of matches by their names. The first that are met have one each, all others share the last. */
export function bitsOfMatches(...names: readonly string[]): Mentions {
  let bits = 0;
  for (const name of names) {
    const record = matchRecord(name);
    if (record !== undefined) bits |= bitOfMatch(record);
  }
  return bits;
}

function bitOfMatch(record: ExtensionRecord): Mentions {
  const known = matches.get(record);
  if (known !== undefined) return known;
  const bit = nextMatch;
  if (nextMatch !== LAST_MATCH) nextMatch <<= 1;
  matches.set(record, bit);
  return bit;
}

const bitOf = (option: OptionRecord | null, extension: ExtensionRecord | null): Mentions =>
  (extension?.kind === "match" ? bitOfMatch(extension) : 0) | (option === null ? 0 : (options.get(option) ?? 0));

export function mentionsOf({ options: all, matches: loaded, goto }: Shape): Mentions {
  const seen = new Set<OptionRecord>();
  let bits = goto ? GOTO : 0;
  for (const { record } of loaded) if (record !== null) bits |= bitOfMatch(record);
  for (const { record, bangWord } of all) {
    bits |= (bangWord >= 0 ? NEGATED : 0) | (record === null ? 0 : (options.get(record) ?? 0));
    if (record === null) continue;
    if (seen.has(record)) bits |= REPEATED;
    seen.add(record);
  }
  return bits;
}

const byKeyword: (Mentions | undefined)[] = [];
/** By the number of an option: the line that named it last. */
const lastLine: number[] = [];
const numbers = new Map<OptionRecord, number>();
const numberByKeyword: (number | undefined)[] = [];
let line = 0;

/** The same of a line's keywords. */
export function mentionsIn(words: readonly Keyword[], count: number): Mentions {
  line++;
  let bits = 0;
  for (let k = 0; k < count; k++) {
    const word = words[k] as Keyword;
    bits |= byKeyword[word.id] ?? learn(word);
    const number = numberByKeyword[word.id] as number;
    if (number < 0) continue;
    if (lastLine[number] === line) bits |= REPEATED;
    lastLine[number] = line;
  }
  return bits;
}

/** What a keyword alone mentions, and the number of its option by which a second one is known; -1 where a second one is none. */
export function mentionsOfKeyword(word: Keyword): { readonly bits: Mentions; readonly option: number } {
  const bits = byKeyword[word.id] ?? learn(word);
  return { bits, option: numberByKeyword[word.id] as number };
}

function learn(word: Keyword): Mentions {
  const { option, extension, role } = word;
  const isBang = role === "Bang" || role === "OldBang";
  let number = option === null ? -1 : (numbers.get(option) ?? -1);
  if (option !== null && number < 0 && role !== "Match" && role !== "Jump") {
    number = numbers.size;
    numbers.set(option, number);
  }
  const bits = (isBang ? NEGATED : 0) | bitOf(option, extension);
  byKeyword[word.id] = bits;
  numberByKeyword[word.id] = number;
  return bits;
}
