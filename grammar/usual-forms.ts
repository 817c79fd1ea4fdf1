import { ROLES, type Role } from "./keyword.ts";
import type { ParsedItem, ParsedLine } from "./parsed.ts";

/**
 * What Chevrotain makes of the items and lines that nearly every text has. They are looked up here because its analysis of the grammar
 * takes a third of the time that a small dump takes; `test/grammar/usual-forms.test.ts` asks Chevrotain again.
 */
export const usualItems: readonly (readonly [roles: readonly Role[], item: ParsedItem])[] = [
  [["Command1", "Value"], { kind: "command", word: 0, bang: -1, values: [1] }],
  [["Match", "Name"], { kind: "match", word: 0, bang: -1, values: [1] }],
  [["Jump", "Name"], { kind: "jump", word: 0, bang: -1, values: [1] }],
  [["Flag0"], { kind: "option", word: 0, bang: -1, values: [] }],
  [["Flag1", "Value"], { kind: "option", word: 0, bang: -1, values: [1] }],
  [["Flag2", "Value", "Value"], { kind: "option", word: 0, bang: -1, values: [1, 2] }],
  [["FlagOptional", "Value"], { kind: "option", word: 0, bang: -1, values: [1] }],
  [["Bang", "Flag0"], { kind: "option", word: 1, bang: 0, values: [] }],
  [["Bang", "Flag1", "Value"], { kind: "option", word: 1, bang: 0, values: [2] }],
  [["Bang", "Flag2", "Value", "Value"], { kind: "option", word: 1, bang: 0, values: [2, 3] }],
];

export const usualLines: readonly (readonly [roles: readonly Role[], line: ParsedLine])[] = [
  [["Comment"], { kind: "comment" }],
  [["Table"], { kind: "table" }],
  [["Commit"], { kind: "commit" }],
  [["Chain", "Value", "Counters"], { kind: "chain", policy: 1, counters: 2 }],
];

/** A short row of roles as a number: five bits each. */
export const keyOfRoles = (roles: readonly Role[]): number =>
  roles.reduce((key, role) => key * 32 + ROLES.indexOf(role) + 1, 0);
