import type { MatchNode, OptionNode, RuleNode, TargetNode } from "../ast.ts";
import type { Codec, CodecContext } from "../values/codec.ts";
import type { Family, OptionRecord } from "./record.ts";

/** A clause, or a remark on the clause before it: "(seen in the last 10800 seconds)". */
type Clause = string;

/**
 * What a rule matches and does, in one sentence, from the phrases of the vocabulary; the comment stands in a second one.
 * Byte string: `displayText` makes it fit to show. Conditions and effects that the vocabulary does not know are named, not explained.
 */
export function sentence(rule: RuleNode, family: Family | null = null): string {
  const context = { family };
  // "protocol is tcp" goes without saying beside "tcp destination port is 80"
  const telling = rule.matches.some(({ record, options }) => OF_PROTOCOL.has(record?.name ?? "") && options.length > 0);
  const core = rule.options.filter(({ record, negated }) => !(telling && record?.short === "-p" && !negated));
  const clauses = core.flatMap((option) => coreClauses(option, context));
  const comments: string[] = [];
  for (const match of rule.matches) {
    if (match.name === "comment" && match.record !== null)
      comments.push(...match.options.flatMap(({ values }) => values.map(({ text }) => text)));
    else clauses.push(...matchClauses(match, context));
  }
  const effect = effectOf(rule.target, context);
  const conditions = joinClauses(clauses);
  const main = conditions === "" ? `In every case ${effect}` : `When ${conditions}, ${effect}`;
  return [`${COMMANDS[rule.command]}${main}.`, ...comments.map((comment) => `Its comment says "${comment}".`)].join(
    " ",
  );
}

/** Matches whose phrases name their protocol. */
const OF_PROTOCOL: ReadonlySet<string> = new Set([
  "tcp",
  "udp",
  "sctp",
  "dccp",
  "icmp",
  "icmp6",
  "esp",
  "ipcomp",
  "mh",
]);

const COMMANDS = {
  append: "",
  insert: "",
  replace: "In place of another rule: ",
  delete: "No longer: ",
  check: "Asked for: ",
} as const;

/** An option in words: `tcp destination port is 80`. */
export function optionPhrase(option: OptionNode, context: CodecContext): string {
  const { record, negated, flag, values } = option;
  if (record === null) return `${negated ? "not " : ""}"${[flag, ...values].map(({ text }) => text).join(" ")}" holds`;
  const phrase = negated ? (record.negatedPhrase ?? `not: ${record.phrase}`) : record.phrase;
  return fill(phrase, record, option, context);
}

function fill(phrase: string, { codecs }: OptionRecord, { values }: OptionNode, context: CodecContext): string {
  // an optional value that is not given
  const shown = values.length === 0 ? phrase.replace(/, against \{0\}/, "") : phrase;
  return shown.replace(/\{(\d)\}/g, (_, digit: string) => {
    const word = values[Number(digit)];
    const codec = codecs[Number(digit)];
    if (word === undefined) return "";
    return codec === undefined ? `"${word.text}"` : sayValue(word.text, codec, context);
  });
}

/** A value of the other family is better told than not understood. */
function sayValue(text: string, codec: Codec<unknown>, context: CodecContext): string {
  for (const tried of [context, { family: null }]) {
    const read = codec.parse(text, tried);
    if ("value" in read) return codec.say?.(read.value, tried) ?? codec.print(read.value, tried);
  }
  return `"${text}"`;
}

function coreClauses(option: OptionNode, context: CodecContext): Clause[] {
  const short = option.record?.short;
  if (short === "-c" || short === "-4" || short === "-6") return [];
  const list = short === "-s" || short === "-d" ? option.values[0]?.text.split(",") : undefined;
  if (list === undefined || list.length < 2) return [optionPhrase(option, context)];
  const each = list.map((text) => ({
    ...option,
    values: [{ ...(option.values[0] as OptionNode["values"][number]), text }],
  }));
  return [each.map((one) => optionPhrase(one, context)).join(" or ")];
}

function matchClauses({ name, record, options }: MatchNode, context: CodecContext): Clause[] {
  if (record === null)
    return [`the match "${name}" holds`, ...options.map((option) => `(${optionPhrase(option, context)})`)];
  const clauses = options.filter((option) => !isUsual(option, context)).map((option) => optionPhrase(option, context));
  // remarks need something to remark on; "any tcp packet" is no condition beside -p tcp
  return clauses.every(isRemark) && !record.phrase.startsWith("any ") ? [record.phrase, ...clauses] : clauses;
}

/** Whether the option says what iptables-save always prints, asked for or not. */
function isUsual({ record, negated, values }: OptionNode, context: CodecContext): boolean {
  if (record?.added === undefined || record.tellsAll || negated) return false;
  const usual = typeof record.added === "string" ? record.added : record.added[context.family ?? 4];
  const printed = values.map((word, i) => {
    const read = record.codecs[i]?.parse(word.text, context);
    return read !== undefined && "value" in read ? record.codecs[i]?.print(read.value, context) : word.text;
  });
  return printed.join(" ") === usual;
}

function isRemark(clause: Clause): boolean {
  return clause.startsWith("(");
}

/** "A, B and C", remarks behind what they are about: those that come first wait for the first condition. */
function joinClauses(clauses: readonly Clause[]): string {
  const joined: string[] = [];
  let waiting: Clause[] = [];
  for (const clause of clauses) {
    const last = joined.length - 1;
    if (!isRemark(clause)) {
      joined.push([clause, ...waiting].reduce(remark));
      waiting = [];
    } else if (last < 0) waiting.push(clause);
    else joined[last] = remark(joined[last] as string, clause);
  }
  joined.push(...waiting);
  const end = joined.pop() ?? "";
  return joined.length === 0 ? end : `${joined.join(", ")} and ${end}`;
}

/** Two remarks share one pair of brackets. */
function remark(clause: Clause, added: Clause): Clause {
  return clause.endsWith(")") ? `${clause.slice(0, -1)}, ${added.slice(1)}` : `${clause} ${added}`;
}

function effectOf(target: TargetNode | null, context: CodecContext): string {
  if (target === null) return "the packet is counted and goes on to the next rule";
  const { record, name, options } = target;
  if (target.goto) return `the packet goes on in chain ${name} and does not come back to this one`;
  if (record === null) return `the packet goes to chain ${name} and comes back if nothing there decides`;
  const whole = options.filter(({ record: option }) => option?.tellsAll);
  const rest = options.filter((option) => !whole.includes(option) && !isUsual(option, context));
  const told = whole.length > 0 ? whole.map((option) => optionPhrase(option, context)) : [record.phrase];
  const effect = [...told, ...rest.map((option) => optionPhrase(option, context))].join(", ");
  return record.terminating ? effect : `${effect}, and the packet goes on to the next rule`;
}
