import { type Keyword, WORD } from "../../../grammar/keyword.ts";
import { bitOfOption, bitsOfMatches, type Mentions } from "../../../grammar/mentions.ts";
import type { Scanner } from "../../../grammar/scanner.ts";
import { allMatches } from "../../../grammar/vocabulary/index.ts";
import type { ExtensionRecord } from "../../../grammar/vocabulary/record.ts";

/** What a rule may ask of a packet. Bits, so that sets of dimensions are numbers. */
export const Dimension = {
  source: 1,
  destination: 2,
  inInterface: 4,
  outInterface: 8,
  protocol: 16,
  sourcePorts: 32,
  destinationPorts: 64,
  /** States of the connection. */
  states: 128,
  /** All that fits no dimension, compared as text. */
  others: 256,
} as const;
export type Dimension = (typeof Dimension)[keyof typeof Dimension];

/** What an option asks for, whatever its values are. */
export interface Kind {
  readonly dimension: Dimension;
  /** `-m multiport` */
  readonly isList: boolean;
  /** `! -m mark --mark`, for what is compared as text, and the hash of that and a blank. */
  readonly name: string;
  readonly hash: number;
  /** What a rule that asks for the same mentions too. */
  readonly mentions: Mentions;
}

/** An option of a rule, and the words that are its values. */
export interface Slot {
  readonly kind: Kind;
  readonly word: number;
  readonly words: number;
}

const matchesNamed = (...names: readonly string[]): ReadonlySet<ExtensionRecord> =>
  new Set(allMatches.filter(({ name }) => names.includes(name)));

const CHANGEABLE = matchesNamed("mark", "connmark", "connlabel", "set", "tos", "dscp", "ecn", "ttl", "hl");
const FICKLE = matchesNamed("limit", "hashlimit", "connlimit", "quota", "statistic", "recent", "rateest", "cpu");
const WITHOUT_CONDITION: ReadonlySet<string> = new Set(["comment", "nfacct"]);
const PORT_MATCHES: ReadonlySet<string> = new Set(["tcp", "udp", "sctp", "dccp"]);
const STATE_MATCHES: ReadonlySet<string> = new Set(["conntrack", "state"]);

/** Where a line asks for what; the same for all lines of its form. */
export class ConditionPlan {
  readonly #slots: { -readonly [key in keyof Slot]: Slot[key] }[] = [];
  length = 0;
  /** Those of all its slots. */
  dimensions = 0;
  changeable = false;
  fickle = false;

  slot(k: number): Slot {
    return this.#slots[k] as Slot;
  }

  /** Makes it the plan of the rule whose keywords the scanner holds. */
  read({ words, count }: Scanner): this {
    this.length = 0;
    this.dimensions = 0;
    this.changeable = false;
    this.fickle = false;
    /** Of the match that was named last; "" before the first. */
    let match = "";
    let hasTarget = false;
    for (let k = 0; k < count; k++) {
      const word = words[k] as Keyword;
      const { option, extension, role } = word;
      if (role === "Match") {
        const { extension: named } = words[k + 1] as Keyword;
        match = named?.name ?? "?";
        this.#load(named);
      } else if (role === "Jump") {
        hasTarget = true;
      } else if (option !== null) {
        if (word.brings) {
          match = extension?.name ?? "?";
          this.#load(extension);
        }
        const isNegated = words[k - 1] === WORD.bang || words[k + 1] === WORD.oldBang;
        this.#add(kindOf(word, isNegated), words, count, k);
      } else if (word === WORD.unknownFlag && !hasTarget) {
        this.fickle = true;
        const isNegated = words[k - 1] === WORD.bang;
        this.#add(kindWith(Dimension.others, match, "?", isNegated, 0), words, count, k);
      }
    }
    return this;
  }

  #load(match: ExtensionRecord | null): void {
    if (match === null || FICKLE.has(match)) this.fickle = true;
    else if (CHANGEABLE.has(match)) this.changeable = true;
  }

  #add(kind: Kind | null, words: readonly Keyword[], count: number, flag: number): void {
    if (kind === null) return;
    this.dimensions |= kind.dimension;
    const word = words[flag + 1] === WORD.oldBang ? flag + 2 : flag + 1;
    let end = word;
    while (end < count && (words[end] as Keyword).role === "Value") end++;
    const slot = this.#slots[this.length++];
    if (slot === undefined) this.#slots.push({ kind, word, words: end - word });
    else {
      slot.kind = kind;
      slot.word = word;
      slot.words = end - word;
    }
  }
}

/** By the numbers of keywords, those behind `!` at odd places. */
const kinds: (Kind | null | undefined)[] = [];

/** `null`: it asks for nothing, or belongs to the target. */
function kindOf(word: Keyword, negated: boolean): Kind | null {
  const place = 2 * word.id + (negated ? 1 : 0);
  const known = kinds[place];
  if (known !== undefined) return known;
  const { extension, option } = word;
  const flag = option?.flag ?? "?";
  const match = extension?.name ?? "";
  const dimension = dimensionOf(match, flag, negated);
  let kind: Kind | null = null;
  if (dimension !== null && extension?.kind !== "target" && !WITHOUT_CONDITION.has(match)) {
    // ports and states may be asked for by another match
    const several = dimension !== Dimension.others && match !== "";
    const mentions = several ? 0 : match === "" ? bitOfOption(flag) : bitsOfMatches(match);
    kind = kindWith(dimension, match, flag, negated, mentions);
  }
  kinds[place] = kind;
  return kind;
}

function kindWith(dimension: Dimension, match: string, flag: string, negated: boolean, mentions: Mentions): Kind {
  const name = `${negated ? "! " : ""}${match === "" ? "" : `-m ${match} `}${flag}`;
  return { dimension, isList: match === "multiport", name, hash: hashOfText(`${name} `), mentions };
}

export const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193) ^ (hash >>> 15);

export function hashOfText(text: string): number {
  let hash = 17;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return hash;
}

function dimensionOf(match: string, flag: string, negated: boolean): Dimension | null {
  if (match === "") {
    if (flag === "--set-counters") return null;
    if (negated) return Dimension.others;
    if (flag === "--source") return Dimension.source;
    if (flag === "--destination") return Dimension.destination;
    if (flag === "--in-interface") return Dimension.inInterface;
    if (flag === "--out-interface") return Dimension.outInterface;
    return flag === "--protocol" ? Dimension.protocol : Dimension.others;
  }
  if (negated) return Dimension.others;
  if (PORT_MATCHES.has(match) && flag === "--sport") return Dimension.sourcePorts;
  if (PORT_MATCHES.has(match) && flag === "--dport") return Dimension.destinationPorts;
  if (match === "multiport" && flag === "--sports") return Dimension.sourcePorts;
  if (match === "multiport" && flag === "--dports") return Dimension.destinationPorts;
  if (STATE_MATCHES.has(match) && (flag === "--ctstate" || flag === "--state")) return Dimension.states;
  return Dimension.others;
}
