import { commands } from "./commands.ts";
import { type Expectation, Expects, type Keyword, keyword, type Role } from "./keyword.ts";
import { allMatches, allTargets, coreOptions, implicitMatch, matchRecord, targetRecord } from "./vocabulary/index.ts";
import type { ExtensionRecord, OptionRecord } from "./vocabulary/record.ts";

/** The keywords of the vocabulary by their spellings; each is made once, when it is first asked for. */
export type Spellings = ReadonlyMap<string, Keyword>;

const loaded = new Map<ExtensionRecord, Spellings>();
const brought = new Map<ExtensionRecord, Spellings>();

/** Options of an extension that the line has loaded. */
export const spellingsOf = (extension: ExtensionRecord): Spellings =>
  remember(loaded, extension, () => ofExtension(extension, false));

/** The same for an extension that its first option loads by itself. */
export const broughtSpellings = (extension: ExtensionRecord): Spellings =>
  remember(brought, extension, () => ofExtension(extension, true));

let core: Spellings | undefined;

/** Commands and options of the core. */
export function coreSpellings(): Spellings {
  if (core !== undefined) return core;
  const made = new Map<string, Keyword>();
  for (const option of coreOptions) addOption(made, option, null, false);
  for (const command of commands) {
    const role: Role = command.least === 2 ? "Command2" : command.least === 1 ? "Command1" : "CommandAny";
    const expects = command.least === 0 ? Expects.optional : Expects.value;
    for (const flag of command.flags) made.set(flag, keyword(flag, role, { expects, values: command.most, command }));
  }
  core = made;
  return made;
}

const matchNames = new Map<string, Keyword>();
const targetNames = new Map<string, Keyword>();
const protocols = new Map<string, Keyword>();

/** The name of a match that the vocabulary knows. */
export const matchWord = (name: string): Keyword | undefined =>
  nameWord(matchNames, name, Expects.match, matchRecord(name));

/** The name of a target that the vocabulary knows. */
export const targetWord = (name: string): Keyword | undefined =>
  nameWord(targetNames, name, Expects.target, targetRecord(name));

let longest = 0;

/** Letters of the longest name of a target: a longer word is a chain's name. */
export function longestTarget(): number {
  if (longest === 0) for (const { name } of allTargets) longest = Math.max(longest, name.length);
  return longest;
}

/** A protocol that brings a match along; all others are plain values. */
export function protocolWord(name: string): Keyword | undefined {
  const known = protocols.get(name);
  if (known !== undefined || name.length > 16 || implicitMatch(name) === undefined) return known;
  const made = keyword(name, "Value", { stands: Expects.protocol });
  protocols.set(name, made);
  return made;
}

function nameWord(
  names: Map<string, Keyword>,
  name: string,
  stands: Expectation,
  extension: ExtensionRecord | undefined,
): Keyword | undefined {
  if (extension === undefined) return undefined;
  const known = names.get(name);
  if (known !== undefined) return known;
  const made = keyword(name, "Name", { stands, extension });
  names.set(name, made);
  return made;
}

const byLetter = new WeakMap<Spellings, Map<number, Keyword[]>>();

/** Long options with that letter behind the dashes: those of which a shorter spelling may be meant. */
export function longSpellings(spellings: Spellings, letter: number): readonly Keyword[] {
  let letters = byLetter.get(spellings);
  if (letters === undefined) {
    letters = new Map();
    for (const [flag, keyword] of spellings) {
      if (!flag.startsWith("--")) continue;
      const list = letters.get(flag.charCodeAt(2));
      if (list === undefined) letters.set(flag.charCodeAt(2), [keyword]);
      else list.push(keyword);
    }
    byLetter.set(spellings, letters);
  }
  return letters.get(letter) ?? NONE;
}

const NONE: readonly Keyword[] = [];

function remember(
  tables: Map<ExtensionRecord, Spellings>,
  extension: ExtensionRecord,
  make: () => Spellings,
): Spellings {
  const known = tables.get(extension);
  if (known !== undefined) return known;
  const made = make();
  tables.set(extension, made);
  return made;
}

function ofExtension(extension: ExtensionRecord, brings: boolean): Spellings {
  const made = new Map<string, Keyword>();
  for (const option of extension.options) addOption(made, option, extension, brings);
  return made;
}

function addOption(
  made: Map<string, Keyword>,
  option: OptionRecord,
  extension: ExtensionRecord | null,
  brings: boolean,
): void {
  const values = option.arity === "optional" ? 1 : option.arity;
  const more = { brings, expects: expectationOf(option), values, negatable: option.negatable, option, extension };
  for (const flag of flagsOf(option)) {
    if (made.has(flag)) continue;
    made.set(flag, keyword(flag, roleOf(option), more));
  }
}

const flagsOf = ({ flag, short, aliases = [] }: OptionRecord): readonly string[] =>
  short === undefined ? [flag, ...aliases] : [flag, short, ...aliases];

let times: Map<string, number> | undefined;

/** Whether no other option or command than this is spelled so. */
export const isSpelledOnce = ({ text }: Keyword): boolean => timesSpelled(text) === 1;

/** How many options of all extensions and the core, and commands, are spelled so. */
function timesSpelled(flag: string): number {
  if (times === undefined) {
    times = new Map();
    const options = [...allMatches, ...allTargets].flatMap((extension) => extension.options);
    for (const option of [...coreOptions, ...options])
      for (const each of flagsOf(option)) times.set(each, (times.get(each) ?? 0) + 1);
    for (const command of commands) for (const each of command.flags) times.set(each, (times.get(each) ?? 0) + 1);
  }
  return times.get(flag) ?? 0;
}

function roleOf(option: OptionRecord): Role {
  if (option.flag === "--match") return "Match";
  if (option.flag === "--jump" || option.flag === "--goto") return "Jump";
  return option.arity === 0 ? "Flag0" : option.arity === 1 ? "Flag1" : option.arity === 2 ? "Flag2" : "FlagOptional";
}

function expectationOf(option: OptionRecord): Expectation {
  if (option.flag === "--match") return Expects.match;
  if (option.flag === "--jump" || option.flag === "--goto") return Expects.target;
  if (option.flag === "--protocol") return Expects.protocol;
  return option.arity === 0 ? Expects.option : option.arity === "optional" ? Expects.optional : Expects.value;
}
