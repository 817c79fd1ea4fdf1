import type { CommandRecord } from "./commands.ts";
import type { ExtensionRecord, OptionRecord } from "./vocabulary/record.ts";

/** What a word is in its line; the parser's token types are named after these. */
export const ROLES = [
  "Value",
  "Name",
  "Stray",
  "Counters",
  "Table",
  "Chain",
  "Commit",
  "Comment",
  "Note",
  "Bang",
  "OldBang",
  "Match",
  "Jump",
  "Command1",
  "Command2",
  "CommandAny",
  "Flag0",
  "Flag1",
  "Flag2",
  "FlagOptional",
  "FlagUnknown",
] as const;
export type Role = (typeof ROLES)[number];

/** What the scanner expects of the next word. */
export const Expects = {
  option: 0,
  value: 1,
  optional: 2,
  loose: 3,
  match: 4,
  target: 5,
  protocol: 6,
} as const;
export type Expectation = (typeof Expects)[keyof typeof Expects];

/**
 * One spelling of one keyword, or one kind of free word. A line's shape follows from its keywords alone: that is what lets lines with
 * the same sequence of keywords share one.
 */
export interface Keyword {
  readonly id: number;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly role: Role;
  /** Of the role, from 1: a sequence of roles is a number too. */
  readonly roleNumber: number;
  /** Where such a word stands: where an option, a match's or a target's name, or a protocol is expected. */
  readonly stands: Expectation;
  /** The option loads its match extension by itself (`-p tcp --dport`). */
  readonly brings: boolean;
  /** What follows, and how many values of it. */
  readonly expects: Expectation;
  readonly values: number;
  readonly negatable: boolean;
  readonly command: CommandRecord | null;
  readonly option: OptionRecord | null;
  /** None that iptables-save prints. */
  readonly isOdd: boolean;
  /** The extension that the option belongs to, or that a `-m` or `-j` name loads; `null`: the core, or unknown. */
  readonly extension: ExtensionRecord | null;
}

/** By their numbers, which begin at 1. */
const keywords: (Keyword | null)[] = [null];

export const keywordOf = (id: number): Keyword => keywords[id] as Keyword;

/** A keyword with defaults for what is not given. Each call makes a new number. */
export function keyword(
  text: string,
  role: Role,
  more: Partial<Omit<Keyword, "id" | "text" | "role" | "roleNumber" | "bytes">> = {},
): Keyword {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const made: Keyword = {
    id: keywords.length,
    text,
    bytes,
    role,
    roleNumber: ROLES.indexOf(role) + 1,
    stands: more.stands ?? Expects.option,
    brings: more.brings ?? false,
    expects: more.expects ?? Expects.option,
    values: more.values ?? 0,
    negatable: more.negatable ?? false,
    command: more.command ?? null,
    option: more.option ?? null,
    isOdd: more.isOdd ?? false,
    extension: more.extension ?? null,
  };
  keywords.push(made);
  return made;
}

/** Words whose text does not matter to the shape of a line. */
export const WORD = {
  value: keyword("", "Value"),
  name: keyword("", "Name"),
  stray: keyword("", "Stray"),
  counters: keyword("", "Counters"),
  cutCounters: keyword("", "Counters", { isOdd: true }),
  table: keyword("", "Table"),
  chain: keyword("", "Chain", { expects: Expects.value, values: 1 }),
  commit: keyword("COMMIT", "Commit"),
  comment: keyword("", "Comment"),
  note: keyword("", "Note", { isOdd: true }),
  bang: keyword("!", "Bang"),
  oldBang: keyword("!", "OldBang", { isOdd: true }),
  unknownFlag: keyword("", "FlagUnknown", { expects: Expects.loose, isOdd: true }),
  start: keyword("", "Value"),
} as const;

/** Whether a word of a line is none that iptables-save prints, or names a match that is not known. */
export function hasOdd({ words, count }: { readonly words: readonly Keyword[]; readonly count: number }): boolean {
  for (let k = 0; k < count; k++) {
    const word = words[k] as Keyword;
    if (word.isOdd || (word === WORD.name && words[k - 1]?.role === "Match")) return true;
  }
  return false;
}
