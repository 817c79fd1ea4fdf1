import type { ChainNode, MatchNode, OptionNode, RuleNode, TargetNode, Word } from "../ast.ts";
import { addressMask, splitAddresses } from "../values/address-mask.ts";
import type { CodecContext } from "../values/codec.ts";
import { wholeNumber } from "../values/number.ts";
import { protocolNumberOf } from "../values/protocol.ts";
import type { Backend, ExtensionRecord, Family, OptionRecord } from "./record.ts";
import { extensionRefusals } from "./refuse-extension.ts";

/** What is known of the iptables-restore that a rule is for; `null` where the text does not show it. */
export interface RestoreContext {
  readonly family: Family | null;
  readonly table: string | null;
  readonly backend: Backend | null;
  /** 10809 is 1.8.9. */
  readonly release: number;
  /** The types and ranges of values were looked at already. */
  readonly valuesAreRight?: boolean;
}

/** Why iptables-restore refuses a line. */
export interface RestoreRefusal {
  /** Raw bytes in the source. */
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly expected: string | null;
}

export const REFUSES = "iptables-restore refuses this";

/** Longest name of a chain (XT_EXTENSION_MAXNAMELEN - 1). */
const LONGEST_CHAIN = 28;

/** Tells of one word what iptables-restore has against it. */
export type Report = (word: Word, message: string, expected?: string) => void;

/**
 * Everything that iptables-restore has against a rule whose words the parser understood: values, options that miss, exclude or repeat each
 * other, families, tables and built-in chains. Empty for a rule that it takes. Whether sets, chains, modules and names exist is not asked.
 */
export function refusals(rule: RuleNode, context: RestoreContext): RestoreRefusal[] {
  const found: RestoreRefusal[] = [];
  const report: Report = (word, message, expected) => {
    const text = `${message}; ${REFUSES}`;
    found.push({ offset: word.offset, length: word.length, message: text, expected: expected ?? null });
  };
  coreRefusals(rule, context, report);
  for (const match of rule.matches) matchRefusals(match, rule, context, report);
  if (rule.target !== null) targetRefusals(rule.target, rule, context, report);
  return found;
}

/** The interfaces that a built-in chain does not know. */
const WITHOUT_INPUT = ["OUTPUT", "POSTROUTING"];
const WITHOUT_OUTPUT = ["INPUT", "PREROUTING"];

function coreRefusals(rule: RuleNode, context: RestoreContext, report: Report): void {
  optionRefusals(rule.options, "", context, report);
  for (const { flag, record, negated, values } of rule.options) {
    const value = values[0]?.text ?? "";
    switch (record?.short) {
      case "-i":
        if (WITHOUT_INPUT.includes(rule.chain.text))
          report(flag, `${flag.text} in ${rule.chain.text}, where no packet comes in`);
        if (value === "") report(flag, "an empty interface name", "an interface name");
        break;
      case "-o":
        if (WITHOUT_OUTPUT.includes(rule.chain.text))
          report(flag, `${flag.text} in ${rule.chain.text}, where no packet goes out`);
        if (value === "") report(flag, "an empty interface name", "an interface name");
        break;
      case "-p":
        if (negated && protocolNumber(value) === 0) report(flag, '"! -p all" would match no packet');
        break;
      case "-s":
      case "-d":
        if (negated && context.backend === "nft" && isEverywhere(value))
          report(flag, `"!" before a network that holds every address`);
        if (negated && splitAddresses(value).length > 1)
          report(flag, `"!" before a list of addresses`, "one address after !");
        break;
      default:
    }
  }
  if (rule.chain.text.length > LONGEST_CHAIN)
    report(rule.chain, "a chain name of more than 28 bytes", "at most 28 bytes");
}

function isEverywhere(text: string): boolean {
  const read = addressMask.parse(text, { family: null });
  return "value" in read && read.value.mask === 0n;
}

function protocolNumber(text: string): number | null {
  return wholeNumber(text, 0, 255) ?? protocolNumberOf(text.toLowerCase());
}

function matchRefusals(match: MatchNode, rule: RuleNode, context: RestoreContext, report: Report): void {
  const { record, name, options } = match;
  const word = match.word ?? options[0]?.flag ?? rule.chain;
  if (record === null) {
    report(word, `there is no match "${name}"`);
    return;
  }
  familyRefusal(record, word, context, report);
  placeRefusals(record, word, rule, context, report);
  protocolRefusal(record, word, rule, context, report);
  extensionOptionRefusals(record, options, word, rule, context, report);
}

