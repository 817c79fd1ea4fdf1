import { areSame, BANG, BRACKET, byteAt, CR, copyOf, hashOf, LF, mix, QUOTE, SPACE, TAB } from "./bytes.ts";
import { chainClass, LONGEST_CHAIN } from "./chain-class.ts";
import { Column, put } from "./column.ts";
import { countersEnd, Forms, MOST_WORDS, weigh } from "./forms.ts";
import { SeenNumbers } from "./seen.ts";
import { zeros } from "./zeros.ts";

/** What may follow; the numbers are those of keyword.ts. */
const OPTION = 0;
const VALUE = 1;
const TARGET = 5;
const PROTOCOL = 6;

/** What a keyword is; the numbers are those of known-words.ts. */
const MATCH = 1;
const JUMP = 2;
const COMMAND = 3;

/** Numbers of keywords whose text does not matter: those of keyword.ts. */
const VALUE_WORD = 1;
const NAME_WORD = 2;
const COUNTERS_WORD = 4;
const BANG_WORD = 11;
const START_WORD = 14;

/** The bits of mentions.ts. */
const NEGATED = 1;
const REPEATED = 2;

const MOST_MET = 1 << 14;
const MOST_GROUPS = 32;

/**
 * The words of rules whose forms are not kept: what a word is follows from the word before it that is a keyword, as far as it was met
 * there; and what iptables-restore holds against an extension follows from that extension's own words, the protocol, the chain and the
 * table (rule-groups.ts). So a line is right whose words and groups were all met in lines that were.
 */
export class Words {
  private readonly forms: Forms;
  /** By keyword: what follows and how many values, what it is, its extension, what its values weigh to either iptables and to iptables-nft, their types, what it mentions, its option, its target. */
  private readonly expects: Column = new Column();
  private readonly values: Column = new Column();
  private readonly roles: Column = new Column();
  private readonly extensions: Column = new Column();
  private readonly weights: Column = new Column();
  private readonly nftWeights: Column = new Column();
  private readonly firstTypes: Column = new Column();
  private readonly secondTypes: Column = new Column();
  private readonly mentioned: Column = new Column();
  private readonly options: Column = new Column();
  private readonly targets: Column = new Column();
  /** By option: the line that named it last. */
  private readonly lines: Column = new Column();
  private line: i32 = 0;
  /** Words that were met: behind which, their texts, the keywords that they are. */
  private readonly behind: Column = new Column();
  private readonly texts: Column = new Column();
  private readonly lengths: Column = new Column();
  private readonly keywords: Column = new Column();
  private readonly slots: StaticArray<i32> = zeros<i32>(MOST_MET * 2);
  private readonly right: SeenNumbers = new SeenNumbers();
  /** Groups of the line: their extensions and what they say. */
  private readonly groupExtensions: StaticArray<i32> = zeros<i32>(MOST_GROUPS);
  private readonly groupKeys: StaticArray<u64> = zeros<u64>(MOST_GROUPS);
  private groups: i32 = 0;
  private group: i32 = 0;
  /** Of the line that was read last: the keywords of its words, their number, and what was found. */
  readonly ids: StaticArray<i32> = zeros<i32>(MOST_WORDS + 1);
  count: i32 = 0;
  chainWord: i32 = 0;
  /** -1: none, or no chain. */
  targetWord: i32 = 0;
  target: i32 = 0;
  mentions: i32 = 0;
  private around: u64 = 0;

  constructor(forms: Forms) {
    this.forms = forms;
  }

  /** Says what a keyword is. */
  describe(
    id: i32,
    expects: i32,
    values: i32,
    role: i32,
    extension: i32,
    weight: i32,
    nftWeight: i32,
    firstType: i32,
    secondType: i32,
    mentioned: i32,
    option: i32,
    target: i32,
  ): void {
    while (this.expects.length <= id) {
      this.expects.push(OPTION);
      this.values.push(0);
      this.roles.push(0);
      this.extensions.push(0);
      this.weights.push(0);
      this.nftWeights.push(0);
      this.firstTypes.push(0);
      this.secondTypes.push(0);
      this.mentioned.push(0);
      this.options.push(-1);
      this.targets.push(0);
    }
    this.expects.set(id, expects);
    this.values.set(id, values);
    this.roles.set(id, role);
    this.extensions.set(id, extension);
    this.weights.set(id, weight);
    this.nftWeights.set(id, nftWeight);
    this.firstTypes.set(id, firstType);
    this.secondTypes.set(id, secondType);
    this.mentioned.set(id, mentioned);
    this.options.set(id, option);
    this.targets.set(id, target);
    while (this.lines.length <= option) this.lines.push(-1);
  }

