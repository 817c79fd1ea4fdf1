import { nearest } from "./nearest.ts";

const SPACE = 32;
const TAB = 9;
const LONGEST_DECLARATION = 64;
/** A COMMIT with more around it stands in a sentence. */
const LONGEST_COMMIT = 20;

/**
 * Where a line of iptables-save begins behind text that is not its own: a journal's prefix, `grep -n` numbers, a diff mark. -1 where
 * nothing in the line looks like one, or where what looks so is an `iptables` command typed at a prompt. It begins before `last`.
 */
export function lineStart(bytes: Uint8Array, from: number, end: number, last = end): number {
  let typed = false;
  for (let p = from; p < last; p++) {
    if (bytes[p] === 116 && isTyped(bytes, p, end)) typed = true;
    if (p > from && !parts(bytes[p - 1] as number)) continue;
    if (isCommand(bytes, p, end) && !typed) return p;
    if (isCounters(bytes, p, end) || isChain(bytes, p, end) || isTable(bytes, p, end) || isCommit(bytes, p, end))
      return p;
  }
  return -1;
}

/** `[` and a digit, or the command at once: counters, also cut short; not the `[user@host ~]#` of a prompt. */
export const beginsCounters = (bytes: Uint8Array, p: number, end: number): boolean => {
  if (bytes[p] !== 91) return false;
  const code = p + 1 < end ? (bytes[p + 1] as number) : 0;
  return (code >= 48 && code <= 58) || isCommand(bytes, skipBlanks(bytes, p + 1, end), end);
};

/**
 * Whether iptables-restore finds both counters and their end in a line that begins with `[` at `p`: as tokenize_rule_counters
 * (iptables/xshared.c) it looks for a `]`, then for a `:` behind something else, then for anything behind that.
 */
export function takesCounters(bytes: Uint8Array, p: number, end: number): boolean {
  const has = (code: number, from: number): number => {
    const found = bytes.indexOf(code, from);
    return found < end ? found : -1;
  };
  let first = p + 1;
  while (first < end && bytes[first] === 58) first++;
  if (has(93, p) < 0 || first === end) return false;
  let rest = has(58, first);
  if (rest < 0) return false;
  do rest++;
  while (rest < end && bytes[rest] === 93);
  return rest < end;
}

/** `COMMIT` with nothing but blanks behind it. */
export function isCommit(bytes: Uint8Array, p: number, end: number): boolean {
  return spells(bytes, p, end, "COMMIT") && skipBlanks(bytes, p + 6, end) === end;
}

/** What is left of a COMMIT: misspelt, cut short, or with other words around it. */
export function isNearlyCommit(text: string): boolean {
  const word = text.trim();
  if (word.length === 0 || word.length > LONGEST_COMMIT) return false;
  return "COMMIT".includes(word) || word.includes("COMMIT") || nearest(word, ["COMMIT"]) !== null;
}

/** The first offset from `p` on that is no blank. */
export function skipBlanks(bytes: Uint8Array, p: number, end: number): number {
  while (p < end && (bytes[p] === SPACE || bytes[p] === TAB)) p++;
  return p;
}

/** Whether a line is only a sign that something was left out: `...`, `[...]`, `<snip>`. */
export function isEllipsis(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 80) return false;
  const text = String.fromCharCode(...bytes.subarray(start, end)).trim();
  return /^[[(<{]?\s*(\.{2,}|\xe2\x80\xa6|-{2,}|~{2,}|snip|cut|truncated|output omitted|omitted)[\s.\xe2\x80\xa6-]*[\])>}]?$/i.test(
    text,
  );
}

/** `tables` of `iptables -t nat`, `ip6tables-legacy -A` or `iptables-save | grep -A 5`. */
function isTyped(bytes: Uint8Array, p: number, end: number): boolean {
  if (!spells(bytes, p, end, "tables")) return false;
  return bytes[p + 6] === 45 || (isBlank(bytes[p + 6]) && bytes[skipBlanks(bytes, p + 6, end)] === 45);
}

/** Dashes alone, then nothing or a blank: what grep prints between groups, a line drawn, an item of a list. */
export function isDash(bytes: Uint8Array, start: number, end: number): boolean {
  let p = start;
  while (p < end && bytes[p] === 45) p++;
  return p > start && (p === end || isBlank(bytes[p]));
}

function spells(bytes: Uint8Array, p: number, end: number, word: string): boolean {
  if (p + word.length > end) return false;
  for (let k = 0; k < word.length; k++) if (bytes[p + k] !== word.charCodeAt(k)) return false;
  return true;
}

/** Characters that may stand right before a line: blanks, `:` of grep -n, marks of diff and quotation. */
const parts = (code: number): boolean =>
  code === SPACE ||
  code === TAB ||
  code === 58 ||
  code === 43 ||
  code === 45 ||
  code === 62 ||
  code === 60 ||
  code === 124;

const isBlank = (code: number | undefined): boolean => code === SPACE || code === TAB;

/** `-A `, `-I ` and other commands of a rule or chain. */
export const isCommand = (bytes: Uint8Array, p: number, end: number): boolean =>
  p + 3 < end &&
  bytes[p] === 45 &&
  "AINPDR".includes(String.fromCharCode(bytes[p + 1] as number)) &&
  isBlank(bytes[p + 2]);

function isCounters(bytes: Uint8Array, p: number, end: number): boolean {
  if (bytes[p] !== 91) return false;
  let colons = 0;
  for (let q = p + 1; q < end && q < p + 44; q++) {
    const code = bytes[q] as number;
    if (code === 93) return colons === 1 && isCommand(bytes, skipBlanks(bytes, q + 1, end), end);
    if (code === 58) colons++;
    else if (code < 48 || code > 57) return false;
  }
  return false;
}

function isChain(bytes: Uint8Array, p: number, end: number): boolean {
  if (bytes[p] !== 58) return false;
  let q = p + 1;
  while (q < end && q < p + LONGEST_DECLARATION && !isBlank(bytes[q])) q++;
  if (q === p + 1 || !isBlank(bytes[q])) return false;
  const policy = skipBlanks(bytes, q, end);
  return ["- [", "ACCEPT [", "DROP ["].some((text) => spells(bytes, policy, end, text));
}

const TABLES = ["filter", "nat", "mangle", "raw", "security"];

const isTable = (bytes: Uint8Array, p: number, end: number): boolean =>
  bytes[p] === 42 &&
  TABLES.some((name) => spells(bytes, p + 1, end, name) && skipBlanks(bytes, p + 1 + name.length, end) === end);