/** Targets of iptables itself, of which none is a chain to go to. */
const VERDICTS = ["ACCEPT", "DROP", "QUEUE", "RETURN"];

function targetRefusals(target: TargetNode, rule: RuleNode, context: RestoreContext, report: Report): void {
  const { record, name, word, options } = target;
  if (name === "" || name.length > LONGEST_CHAIN)
    report(word, "a target name must have 1 to 28 bytes", "at most 28 bytes");
  if (target.goto && VERDICTS.includes(name)) report(word, `${name} is no chain to go to`, "a user-defined chain");
  if (record === null || target.goto) return;
  if (name === "QUEUE" && context.backend === "nft") report(word, "iptables-nft has no target QUEUE", "NFQUEUE");
  familyRefusal(record, word, context, report);
  placeRefusals(record, word, rule, context, report);
  protocolRefusal(record, word, rule, context, report);
  extensionOptionRefusals(record, options, word, rule, context, report);
}

function extensionOptionRefusals(
  record: ExtensionRecord,
  options: readonly OptionNode[],
  word: Word,
  rule: RuleNode,
  context: RestoreContext,
  report: Report,
): void {
  optionRefusals(options, record.name, context, report);
  const has = (flag: string): boolean => options.some((option) => option.record?.flag === flag);
  for (const option of record.options) {
    if (option.mandatory && !has(option.flag) && ofFamily(option, context))
      report(word, `${record.name} without ${option.flag}`, option.flag);
  }
  for (const group of record.requiresOneOf ?? []) {
    if (!group.some(has)) report(word, `${record.name} without any of ${group.join(", ")}`, group.join(" or "));
  }
  options.forEach(({ flag, record: option }, i) => {
    const earlier = options.slice(0, i).find((each) => excludes(option, each.record) || excludes(each.record, option));
    if (earlier !== undefined) report(flag, `${flag.text} beside ${earlier.flag.text}`, "one of the two");
    const missing = option?.requires?.find((required) => !has(required));
    if (missing !== undefined) report(flag, `${flag.text} without ${missing}`, missing);
    if (option?.chains !== undefined) chainRefusal(option.chains, flag, rule, report);
  });
  extensionRefusals(record, options, word, rule, context, report);
}

function excludes(one: OptionRecord | null, other: OptionRecord | null): boolean {
  return other !== null && one?.excludes?.includes(other.flag) === true;
}

/** What the options of one extension, or of the core, show each for itself. */
function optionRefusals(
  options: readonly OptionNode[],
  extension: string,
  context: RestoreContext,
  report: Report,
): void {
  const seen = new Set<OptionRecord>();
  for (const option of options) {
    const { flag, record, bang, negated } = option;
    if (record === null) continue;
    if (bang !== null && bang.offset > flag.offset) report(bang, `"!" after ${flag.text}`, `"!" before ${flag.text}`);
    else if (negated && !record.negatable) report(flag, `${flag.text} cannot be negated`);
    if (record.obsolete) report(flag, `${flag.text} no longer exists`);
    if (!ofFamily(record, context)) report(flag, `${flag.text} is for IPv${record.family} only`);
    if (seen.has(record) && !record.repeatable) report(flag, `${flag.text} stands twice`, `${flag.text} once`);
    seen.add(record);
    if (context.valuesAreRight !== true) valueRefusals(option, record, extension, context, report);
  }
}

function valueRefusals(
  { flag, values }: OptionNode,
  record: OptionRecord,
  extension: string,
  context: RestoreContext,
  report: Report,
): void {
  const { codecs } = record;
  if (record.short === "-c" && values.length === 1) {
    // "7,8"
    if (!/^\d+,\d+$/.test(values[0]?.text ?? "")) report(flag, "-c needs a packet and a byte counter", "packets,bytes");
    return;
  }
  values.forEach((word, i) => {
    const read = codecs[i]?.parse(word.text, codecContext(context));
    if (read === undefined || "value" in read || read.needsHost) return;
    const of = extension === "" ? "" : ` of ${extension}`;
    report(word, `${flag.text}${of} cannot be "${word.text.slice(0, 80)}"`, read.expected);
  });
}

function codecContext({ family, release }: RestoreContext): CodecContext {
  return { family, release };
}

