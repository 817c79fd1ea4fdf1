import { commands } from "./commands.ts";
import { type Expectation, Expects, type Keyword, keyword, type Role, WORD } from "./keyword.ts";
import { coreOptions, implicitMatch, matchRecord } from "./vocabulary/index.ts";
import type { ExtensionRecord, OptionRecord } from "./vocabulary/record.ts";

/** How many contexts are remembered. A dump has few; beyond this they are made anew and forgotten with their line. */
const MOST_CONTEXTS = 2048;
let remembered = 0;

/**
 * What a line has loaded so far: its extensions, newest first, and its protocol. It decides which option a flag is, as
 * iptables' own command_match and command_default do (iptables/xshared.c).
 */
export class Context {
  /** Newest first; `null` stands for an extension that the vocabulary does not know. */
  readonly extensions: readonly (ExtensionRecord | null)[];
  readonly protocol: string;
  readonly hasTarget: boolean;
  /** Keywords seen as options here. */
  readonly seen: Keyword[] = [];
  readonly #keywords = new Map<string, Keyword>();
  readonly #children = new Map<unknown, Context>();
  readonly #kept: boolean;

  constructor(extensions: readonly (ExtensionRecord | null)[], protocol: string, hasTarget: boolean, kept: boolean) {
    this.extensions = extensions;
    this.protocol = protocol;
    this.hasTarget = hasTarget;
    this.#kept = kept;
  }

  /** The context after `-m NAME` or `-j NAME`. */
  load(extension: ExtensionRecord | null, isTarget: boolean): Context {
    // an extension that is loaded already changes nothing but which instance an option belongs to
    if (extension !== null && this.extensions[0] === extension && !isTarget) return this;
    const rest = this.extensions.filter((loaded) => loaded !== extension);
    return this.#child(
      extension ?? (isTarget ? "chain" : "match"),
      [extension, ...rest],
      this.protocol,
      this.hasTarget || isTarget,
    );
  }

  /** The context after `-p PROTOCOL`. */
  speaking(protocol: string): Context {
    return protocol === this.protocol ? this : this.#child(protocol, this.extensions, protocol, this.hasTarget);
  }

  #child(key: unknown, extensions: readonly (ExtensionRecord | null)[], protocol: string, hasTarget: boolean): Context {
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const kept = this.#kept && remembered < MOST_CONTEXTS;
    const made = new Context(extensions, protocol, hasTarget, kept);
    if (kept) {
      remembered++;
      this.#children.set(key, made);
    }
    return made;
  }

  get loadsUnknown(): boolean {
    return this.extensions.includes(null);
  }

  /** The keyword that a word is where an option may stand; a joined value (`--dport=80`, `-ptcp`) is left to the caller. */
  option(text: string): Keyword {
    if (text === "!") return WORD.bang;
    const known = this.#keywords.get(text);
    if (known !== undefined) return known;
    const found = this.#exact(text) ?? this.#abbreviated(text);
    if (found === undefined) {
      const first = text.charCodeAt(0);
      if (first === 35) return WORD.note;
      if (first === 45 && text.length > 1 && !isDigit(text.charCodeAt(1))) return WORD.unknownFlag;
      return this.hasTarget ? WORD.note : WORD.stray;
    }
    this.#keywords.set(text, found);
    if (this.#kept && this.seen.length < 32) this.seen.push(found);
    return found;
  }

  /** The keyword for a flag with its value joined to it, and the length of the flag; `undefined` where the word is none. */
  joined(text: string): { readonly keyword: Keyword; readonly length: number } | undefined {
    if (text.charCodeAt(0) !== 45) return undefined;
    const equals = text.indexOf("=");
    const length = text.charCodeAt(1) === 45 ? equals : 2;
    if (length < 2 || text.length <= length) return undefined;
    const found = this.option(text.slice(0, length));
    return found.values > 0 ? { keyword: found, length } : undefined;
  }

  /** Every spelling that would be an option here; for "did you mean". */
  spellings(): string[] {
    const all = [...coreFlags().keys()];
    for (const extension of this.extensions) if (extension !== null) all.push(...flagsOf(extension).keys());
    return all.filter((flag) => flag.length > 2);
  }

  #exact(text: string): Keyword | undefined {
    for (const extension of this.extensions) {
      const option = extension === null ? undefined : flagsOf(extension).get(text);
      if (option !== undefined) return this.#optionKeyword(text, option, extension, null);
    }
    const core = coreFlags().get(text);
    if (core !== undefined) return core(text, this);
    const implicit = this.#implicit();
    const option = implicit === undefined ? undefined : flagsOf(implicit).get(text);
    return option === undefined || implicit === undefined
      ? undefined
      : this.#optionKeyword(text, option, implicit, this.load(implicit, false));
  }

  /** getopt_long takes any unambiguous beginning of a long option. */
  #abbreviated(text: string): Keyword | undefined {
    if (text.length < 3 || !text.startsWith("--")) return undefined;
    const found = new Set<unknown>();
    let keywordOf: (() => Keyword) | undefined;
    const consider = (meaning: unknown, make: () => Keyword) => {
      if (found.has(meaning)) return;
      found.add(meaning);
      keywordOf = make;
    };
    for (const extension of this.extensions) {
      if (extension === null) continue;
      for (const [flag, option] of flagsOf(extension))
        if (flag.startsWith(text)) consider(option, () => this.#optionKeyword(text, option, extension, null));
    }
    for (const [flag, make] of coreFlags()) if (flag.startsWith(text)) consider(make, () => make(text, this));
    const implicit = this.#implicit();
    if (found.size === 0 && implicit !== undefined)
      for (const [flag, option] of flagsOf(implicit))
        if (flag.startsWith(text))
          consider(option, () => this.#optionKeyword(text, option, implicit, this.load(implicit, false)));
    return found.size === 1 ? keywordOf?.() : undefined;
  }

  #implicit(): ExtensionRecord | undefined {
    const name = this.protocol === "" ? undefined : implicitMatch(this.protocol);
    const record = name === undefined ? undefined : matchRecord(name);
    return record === undefined || this.extensions.includes(record) ? undefined : record;
  }

  #optionKeyword(
    text: string,
    option: OptionRecord,
    extension: ExtensionRecord | null,
    brings: Context | null,
  ): Keyword {
    return keyword(text, roleOf(option), {
      context: this,
      brings,
      expects: expectationOf(option),
      values: option.arity === "optional" ? 1 : option.arity,
      negatable: option.negatable,
      option,
      extension,
    });
  }
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

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