  /** Whether all words and groups of the line at `from` were met in lines that are right. */
  read(from: i32, family: i32, surroundings: u64, isNft: bool): bool {
    if (!this.run(from, family, isNft, 0)) return false;
    const around = this.end(surroundings);
    for (let k = 0; k < this.groups; k++) if (!this.right.has(this.keyOf(k, around))) return false;
    return true;
  }

  /** Takes note of a line that is right, whose words and their places are given. */
  learn(count: i32, family: i32, surroundings: u64, isNft: bool): bool {
    if (!this.run(0, family, isNft, count)) return false;
    const around = this.end(surroundings);
    for (let k = 0; k < this.groups; k++) this.right.add(this.keyOf(k, around));
    return true;
  }

  private end(surroundings: u64): u64 {
    const spans = this.forms.spans;
    const chain = this.chainWord << 1;
    const inChain = chainClass(unchecked(spans[chain]), unchecked(spans[chain + 1]));
    return mix(mix(surroundings, <u64>inChain), this.around);
  }

  private keyOf(group: i32, around: u64): u64 {
    return mix(mix(unchecked(this.groupKeys[group]), <u64>unchecked(this.groupExtensions[group])), around) | 1;
  }

  /** @param given - so many words are given; 0: they are to be found from `from` on */
  private run(from: i32, family: i32, isNft: bool, given: i32): bool {
    const spans = this.forms.spans;
    const weights = isNft ? this.nftWeights : this.weights;
    this.groups = 0;
    this.forms.doubts = 0;
    this.groupOf(0);
    this.around = 17;
    this.mentions = 0;
    this.target = 0;
    this.targetWord = -1;
    this.line++;
    let at = from;
    /** The keyword behind which the next one stands, the one whose values follow, and what was loaded last. */
    let last = START_WORD;
    let word = START_WORD;
    let loaded = 0;
    let expects = OPTION;
    let left = 0;
    let place = 0;
    let isBehindBang = false;
    let negated = 0;
    let commands = 0;
    let jumps = 0;
    let k = 0;
    for (; ; k++) {
      if (k === MOST_WORDS) return false;
      if (given > 0) at = unchecked(spans[k << 1]);
      let to = given > 0 ? unchecked(spans[(k << 1) + 1]) : 0;
      let id = given > 0 ? unchecked(this.ids[k]) : 0;
      if (expects === VALUE) {
        if (given === 0) to = this.forms.freeEnd(VALUE, at);
        id = VALUE_WORD;
      } else if (k === 0 && byteAt(at) === BRACKET) {
        if (given === 0) to = countersEnd(at);
        id = COUNTERS_WORD;
      } else {
        if (given === 0) to = bareEnd(at);
        const isNewest = loaded === this.extensions.get(last);
        const question = expects !== OPTION ? -expects : (last << 2) | (isNewest ? 2 : 0) | (isBehindBang ? 1 : 0);
        if (given > 0) this.meet(question, at, to, id);
        else if (to !== 0) {
          id = this.find(question, at, to);
          const isLoneBang = to === at + 1 && byteAt(at) === BANG;
          if (id === 0 && expects === TARGET && !isLoneBang && !this.forms.isExtension(at, to)) id = NAME_WORD;
        }
        if (id === 0) return false;
      }
      if (to === 0) return false;
      if (given === 0) {
        put(spans, k << 1, at);
        put(spans, (k << 1) + 1, to);
        put(this.ids, k, id);
      }
      this.mention(id);

      if (id === VALUE_WORD || expects === PROTOCOL) {
        if (id === VALUE_WORD) {
          const type = place === 0 ? this.firstTypes.get(word) : this.secondTypes.get(word);
          if (type !== 0 && !this.isRight(k, type, at, to, family, given > 0)) return false;
          left--;
          expects = left > 0 ? VALUE : OPTION;
        } else {
          last = id;
          expects = OPTION;
        }
        place++;
        const weight = weights.get(word);
        if (weight !== 0) {
          const weighed = weigh(weight, at, to);
          if (this.expects.get(word) === PROTOCOL) this.around = mix(this.around, (weighed << 1) | <u64>negated);
          else this.say(weighed);
        }
      } else if (id === BANG_WORD) {
        if (isBehindBang) return false;
        negated = 1;
        isBehindBang = true;
      } else if (expects !== OPTION) {
        const type = id === NAME_WORD ? this.firstTypes.get(word) : 0;
        if (type !== 0 && !this.isRight(k, type, at, to, family, given > 0)) return false;
        if (this.roles.get(word) === JUMP) {
          this.target = this.targets.get(id);
          if (id === NAME_WORD) this.targetWord = k;
        }
        loaded = id === NAME_WORD ? -1 : this.extensions.get(id);
        if (!this.groupOf(id === NAME_WORD ? 0 : loaded)) return false;
        this.say(<u64>word);
        this.say(<u64>id);
        this.say(to - at > LONGEST_CHAIN ? 2 : 1);
        if (id !== NAME_WORD) last = id;
        expects = OPTION;
      } else if (id !== COUNTERS_WORD) {
        const role = this.roles.get(id);
        isBehindBang = false;
        word = last = id;
        place = 0;
        expects = this.expects.get(id);
        left = this.values.get(id);
        if (role === COMMAND) {
          commands++;
          this.chainWord = k + 1;
        }
        if (role === JUMP) jumps++;
        else if (role !== MATCH) {
          if (!this.groupOf(this.extensions.get(id))) return false;
          this.say(((<u64>id) << 1) | <u64>negated);
          negated = 0;
        }
      }
      if (given > 0) {
        if (k + 1 === given) break;
      } else if (byteAt(to) === SPACE) at = to + 1;
      else break;
    }
    this.count = k + 1;
    return expects === OPTION && !isBehindBang && commands === 1 && jumps <= 1;
  }

