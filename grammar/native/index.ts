// What is compiled to WebAssembly: it reads the lines of forms that were met before. known-lines.ts has its other half.
import { byteAt, COLON, LF, mix, QUOTE, SPACE, saltHashes } from "./bytes.ts";
import { chainClass } from "./chain-class.ts";
import { placeOf, put } from "./column.ts";
import { countersEnd, Forms, NO_FORM } from "./forms.ts";
import { Names } from "./names.ts";
import { SeenNumbers } from "./seen.ts";
import { Words } from "./words.ts";
import { forgetAll, zeros } from "./zeros.ts";

/** So many lines are read at most before they are taken over. */
const MOST_LINES = 4096;
/** A word of a longer line may be too long for iptables-restore. */
const LONGEST_LINE = 1023;
/** A comparison of a word may look so many bytes behind the end of the window. */
const MARGIN = 256;
const NONE = -1;
/** So many values may be in doubt before the lines are taken over. */
const MOST_DOUBTS = 4096;
/** So many keywords of lines whose forms are not kept are handed over at most. */
const MOST_KEYWORDS = 1 << 16;

/** Bytes of the text, from some line's first on, up to a line's end. */
let window: i32 = 0;
let windowSize: i32 = 0;
let forms: Forms = changetype<Forms>(0);
let names: Names = changetype<Names>(0);
let words: Words = changetype<Words>(0);
/** No more forms are kept: a rule of another one is read word by word. */
let isOpen: bool = false;
let rightRules: SeenNumbers = changetype<SeenNumbers>(0);
/** The form of `:CHAIN POLICY [packets:bytes]`. */
let chainForm: i32 = NO_FORM;
let table: i32 = 0;
/** A number of what a rule's judgement depends on besides its words. */
let surroundings: i32 = 0;
let family: i32 = 0;
/** They come by iptables-nft. */
let isNft: bool = false;
let chain: i32 = NONE;
let target: i32 = NONE;

// columns of the lines that were read last, taken over by others after each call
let lineStarts: StaticArray<i32> = [];
let lineForms: StaticArray<i32> = [];
/** Where the line's keywords begin in `keywords`, a 0 behind them; -1: its form is kept. */
let lineKeywords: StaticArray<i32> = [];
let keywords: StaticArray<u16> = [];
/** Of the keywords' words, which one blank parts. */
let wordLengths: StaticArray<u16> = [];
let ruleNodes: StaticArray<i32> = [];
let ruleChains: StaticArray<i32> = [];
let ruleTargets: StaticArray<i32> = [];
let ruleValues: StaticArray<i32> = [];
let chainNodes: StaticArray<i32> = [];
let declaredChains: StaticArray<i32> = [];
/** Values that are in doubt: of which line, which word, where it begins and ends; its type. */
let doubtLines: StaticArray<i32> = [];
let doubtWords: StaticArray<i32> = [];
let doubtStarts: StaticArray<i32> = [];
let doubtEnds: StaticArray<i32> = [];
let doubtTypes: StaticArray<i32> = [];
let doubts: i32 = 0;
/** What is added to a place in memory for that in the text. */
let shifted: i32 = 0;
let lines: i32 = 0;
let rules: i32 = 0;
let chains: i32 = 0;
let keywordCount: i32 = 0;
/** Behind the last line that was read. */
let next: i32 = 0;
/** There was no room for what the next line holds; and the next line is one that others have to read. */
let isFull: bool = false;
let isStuck: bool = false;

/**
 * Forgets the last text.
 * @param slots - room for so many names, a power of two
 * @param salt - of all hashes
 */