const spellingsOf = (option: OptionRecord): string[] => [
  option.flag,
  ...(option.short === undefined ? [] : [option.short]),
  ...(option.aliases ?? []),
];

const flagTables = new Map<ExtensionRecord, Map<string, OptionRecord>>();

function flagsOf(extension: ExtensionRecord): Map<string, OptionRecord> {
  let table = flagTables.get(extension);
  if (table === undefined) {
    table = new Map();
    for (const option of extension.options) for (const flag of spellingsOf(option)) table.set(flag, option);
    flagTables.set(extension, table);
  }
  return table;
}

let core: Map<string, (text: string, context: Context) => Keyword> | undefined;

function coreFlags(): Map<string, (text: string, context: Context) => Keyword> {
  if (core !== undefined) return core;
  core = new Map();
  for (const option of coreOptions) {
    const make = (text: string, context: Context) =>
      keyword(text, roleOf(option), {
        context,
        expects: expectationOf(option),
        values: option.arity === "optional" ? 1 : option.arity,
        negatable: option.negatable,
        option,
      });
    for (const flag of spellingsOf(option)) core.set(flag, make);
  }
  for (const command of commands) {
    const role: Role = command.least === 2 ? "Command2" : command.least === 1 ? "Command1" : "CommandAny";
    const make = (text: string, context: Context) =>
      keyword(text, role, {
        context,
        expects: command.least === 0 ? Expects.optional : Expects.value,
        values: command.most,
        command,
      });
    for (const flag of command.flags) core.set(flag, make);
  }
  return core;
}
