import {
  Choice,
  Comment,
  Diagram,
  NonTerminal,
  OneOrMore,
  Optional,
  Sequence,
  Stack,
  Terminal,
  ZeroOrMore,
} from "@prantlf/railroad-diagrams";
import type { ISerializedGast } from "chevrotain";
import { serializeGrammar } from "chevrotain";
import { ROLES, type Role } from "../../grammar/keyword.ts";
import { lineParser } from "../../grammar/parser.ts";

type Gast = ISerializedGast & {
  name?: string;
  nonTerminalName?: string;
  definition?: Gast[];
};

/** The grammar as Chevrotain itself recorded it. */
function productions(): Gast[] {
  return serializeGrammar(Object.values(lineParser(true).getGAstProductions())) as Gast[];
}

/** One production per line, in the notation of the comments in grammar/parser.ts. */
export function ebnf(): string {
  return productions()
    .map((rule) => `${rule.name} ::= ${sequence(rule.definition ?? []).replace(/^\( ([^()]*) \)$/, "$1")}`)
    .join("\n");
}

function sequence(parts: readonly Gast[]): string {
  return parts.map(term).join(" ");
}

function term(part: Gast): string {
  const inner = part.definition ?? [];
  switch (part.type) {
    case "Terminal":
      return part.name ?? "";
    case "NonTerminal":
      return part.nonTerminalName ?? part.name ?? "";
    case "Option":
      return `${group(inner)}?`;
    case "Repetition":
      return `${group(inner)}*`;
    case "RepetitionMandatory":
      return `${group(inner)}+`;
    case "Alternation":
      return inner.length > 1
        ? `( ${inner.map((each) => sequence(each.definition ?? [])).join(" | ")} )`
        : sequence(inner);
    default:
      return sequence(inner);
  }
}

const group = (parts: readonly Gast[]): string => {
  const text = sequence(parts);
  return parts.length === 1 && !text.includes(" ") ? text : `( ${text} )`;
};

/** All productions as one railroad picture. */
export function railroad(): string {
  const rows = productions().map((rule) => new Sequence(new Comment(rule.name ?? ""), track(rule.definition ?? [])));
  const svg: string = new Diagram(new Stack(...rows)).toString();
  return svg.replace(/^<svg ([^>]*)>/, `<svg xmlns="http://www.w3.org/2000/svg" $1>\n<style>${STYLE}</style>`);
}

const STYLE = [
  "svg{background:#fff}",
  "path{stroke-width:2;stroke:#333;fill:none}",
  "text{font:14px monospace;text-anchor:middle}",
  "text.comment{font:bold 14px monospace}",
  "rect{stroke-width:2;stroke:#333;fill:#e6f4ea}",
  "g.non-terminal rect{fill:#e8f0fe}",
].join("");

/** What each token of the grammar stands for. `test` fails when a role is missing here. */
const MEANINGS: Readonly<Record<Role, string>> = {
  Value: "the value of an option, a command or a chain line",
  Name: "the name after `-m`, `-j` or `-g`",
  Stray: "a word that nothing takes: no production has a place for it",
  Counters: "`[12:345]`",
  Table: "`*nat`",
  Chain: "`:KUBE-SERVICES`",
  Commit: "`COMMIT`",
  Comment: "a line that begins with `#`",
  Note: "what stands behind a whole rule (`# why`); read as one word and reported",
  Bang: "`!` before an option",
  OldBang: "`!` before a value, the spelling before iptables 1.4.3",
  Match: "`-m`",
  Jump: "`-j` or `-g`",
  Command1: "a command that takes a chain: `-A`, `-I`, `-D`, `-C`, `-N`",
  Command2: "a command that takes two words: `-P`, `-R`, `-E`",
  CommandAny: "a command that takes up to two words: `-F`, `-X`, `-Z`, `-L`, `-S`",
  Flag0: "an option without a value: `--rcheck`, `-f`",
  Flag1: "an option with one value: `--dport`, `-s`",
  Flag2: "an option with two values: `--match-set`, `--tcp-flags`",
  FlagOptional: "an option whose value may be left out",
  FlagUnknown: "an option that the vocabulary does not know, with all words up to the next option",
};

/** grammar/README.md */
export function grammarPage(): string {
  const roles = ROLES.map((role) => `| \`${role}\` | ${MEANINGS[role]} |`).join("\n");
  return `# The grammar of iptables-save

Generated from the parser itself by \`npm run docs\`; a test keeps it true.

A text is read line by line, so that a broken line costs itself and nothing else.

    bytes --scanner.ts--> words, each with its role --parser.ts--> the line's shape --node-of.ts--> a node of the AST

- \`scanner.ts\` cuts a line into words as iptables' own \`add_param_to_argv\` does and says what each word *is*. How many words an option
  takes stands in \`vocabulary/\`, one record per option of every extension, so that \`--comment -j\` is a comment, as for getopt.
- \`parser.ts\` is the grammar below. Its tokens are roles and carry no text: two lines with the same roles and keywords have the same
  *shape*, and \`shape-memo.ts\` keeps the shapes it has seen. A dump of a million rules has a few dozen.
- \`known-lines.ts\` reads the lines of forms that were met before and right, which is nearly all of a large dump. Its other half is
  \`native/\`: the loop over the bytes in AssemblyScript, compiled to WebAssembly (\`native-code.ts\`, made by \`npm run build\` and before the
  tests), because V8 optimises no code as soon as most dumps are read. It judges nothing that it does not know to be right. Where
  hardly two lines are alike and no more shapes are kept, \`known-words.ts\` has it read word by word what was met behind the word before.
- \`node-of.ts\` makes a node of shape and bytes when somebody asks for it; \`print.ts\` gives the bytes back, word by word and gap by gap.

## Productions

\`\`\`ebnf
${ebnf()}
\`\`\`

![The same as a picture](railroad.svg)

## Tokens

| token | stands for |
| --- | --- |
${roles}

## Deviations from iptables-restore

Everything below is read, and reported where iptables-restore would refuse it.

| text | iptables-restore | here |
| --- | --- | --- |
| CR LF at the end of lines | the CR is part of the last word | the CR belongs to the line end |
| a quote that is still open at the end of the line | runs to the end of the line | joins up to 8 lines if one of them closes it and none begins a line of its own |
| \`-s ! 10.0.0.0/8\` | refused since 1.4.3 | negated |
| text before or behind a line (a prompt, \`grep -n\`, a journal's prefix, \`# why\`) | refused | set aside |
| rules that stand in no table | refused | go to the table that their targets and chains imply |
`;
}

function track(parts: readonly Gast[]): unknown {
  return new Sequence(...parts.map(rail));
}

function rail(part: Gast): unknown {
  const inner = part.definition ?? [];
  switch (part.type) {
    case "Terminal":
      return new Terminal(part.name ?? "");
    case "NonTerminal":
      return new NonTerminal(part.nonTerminalName ?? part.name ?? "");
    case "Option":
      return new Optional(track(inner));
    case "Repetition":
      return new ZeroOrMore(track(inner));
    case "RepetitionMandatory":
      return new OneOrMore(track(inner));
    case "Alternation":
      return new Choice(0, ...inner.map((each) => track(each.definition ?? [])));
    default:
      return track(inner);
  }
}
