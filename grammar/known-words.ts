import { Expects, type Keyword, WORD } from "./keyword.ts";
import { mentionsOfKeyword } from "./mentions.ts";
import type { Native } from "./native.ts";
import { weightOfValues } from "./rule-groups.ts";
import { isSureBehind } from "./scanner.ts";
import { targetNumber } from "./unkept.ts";
import { codecsOf } from "./value-problems.ts";
import type { Codec } from "./values/codec.ts";
import { allMatches, allTargets } from "./vocabulary/index.ts";
import type { ExtensionRecord } from "./vocabulary/record.ts";

/** A line has at most so many words in grammar/native. */
const MOST_WORDS = 250;

// numbers of grammar/native/words.ts: what a keyword is
const ROLES: Readonly<Partial<Record<Keyword["role"], number>>> = { Match: 1, Jump: 2, Command1: 3, Command2: 3 };

const extensionNumbers: ReadonlyMap<ExtensionRecord | null, number> = new Map(
  [null, ...allMatches, ...allTargets].map((extension, number) => [extension, number]),
);

/** Teaches grammar/native the words of right rules whose forms are not kept, one line after the other. */
export class KnownWords {
  readonly #native: Native;
  readonly #typeOf: (codec: Codec<unknown>) => number;
  /** By number of the keyword: it was described. */
  readonly #described: boolean[] = [];

  constructor(native: Native, typeOf: (codec: Codec<unknown>) => number) {
    this.#native = native;
    this.#typeOf = typeOf;
    native.open();
    this.#describe(WORD.start);
  }

  /**
   * Takes note of a rule that is right.
   * @param spans - of its words, counted from `start` on
   */
  learn(words: readonly Keyword[], count: number, spans: Int32Array, start: number): void {
    if (count > MOST_WORDS || !areSure(words, count)) return;
    for (let k = 0; k < count; k++) {
      const word = words[k] as Keyword;
      if (this.#described[word.id] !== true) this.#describe(word);
      this.#native.wordIs(k, word.id, (spans[k << 1] as number) - start, (spans[(k << 1) + 1] as number) - start);
    }
    this.#native.learnWords(count);
  }

  #describe(word: Keyword): void {
    this.#described[word.id] = true;
    const [first, second] = codecsOf(word);
    const { bits, option } = mentionsOfKeyword(word);
    this.#native.describe(
      word.id,
      word.expects,
      word.values,
      ROLES[word.role] ?? 0,
      extensionNumbers.get(word.extension) as number,
      weightOfValues(word, false),
      weightOfValues(word, true),
      first == null ? 0 : this.#typeOf(first),
      second == null ? 0 : this.#typeOf(second),
      bits,
      option,
      word.stands === Expects.target ? targetNumber(word.extension) : 0,
    );
  }
}

/** Whether each word is what it is behind the keyword before it, as long as the extension loaded last is that keyword's own, or not. */
function areSure(words: readonly Keyword[], count: number): boolean {
  let last: Keyword = WORD.start;
  let loaded: ExtensionRecord | null = null;
  for (let k = 0; k < count; k++) {
    const word = words[k] as Keyword;
    if (word.isOdd || word.brings) return false;
    if (word === WORD.value || word === WORD.counters || word === WORD.bang) continue;
    if (word.role === "Name") {
      loaded = word.extension;
    } else if (word.stands === Expects.option) {
      // the core is asked behind what was loaded
      const isOfNewest = word.extension === loaded && last.extension === loaded;
      if (!isOfNewest && !isSureBehind(last, word)) return false;
    }
    if (word !== WORD.name) last = word;
  }
  return true;
}