function ofFamily({ family: only }: OptionRecord, { family }: RestoreContext): boolean {
  return only === undefined || family === null || only === family;
}

function familyRefusal(record: ExtensionRecord, word: Word, { family }: RestoreContext, report: Report): void {
  if (record.family !== undefined && family !== null && record.family !== family) {
    report(word, `${record.name} is for IPv${record.family} only`);
  }
}

const BUILT_IN = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

function placeRefusals(
  record: ExtensionRecord,
  word: Word,
  rule: RuleNode,
  context: RestoreContext,
  report: Report,
): void {
  const { tables, chains } = record;
  const bound = !record.legacyTablesOnly || context.backend === "legacy";
  if (tables !== undefined && bound && context.table !== null && !tables.includes(context.table)) {
    report(word, `${record.name} in the table ${context.table}`, `the table ${tables.join(" or ")}`);
  } else if (chains !== undefined) {
    chainRefusal(chains, word, rule, report);
  }
}

/** User-defined chains are looked at by the kernel from where they are called. */
function chainRefusal(chains: readonly string[], word: Word, { chain }: RuleNode, report: Report): void {
  if (BUILT_IN.includes(chain.text) && !chains.includes(chain.text))
    report(word, `${word.text} in the chain ${chain.text}`, `the chain ${chains.join(" or ")}`);
}

/** Numbers of the protocols that the rule must name one of, and does not. */
function protocolRefusal(
  record: ExtensionRecord,
  word: Word,
  rule: RuleNode,
  context: RestoreContext,
  report: Report,
): void {
  const { protocols, name } = record;
  // the IPv4 header of authentication is a protocol, that of IPv6 is not
  if (protocols === undefined || (name === "ah" && context.family !== 4)) return;
  const option = rule.options.find(({ record: core }) => core?.short === "-p");
  const number = protocolNumber(option?.values[0]?.text ?? "all");
  const wanted = protocols.map(protocolNumberOf);
  const nativeInNft = context.backend !== "legacy" && (name === "tcp" || name === "udp");
  if (number === null || (wanted.includes(number) && (!option?.negated || nativeInNft))) return;
  report(word, `${name} without -p ${protocols.join(" or -p ")}`, `-p ${protocols[0]}`);
}

/** What iptables-restore has against the declaration of a chain. */
export function chainRefusals(node: ChainNode, { table, backend }: RestoreContext): RestoreRefusal[] {
  const found: RestoreRefusal[] = [];
  const word = node.words[0];
  const report = (message: string, expected: string | null = null): void => {
    const { offset, length } = word ?? node;
    found.push({ offset, length, message: `${message}; ${REFUSES}`, expected });
  };
  const { name, policy } = node;
  const builtIn = isBuiltIn(name, table);
  if (name === "") report("a chain without a name", "a name");
  if (name.length > LONGEST_CHAIN) report("a chain name of more than 28 bytes", "at most 28 bytes");
  if (VERDICTS.includes(name)) report(`"${name}" names a target, not a chain`);
  if (backend === "nft" && /^[-!]/.test(name)) report(`a chain name that begins with "${name[0]}"`);
  if (policy === "") report("a chain without a policy", "ACCEPT, DROP or -");
  else if (!["ACCEPT", "DROP", "-"].includes(policy) && (builtIn || backend === "legacy"))
    report(`the policy "${policy}"`, "ACCEPT, DROP or -");
  else if (policy !== "-" && builtIn === false && backend === "legacy")
    report(`a policy for the user-defined chain "${name}"`, "-");
  return found;
}

/** Built-in chains by table. */
const CHAINS_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ["filter", ["INPUT", "FORWARD", "OUTPUT"]],
  ["nat", ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]],
  ["mangle", BUILT_IN],
  ["raw", ["PREROUTING", "OUTPUT"]],
  ["security", ["INPUT", "FORWARD", "OUTPUT"]],
]);

/** The chains that come with a table; `undefined` for a name that is no table. */
export function builtInChains(table: string): readonly string[] | undefined {
  return CHAINS_OF.get(table);
}

/** Whether the chain comes with the table; `null` when the table is not shown. */
function isBuiltIn(chain: string, table: string | null): boolean | null {
  const chains = table === null ? undefined : CHAINS_OF.get(table);
  return chains === undefined ? null : chains.includes(chain);
}