export function reset(slots: i32, salt: i32): void {
  forgetAll();
  saltHashes(salt);
  windowSize = 0;
  forms = new Forms();
  isOpen = false;
  names = new Names(slots);
  rightRules = new SeenNumbers();
  chainForm = NO_FORM;
  lineStarts = zeros<i32>(MOST_LINES);
  lineForms = zeros<i32>(MOST_LINES);
  lineKeywords = zeros<i32>(MOST_LINES);
  ruleNodes = zeros<i32>(MOST_LINES);
  ruleChains = zeros<i32>(MOST_LINES);
  ruleTargets = zeros<i32>(MOST_LINES);
  ruleValues = zeros<i32>(MOST_LINES);
  chainNodes = zeros<i32>(MOST_LINES);
  declaredChains = zeros<i32>(MOST_LINES);
  doubtLines = zeros<i32>(MOST_DOUBTS);
  doubtWords = zeros<i32>(MOST_DOUBTS);
  doubtStarts = zeros<i32>(MOST_DOUBTS);
  doubtEnds = zeros<i32>(MOST_DOUBTS);
  doubtTypes = zeros<i32>(MOST_DOUBTS);
}

/** Where so many bytes can be put. */
export function room(bytes: i32): i32 {
  if (bytes > windowSize) {
    windowSize = bytes;
    window = <i32>heap.alloc(bytes + MARGIN);
  }
  return window;
}

/** The lines that follow stand in this table, and are judged in these surroundings. */
export function enter(newTable: i32, newSurroundings: i32, newFamily: i32, byNft: bool): void {
  table = newTable;
  surroundings = newSurroundings;
  family = newFamily;
  isNft = byNft;
  chain = NONE;
}

/**
 * Reads lines of known forms, up to the first other one.
 * @param from - of the window, where a line begins
 * @param to - of the window, behind a line's LF
 * @param base - where the window's first byte stands in the text
 * @param node - number of the first line
 * @returns how many lines were read
 */
export function read(from: i32, to: i32, base: i32, node: i32): i32 {
  lines = rules = chains = keywordCount = doubts = 0;
  isFull = false;
  const end = window + to;
  const shift = base - window;
  shifted = shift;
  let at = window + from;
  while (at < end && lines < MOST_LINES) {
    const first = byteAt(at);
    let form = NO_FORM;
    const keyword = keywordCount;
    if (first === COLON) form = readChain(at, shift, node + lines);
    else form = readRule(at, shift, node + lines);
    if (form === NO_FORM) break;
    put(lineStarts, lines, at + shift);
    put(lineForms, lines, form);
    put(lineKeywords, lines, keywordCount > keyword ? keyword : NONE);
    lines++;
    at = next;
  }
  next = at;
  isStuck = at < end && lines < MOST_LINES && !isFull;
  return lines;
}

export function stuck(): bool {
  return isStuck;
}

function readRule(at: i32, shift: i32, node: i32): i32 {
  const form = forms.walk(at, family, false);
  if (form === NO_FORM) return isOpen ? readWords(at, shift, node) : NO_FORM;
  const spans = forms.spans;
  if (byteAt(unchecked(spans[forms.chainWords.get(form) << 1])) === QUOTE) return NO_FORM;
  const end = unchecked(spans[(forms.count << 1) - 1]);
  if (end - at > LONGEST_LINE || !rightRules.has(judgementOf(form)) || !keepDoubts(shift)) return NO_FORM;
  chain = nameAt(forms.chainWords.get(form), chain, chain + 1, shift);
  const targetWord = forms.targetWords.get(form);
  if (targetWord >= 0) target = nameAt(targetWord, target, NONE, shift);
  const valueWord = forms.valueWords.get(form);
  const value = valueWord < 0 ? 0 : unchecked(spans[valueWord << 1]);
  put(ruleNodes, rules, node);
  put(ruleChains, rules, chain);
  put(ruleTargets, rules, targetWord < 0 ? NONE : target);
  put(ruleValues, rules, value === 0 || byteAt(value) === QUOTE ? NONE : value + shift);
  rules++;
  next = end + 1;
  return form;
}