  private isRight(word: i32, type: i32, from: i32, to: i32, family: i32, isRight: bool): bool {
    return this.forms.isRight(type, from, to, family, isRight) || this.forms.doubt(word, type, isRight);
  }

  private mention(id: i32): void {
    this.mentions |= this.mentioned.get(id);
    if (id === BANG_WORD) this.mentions |= NEGATED;
    const option = this.options.get(id);
    if (option < 0) return;
    if (this.lines.get(option) === this.line) this.mentions |= REPEATED;
    this.lines.set(option, this.line);
  }

  /** Makes it the group of the words that follow; false where there are too many. */
  private groupOf(extension: i32): bool {
    for (let k = 0; k < this.groups; k++)
      if (unchecked(this.groupExtensions[k]) === extension) {
        this.group = k;
        return true;
      }
    if (this.groups === MOST_GROUPS) return false;
    this.group = this.groups++;
    put(this.groupExtensions, this.group, extension);
    store<u64>(changetype<usize>(this.groupKeys) + ((<usize>this.group) << 3), 1);
    return true;
  }

  private say(what: u64): void {
    const place = changetype<usize>(this.groupKeys) + ((<usize>this.group) << 3);
    store<u64>(place, mix(load<u64>(place), what));
  }

  private find(question: i32, from: i32, to: i32): i32 {
    const known = unchecked(this.slots[this.slotOf(question, from, to)]);
    return known === 0 ? 0 : this.keywords.get(known - 1);
  }

  private meet(question: i32, from: i32, to: i32, id: i32): void {
    const slot = this.slotOf(question, from, to);
    if (unchecked(this.slots[slot]) !== 0 || this.keywords.length === MOST_MET || id === NAME_WORD) return;
    this.behind.push(question);
    this.lengths.push(to - from);
    this.texts.push(copyOf(from, to - from));
    this.keywords.push(id);
    put(this.slots, slot, this.keywords.length);
  }

  private slotOf(question: i32, from: i32, to: i32): i32 {
    const length = to - from;
    const mask = this.slots.length - 1;
    let slot = hashOf(question, from, to) & mask;
    for (let known = unchecked(this.slots[slot]) - 1; known >= 0; known = unchecked(this.slots[slot]) - 1) {
      const isAsked = this.behind.get(known) === question && this.lengths.get(known) === length;
      if (isAsked && areSame(this.texts.get(known), from, length)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}

/** Behind a word without quotes that a blank or the line's end follows; 0 where the scanner has to look. */
function bareEnd(from: i32): i32 {
  let at = from;
  for (; ; at++) {
    const code = byteAt(at);
    if (code > QUOTE) continue;
    if (code === SPACE || code === LF) break;
    if (code === TAB || code === QUOTE || code === CR) return 0;
  }
  return at === from ? 0 : at;
}
