import { createToken, EmbeddedActionsParser, type IToken, Lexer, type TokenType } from "chevrotain";
import { ROLES, type Role } from "./keyword.ts";
import type { ParsedItem, ParsedLine } from "./parsed.ts";

const token = Object.fromEntries(ROLES.map((name) => [name, createToken({ name, pattern: Lexer.NA })])) as Record<
  Role,
  TokenType
>;

const at = (word: IToken): number => word.startOffset;
const absent = (word: IToken | undefined): number => (word === undefined ? -1 : word.startOffset);
const NO_VALUES: readonly number[] = [];

/**
 * The grammar of one line: one production per kind of line and per part of a rule. Its tokens are the roles of the words and carry no
 * text, so a line's tree depends on its roles alone. Alternatives are made once: an array literal inside OR() would be made anew at
 * each visit.
 */
class LineParser extends EmbeddedActionsParser {
  // line ::= tableLine | chainLine | commitLine | commentLine | ruleLine
  readonly line = this.RULE("line", (): ParsedLine => this.OR(this.#lines));

  // tableLine ::= Table Value*
  readonly tableLine = this.RULE("tableLine", (): ParsedLine => {
    this.CONSUME(token.Table);
    this.MANY(() => this.CONSUME(token.Value));
    return { kind: "table" };
  });

  // chainLine ::= Chain Value Counters? Value*
  readonly chainLine = this.RULE("chainLine", (): ParsedLine => {
    this.CONSUME(token.Chain);
    const policy = at(this.CONSUME(token.Value));
    const counters = absent(this.OPTION(() => this.CONSUME(token.Counters)));
    // iptables-restore reads no further
    this.MANY(() => this.CONSUME2(token.Value));
    return { kind: "chain", policy, counters };
  });

  // commitLine ::= Commit
  readonly commitLine = this.RULE("commitLine", (): ParsedLine => {
    this.CONSUME(token.Commit);
    return { kind: "commit" };
  });

  // commentLine ::= Comment
  readonly commentLine = this.RULE("commentLine", (): ParsedLine => {
    this.CONSUME(token.Comment);
    return { kind: "comment" };
  });

  // ruleLine ::= Counters? item+
  readonly ruleLine = this.RULE("ruleLine", (): ParsedLine => {
    const counters = absent(this.OPTION(() => this.CONSUME(token.Counters)));
    const items: ParsedItem[] = [];
    this.AT_LEAST_ONE(() => {
      items.push(this.SUBRULE(this.item));
    });
    return { kind: "rule", counters, items };
  });

  // item ::= command | match | jump | ruleOption | Note
  readonly item = this.RULE("item", (): ParsedItem => this.OR1(this.#items));

  // command ::= Command1 Value Value? | Command2 Value Value | CommandAny (Value Value?)?
  readonly command = this.RULE("command", (): ParsedItem => this.OR2(this.#commands));

  // match ::= Match Name
  readonly match = this.RULE("match", (): ParsedItem => {
    const word = at(this.CONSUME(token.Match));
    return { kind: "match", word, bang: -1, values: [at(this.CONSUME(token.Name))] };
  });

  // jump ::= Jump Name
  readonly jump = this.RULE("jump", (): ParsedItem => {
    const word = at(this.CONSUME(token.Jump));
    return { kind: "jump", word, bang: -1, values: [at(this.CONSUME(token.Name))] };
  });

  // ruleOption ::= Bang? (Flag0 | Flag1 oldBang Value | Flag2 oldBang Value Value | FlagOptional Value? | FlagUnknown Value*)
  readonly ruleOption = this.RULE("ruleOption", (): ParsedItem => {
    const bang = absent(this.OPTION(() => this.CONSUME(token.Bang)));
    const flag = this.OR3(this.#flags);
    return bang === -1 ? flag : { ...flag, bang };
  });

  // oldBang ::= OldBang?
  readonly oldBang = this.RULE("oldBang", (): number => absent(this.OPTION(() => this.CONSUME(token.OldBang))));

  readonly #lines = [
    { ALT: () => this.SUBRULE(this.tableLine) },
    { ALT: () => this.SUBRULE(this.chainLine) },
    { ALT: () => this.SUBRULE(this.commitLine) },
    { ALT: () => this.SUBRULE(this.commentLine) },
    { ALT: () => this.SUBRULE(this.ruleLine) },
  ];

  readonly #items = [
    { ALT: () => this.SUBRULE(this.command) },
    { ALT: () => this.SUBRULE(this.match) },
    { ALT: () => this.SUBRULE(this.jump) },
    { ALT: () => this.SUBRULE(this.ruleOption) },
    { ALT: (): ParsedItem => ({ kind: "note", word: at(this.CONSUME(token.Note)), bang: -1, values: NO_VALUES }) },
  ];

  readonly #commands = [
    {
      ALT: (): ParsedItem => {
        const word = at(this.CONSUME(token.Command1));
        const values = [at(this.CONSUME1(token.Value))];
        this.OPTION1(() => values.push(at(this.CONSUME2(token.Value))));
        return { kind: "command", word, bang: -1, values };
      },
    },
    {
      ALT: (): ParsedItem => {
        const word = at(this.CONSUME(token.Command2));
        return {
          kind: "command",
          word,
          bang: -1,
          values: [at(this.CONSUME3(token.Value)), at(this.CONSUME4(token.Value))],
        };
      },
    },
    {
      ALT: (): ParsedItem => {
        const word = at(this.CONSUME(token.CommandAny));
        const values: number[] = [];
        this.MANY(() => values.push(at(this.CONSUME5(token.Value))));
        return { kind: "command", word, bang: -1, values };
      },
    },
  ];

  readonly #flags = [
    { ALT: (): ParsedItem => ({ kind: "option", word: at(this.CONSUME(token.Flag0)), bang: -1, values: NO_VALUES }) },
    {
      ALT: (): ParsedItem => {
        const word = at(this.CONSUME(token.Flag1));
        const bang = this.SUBRULE1(this.oldBang);
        return { kind: "option", word, bang, values: [at(this.CONSUME1(token.Value))] };
      },
    },
    {
      ALT: (): ParsedItem => {
        const word = at(this.CONSUME(token.Flag2));
        const bang = this.SUBRULE2(this.oldBang);
        return { kind: "option", word, bang, values: [at(this.CONSUME2(token.Value)), at(this.CONSUME3(token.Value))] };
      },
    },
    {
      ALT: (): ParsedItem => {
        const word = at(this.CONSUME(token.FlagOptional));
        const value = absent(this.OPTION1(() => this.CONSUME4(token.Value)));
        return { kind: "option", word, bang: -1, values: value === -1 ? NO_VALUES : [value] };
      },
    },
    {
      ALT: (): ParsedItem => {
        const word = at(this.CONSUME(token.FlagUnknown));
        const values: number[] = [];
        this.MANY(() => values.push(at(this.CONSUME5(token.Value))));
        return { kind: "option", word, bang: -1, values };
      },
    },
  ];

  constructor(validate: boolean) {
    super(Object.values(token), { maxLookahead: 1, skipValidations: !validate });
    this.performSelfAnalysis();
  }
}

let parser: LineParser | undefined;

/** The one parser of the process; made on first use, because the analysis of the grammar takes milliseconds. */
export function lineParser(validate = false): LineParser {
  parser ??= new LineParser(validate);
  return parser;
}

/** Tokens are made once per place in a line and filled anew for every line. */
const places: IToken[] = [];

function place(word: number): IToken {
  const known = places[word];
  if (known !== undefined) return known;
  const made: IToken = { image: "", startOffset: word, endOffset: word, tokenType: token.Value, tokenTypeIdx: 0 };
  places[word] = made;
  return made;
}

function feed(line: readonly { readonly role: Role }[], words: number): LineParser {
  const parser = lineParser();
  const input: IToken[] = [];
  for (let word = 0; word < words; word++) {
    const at = place(word);
    at.tokenType = token[(line[word] as { readonly role: Role }).role];
    at.tokenTypeIdx = at.tokenType.tokenTypeIdx as number;
    input.push(at);
  }
  parser.input = input;
  return parser;
}

/** Parses a line given as its words; a number is that of the word (their count: the end) where no line goes on. */
export function parseWords(line: readonly { readonly role: Role }[], words: number): ParsedLine | number {
  const parser = feed(line, words);
  const parsed = parser.line();
  const error = parser.errors[0];
  if (error === undefined) return parsed;
  return Number.isNaN(error.token.startOffset) ? words : error.token.startOffset;
}

/** Parses words that are one item of a rule, numbered from 0; `null`: they are none. */
export function parseItem(words: readonly { readonly role: Role }[]): ParsedItem | null {
  const parser = feed(words, words.length);
  const item = parser.item();
  return parser.errors.length === 0 ? item : null;
}