/** A rule whose form is not kept; the column of unkept.ts. */
function readWords(at: i32, shift: i32, node: i32): i32 {
  if (!words.read(at, family, <u64>surroundings, isNft)) return NO_FORM;
  const spans = forms.spans;
  const count = words.count;
  const end = unchecked(spans[(count << 1) - 1]);
  if (byteAt(end) !== LF || end - at > LONGEST_LINE || byteAt(unchecked(spans[words.chainWord << 1])) === QUOTE)
    return NO_FORM;
  isFull = keywordCount + count + 1 > MOST_KEYWORDS;
  if (isFull || !keepDoubts(shift)) return NO_FORM;
  for (let k = 0; k < count; k++)
    putKeyword(unchecked(words.ids[k]), unchecked(spans[(k << 1) + 1]) - unchecked(spans[k << 1]));
  putKeyword(0, 0);
  chain = nameAt(words.chainWord, chain, chain + 1, shift);
  if (words.targetWord >= 0) target = nameAt(words.targetWord, target, NONE, shift);
  put(ruleNodes, rules, node);
  put(ruleChains, rules, chain);
  put(ruleTargets, rules, words.targetWord < 0 ? NONE : target);
  put(ruleValues, rules, NONE);
  rules++;
  next = end + 1;
  return ~(1 | (words.target << 1) | (words.mentions << 7));
}

/** Keeps what is in doubt of the line that was walked last; false where there is no room for it. */
function keepDoubts(shift: i32): bool {
  isFull = doubts + forms.doubts > MOST_DOUBTS;
  if (isFull) return false;
  for (let k = 0; k < forms.doubts; k++) {
    const word = unchecked(forms.doubtWords[k]);
    put(doubtLines, doubts, lines);
    put(doubtWords, doubts, word);
    put(doubtStarts, doubts, unchecked(forms.spans[word << 1]) + shift);
    put(doubtEnds, doubts, unchecked(forms.spans[(word << 1) + 1]) + shift);
    put(doubtTypes, doubts, unchecked(forms.doubtTypes[k]));
    doubts++;
  }
  return true;
}

/** Takes note that the value with that number in the columns is right after all. */
export function valueIsRight(doubt: i32): void {
  const from = unchecked(doubtStarts[doubt]) - shifted;
  const to = unchecked(doubtEnds[doubt]) - shifted;
  forms.isRight(unchecked(doubtTypes[doubt]), from, to, family, true);
}

function putKeyword(id: i32, length: i32): void {
  store<u16>(changetype<usize>(keywords) + ((<usize>keywordCount) << 1), <u16>id);
  store<u16>(changetype<usize>(wordLengths) + ((<usize>keywordCount) << 1), <u16>length);
  keywordCount++;
}

/** Number of the chain that the word names: perhaps the last one, or that other one. */
function nameAt(word: i32, last: i32, other: i32, shift: i32): i32 {
  const from = unchecked(forms.spans[word << 1]);
  const to = unchecked(forms.spans[(word << 1) + 1]);
  if (names.is(last, table, from, to)) return last;
  if (names.is(other, table, from, to)) return other;
  return names.intern(table, from, to, from + shift);
}

/** What the judgement of the rule that was walked last depends on. */
function judgementOf(form: i32): u64 {
  const word = forms.chainWords.get(form);
  const from = unchecked(forms.spans[word << 1]);
  const to = unchecked(forms.spans[(word << 1) + 1]);
  const key = mix(mix(<u64>form, <u64>surroundings), <u64>chainClass(from, to));
  return mix(key, forms.weight) | 1;
}

/** `:CHAIN POLICY [packets:bytes]`; quotes mean nothing here. */
function readChain(at: i32, shift: i32, node: i32): i32 {
  if (chainForm === NO_FORM) return NO_FORM;
  const nameEnd = wordEnd(at);
  if (byteAt(nameEnd) !== SPACE || forms.isExtension(at + 1, nameEnd)) return NO_FORM;
  const policyEnd = wordEnd(nameEnd + 1);
  if (byteAt(policyEnd) !== SPACE || policyEnd === nameEnd + 1) return NO_FORM;
  const end = countersEnd(policyEnd + 1);
  if (end === 0 || byteAt(end) !== LF || end - at > LONGEST_LINE) return NO_FORM;
  const made = names.intern(table, at + 1, nameEnd, at + 1 + shift);
  put(chainNodes, chains, node);
  put(declaredChains, chains, made);
  chains++;
  next = end + 1;
  return chainForm;
}

