import { type Keyword, WORD } from "./keyword.ts";
import { broughtSpellings, coreSpellings, longSpellings, type Spellings, spellingsOf } from "./spellings.ts";
import { implicitMatch, matchRecord } from "./vocabulary/index.ts";
import type { ExtensionRecord } from "./vocabulary/record.ts";

/** How many contexts are remembered. A dump has few; beyond this they are made anew and forgotten with their line. */
const MOST_CONTEXTS = 4096;
let remembered = 0;

/**
 * What a line has loaded so far: its extensions, newest first, and its protocol. It decides which option a flag is, as
 * iptables' own command_match and command_default do (iptables/xshared.c).
 */
export class Context {
  /**
   * Extensions that have a spelling in common stand newest first; of others the order does not matter, and they keep one of their own, so
   * that few contexts serve many lines. `null` stands for an extension that the vocabulary does not know.
   */
  readonly extensions: readonly (ExtensionRecord | null)[];
  readonly protocol: string;
  readonly hasTarget: boolean;
  /** Of those that are remembered; -1 of all others. */
  readonly id: number;
  #children: Map<unknown, Context> | undefined;

  constructor(extensions: readonly (ExtensionRecord | null)[], protocol: string, hasTarget: boolean, id: number) {
    this.extensions = extensions;
    this.protocol = protocol;
    this.hasTarget = hasTarget;
    this.id = id;
  }

  /** The context after `-m NAME` or `-j NAME`. */
  load(extension: ExtensionRecord | null, isTarget: boolean): Context {
    const key = extension ?? (isTarget ? "chain" : "match");
    const known = this.#children?.get(key);
    if (known !== undefined) return known;
    const hasTarget = this.hasTarget || isTarget;
    const isLoaded = this.extensions.includes(extension);
    const isFree =
      extension === null ||
      !this.extensions.some((each) => each !== null && each !== extension && collide(each, extension));
    if (isLoaded && isFree && hasTarget === this.hasTarget) return this;
    const rest = isLoaded ? this.extensions.filter((each) => each !== extension) : this.extensions;
    return this.#child(key, isFree ? inOrder(rest, extension) : [extension, ...rest], this.protocol, hasTarget);
  }

  /** The context after `-p PROTOCOL`. */
  speaking(protocol: string): Context {
    if (protocol === this.protocol) return this;
    return this.#children?.get(protocol) ?? this.#child(protocol, this.extensions, protocol, this.hasTarget);
  }

  #child(key: unknown, extensions: readonly (ExtensionRecord | null)[], protocol: string, hasTarget: boolean): Context {
    const isKept = this.id >= 0 && remembered < MOST_CONTEXTS;
    const made = new Context(extensions, protocol, hasTarget, isKept ? ++remembered : -1);
    if (isKept) {
      this.#children ??= new Map();
      this.#children.set(key, made);
    }
    return made;
  }

  /** The keyword that a word is where an option may stand; a joined value (`--dport=80`, `-ptcp`) is left to the caller. */
  option(text: string): Keyword {
    if (text === "!") return WORD.bang;
    const found = this.#exact(text) ?? this.#abbreviated(text);
    if (found === undefined) {
      const first = text.charCodeAt(0);
      if (first === 35) return WORD.note;
      if (first === 45 && text.length > 1 && !isDigit(text.charCodeAt(1))) return WORD.unknownFlag;
      return this.hasTarget ? WORD.note : WORD.stray;
    }
    return found;
  }

  /** The keyword for a flag with its value joined to it, and the length of the flag; `undefined` where the word is none. */
  joined(text: string): { readonly keyword: Keyword; readonly length: number } | undefined {
    if (text.charCodeAt(0) !== 45) return undefined;
    const length = text.charCodeAt(1) === 45 ? text.indexOf("=") : 2;
    if (length < 2 || text.length <= length) return undefined;
    const found = this.option(text.slice(0, length));
    return found.values > 0 ? { keyword: found, length } : undefined;
  }

  /** Where an option may come from, first come first served: the newest extension first, then the core, then what the protocol brings. */
  *#sources(): Generator<Spellings> {
    for (const extension of this.extensions) if (extension !== null) yield spellingsOf(extension);
    yield coreSpellings();
    const name = this.protocol === "" ? undefined : implicitMatch(this.protocol);
    const record = name === undefined ? undefined : matchRecord(name);
    if (record !== undefined && !this.extensions.includes(record)) yield broughtSpellings(record);
  }

  #exact(text: string): Keyword | undefined {
    for (const spellings of this.#sources()) {
      const found = spellings.get(text);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** getopt_long takes any unambiguous beginning of a long option. */
  #abbreviated(text: string): Keyword | undefined {
    if (text.length < 3 || !text.startsWith("--")) return undefined;
    let found: Keyword | undefined;
    for (const spellings of this.#sources())
      for (const keyword of longSpellings(spellings, text.charCodeAt(2))) {
        if (!keyword.text.startsWith(text)) continue;
        if (found !== undefined && (found.option !== keyword.option || found.command !== keyword.command))
          return undefined;
        found ??= keyword;
      }
    return found;
  }
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

const collisions = new Map<ExtensionRecord, Map<ExtensionRecord, boolean>>();

/** Whether two extensions have a spelling of an option in common. */
function collide(a: ExtensionRecord, b: ExtensionRecord): boolean {
  let known = collisions.get(a);
  if (known === undefined) {
    known = new Map();
    collisions.set(a, known);
  }
  let found = known.get(b);
  if (found === undefined) {
    const others = spellingsOf(b);
    found = [...spellingsOf(a).keys()].some((flag) => others.has(flag));
    known.set(b, found);
  }
  return found;
}

/** Adds an extension behind the last one that sorts before it by name; what stands in order stays in order. */
function inOrder(
  extensions: readonly (ExtensionRecord | null)[],
  added: ExtensionRecord | null,
): (ExtensionRecord | null)[] {
  const name = added?.name ?? "";
  const at = extensions.findIndex((each) => (each?.name ?? "") > name);
  return at < 0 ? [...extensions, added] : [...extensions.slice(0, at), added, ...extensions.slice(at)];
}
