import type { MatchNode, OptionNode, RuleNode } from "../../grammar/ast.ts";
import { optionPhrase } from "../../grammar/vocabulary/words.ts";

/** Which packets a rule is for, in plain words: "tcp destination port 30080"; "every packet" where it asks nothing. Byte string. */
export function conditionsInWords(rule: RuleNode): string {
  const said = [...coreConditions(rule), ...rule.matches.flatMap((match) => [...matchConditions(match, rule)])];
  return said.length === 0 ? "every packet" : said.join(", ");
}

function* coreConditions(rule: RuleNode): Iterable<string> {
  for (const option of rule.options) {
    if (option.record?.flag === "--protocol" && isSaidByMatch(option, rule)) continue;
    yield optionInWords(option);
  }
}

/** `-p tcp -m tcp --dport 80` is "tcp destination port 80". */
function isSaidByMatch(option: OptionNode, { matches }: RuleNode): boolean {
  const protocol = option.values[0]?.text;
  return !option.negated && matches.some((match) => isPortMatch(match) && protocol !== undefined);
}

const portMatches: ReadonlySet<string> = new Set(["tcp", "udp", "sctp", "dccp", "udplite", "multiport"]);

function isPortMatch({ name, options }: MatchNode): boolean {
  return (
    portMatches.has(name) &&
    options.some(({ record }) => record?.flag.endsWith("port") || record?.flag.endsWith("ports"))
  );
}

function* matchConditions(match: MatchNode, rule: RuleNode): Iterable<string> {
  switch (match.name) {
    case "comment":
    case "statistic":
    case "nfacct":
      return;
    case "addrtype":
      for (const option of match.options) yield addressType(option);
      return;
    case "mark":
      for (const option of match.options) yield `${option.negated ? "not marked" : "marked"} ${plainMark(option)}`;
      return;
    default:
  }
  const protocol = isPortMatch(match) ? protocolOf(match, rule) : "";
  for (const option of match.options) {
    const said = optionInWords(option).replace(/ port is (?=\d)/, " port ");
    yield protocol === "" || said.startsWith(protocol) ? said : `${protocol} ${said}`;
  }
  if (match.options.length === 0 && match.record !== null && !portMatches.has(match.name)) yield match.record.phrase;
}

function protocolOf({ name }: MatchNode, rule: RuleNode): string {
  if (name !== "multiport") return name;
  return rule.options.find(({ record }) => record?.flag === "--protocol")?.values[0]?.text ?? "";
}

function addressType(option: OptionNode): string {
  const role = option.flag.text === "--src-type" ? "source" : option.flag.text === "--dst-type" ? "destination" : null;
  if (role === null || option.values[0]?.text !== "LOCAL") return optionInWords(option);
  return `${role} is ${option.negated ? "not " : ""}an address of this node`;
}

/** `0x4000/0x4000` is 0x4000. */
function plainMark(option: OptionNode): string {
  const text = option.values[0]?.text ?? "?";
  const [value, mask] = text.split("/");
  return value !== undefined && value === mask ? value : text;
}

function optionInWords(option: OptionNode): string {
  return plainHost(optionPhrase(option, { family: null }));
}

/** `10.0.0.1/32` is the address. */
function plainHost(text: string): string {
  return text.replace(/(\.\d+)\/32\b|(:[0-9a-f:]*)\/128\b/g, "$1$2");
}