function wordEnd(from: i32): i32 {
  let at = from;
  while (byteAt(at) > SPACE) at++;
  return at;
}

/** Says the form of chains. */
export function chainsAre(form: i32): void {
  chainForm = form;
}

/** The word, of the window, is the name of a target extension. */
export function extension(from: i32, to: i32): void {
  forms.extensions.add(0, window + from, window + to);
}

/** Begins a new form of rules; `word` adds its words one after the other, `end` ends it. */
export function begin(): void {
  forms.begin();
}
export function word(kind: i32, type: i32, weight: i32, from: i32, to: i32): void {
  forms.word(kind, type, weight, window + from, window + to);
}
export function end(form: i32, chainWord: i32, targetWord: i32, valueWord: i32): void {
  forms.end(form, chainWord, targetWord, valueWord);
}

/**
 * Takes note that the rule at this place of the window is right; false where its form is not known.
 * @param withValues - so are its values; else they are not spoken of
 */
export function learn(at: i32, withValues: bool): bool {
  const form = forms.walk(window + at, family, withValues);
  if (form === NO_FORM) return false;
  rightRules.add(judgementOf(form));
  return true;
}

/** From now on rules of forms that are not kept are read word by word. */
export function open(): void {
  isOpen = true;
  words = new Words(forms);
  keywords = zeros<u16>(MOST_KEYWORDS);
  wordLengths = zeros<u16>(MOST_KEYWORDS);
}
/** Says what a keyword is. */
export function describe(
  id: i32,
  expects: i32,
  values: i32,
  role: i32,
  extension: i32,
  weight: i32,
  nftWeight: i32,
  firstType: i32,
  secondType: i32,
  bits: i32,
  option: i32,
  named: i32,
): void {
  words.describe(id, expects, values, role, extension, weight, nftWeight, firstType, secondType, bits, option, named);
}
/** Word `k` of a right rule is that keyword, and stands there in the window; `learnWords` takes note of all of them. */
export function wordIs(k: i32, id: i32, from: i32, to: i32): void {
  put(words.ids, k, id);
  put(forms.spans, k << 1, window + from);
  put(forms.spans, (k << 1) + 1, window + to);
}
export function learnWords(count: i32): bool {
  return words.learn(count, family, <u64>surroundings, isNft);
}

/** Number of the chain whose name stands in the window. `start`: where it stands in the text. */
export function intern(inTable: i32, from: i32, to: i32, start: i32): i32 {
  return names.intern(inTable, window + from, window + to, start);
}

export function doubtCount(): i32 {
  return doubts;
}
export function nextOffset(): i32 {
  return next - window;
}
export function ruleCount(): i32 {
  return rules;
}
export function chainCount(): i32 {
  return chains;
}
export function nameCount(): i32 {
  return names.count;
}
export function keywordTotal(): i32 {
  return keywordCount;
}
export function slotCount(): i32 {
  return names.slots.length;
}

/** Where a column lies in memory; the numbers are those of known-lines.ts. */
export function column(number: i32): i32 {
  if (number === 0) return placeOf(lineStarts);
  if (number === 1) return placeOf(lineForms);
  if (number === 2) return placeOf(ruleNodes);
  if (number === 3) return placeOf(ruleChains);
  if (number === 4) return placeOf(ruleTargets);
  if (number === 5) return placeOf(ruleValues);
  if (number === 6) return placeOf(chainNodes);
  if (number === 7) return placeOf(declaredChains);
  if (number === 8) return placeOf(names.tables.values);
  if (number === 9) return placeOf(names.starts.values);
  if (number === 10) return placeOf(names.lengths.values);
  if (number === 12) return placeOf(lineKeywords);
  if (number === 13) return placeOf(keywords);
  if (number === 14) return placeOf(wordLengths);
  if (number === 15) return placeOf(doubtLines);
  if (number === 16) return placeOf(doubtWords);
  if (number === 17) return placeOf(doubtStarts);
  if (number === 18) return placeOf(doubtEnds);
  return placeOf(names.slots);
}
