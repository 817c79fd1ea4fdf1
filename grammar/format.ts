import type { MatchNode, OptionNode, RuleNode, TargetNode } from "./ast.ts";
import { releaseOf, type SaveContext } from "./format-context.ts";
import { isOmitted, printOption, printValue, saveOption, saveOptions } from "./format-options.ts";
import { splitAddresses } from "./values/address-mask.ts";
import { coreOptions } from "./vocabulary/index.ts";
import type { Backend, Family } from "./vocabulary/record.ts";

/** Which iptables-save is to be followed. */
export interface FormatOptions {
  /** Default `nft`. */
  readonly backend?: Backend | null;
  /** Of iptables. Default `1.8.9`. */
  readonly version?: string;
  /** Default: 6 where an address of the rule says so, else 4. */
  readonly family?: Family | null;
  /** `false`: counters are left out, as iptables-save without `-c` does. Default `true`: printed where the rule has them. */
  readonly counters?: boolean;
}

const COMMANDS = { append: "-A", insert: "-I", delete: "-D", replace: "-R", check: "-C" } as const;

/**
 * The rule as iptables-save of that version and back end would print it, without a line end. A rule with comma lists of addresses
 * gives one line for each pair. Formatting its own output changes nothing. Values that iptables would refuse stay as they are.
 * Not followed: where iptables-save prints what it could not read back (bare values with blanks, `--genre` without a value), and where
 * 1.8.9 prints something else than was loaded (several comparisons of srh, `-m ipcomp` alone, `CT --notrack --timeout`, a base of SNAT
 * ports, two tcp matches under nft); names of realms and groups are the host's.
 * Sources: print_rule4 of iptables/iptables.c, nft_rule_print_save of iptables/nft.c, the save functions of extensions/.
 */
export function format(rule: RuleNode, options: FormatOptions = {}): string {
  const context: SaveContext = {
    family: options.family ?? familyOf(rule),
    backend: options.backend ?? "nft",
    release: releaseOf(options.version ?? "1.8.9"),
  };
  let tail = "";
  for (const match of rule.matches) tail += printMatch(match, context);
  tail += rule.target === null ? "" : printTarget(rule.target, context);
  if (rule.target === null && context.backend === "nft" && context.release < 10808) tail += " ";
  const head = printHead(rule, options.counters ?? true);
  return coreTexts(rule.options, context)
    .map((core) => `${head}${core}${tail}`)
    .join("\n");
}

function printHead({ command, ruleNumber, chain, counters }: RuleNode, withCounters: boolean): string {
  const count = withCounters && counters !== null ? `[${counters.packets}:${counters.bytes}] ` : "";
  return `${count}${COMMANDS[command]} ${printValue(chain.text)}${ruleNumber === null ? "" : ` ${ruleNumber}`}`;
}

/** The options of the core in print order: one text for each pair of source and destination. */
function coreTexts(nodes: readonly OptionNode[], context: SaveContext): string[] {
  let texts = [""];
  for (const record of coreOptions) {
    if (record.flag === "--set-counters" || record.short === "-4" || record.short === "-6") continue;
    const node = nodes.find((option) => option.record === record);
    if (node === undefined) continue;
    const alternatives = eachAddress(node).map((one) => {
      const saved = saveOption(one, coreOptions, context);
      return isOmitted(saved, context) || losesNegatedPlus(saved.flag, saved.values, context) ? "" : printOption(saved);
    });
    texts = texts.flatMap((text) => alternatives.map((alternative) => text + alternative));
  }
  const unknown = nodes.filter(({ record }) => record === null);
  const rest = unknown.map((node) => printOption(saveOption(node, coreOptions, context))).join("");
  return rest === "" ? texts : texts.map((text) => text + rest);
}

/** `-s a,b` makes two rules. */
function eachAddress(node: OptionNode): OptionNode[] {
  const word = node.values[0];
  const list = node.record?.short === "-s" || node.record?.short === "-d";
  if (!list || word === undefined || !word.text.includes(",")) return [node];
  return splitAddresses(word.text).map((text) => ({ ...node, values: [{ ...word, text }] }));
}

/** `! -i +` matches nothing; 1.8.9 legacy and 1.8.7 nft forget it. */
function losesNegatedPlus(flag: string, values: readonly string[], { backend, release }: SaveContext): boolean {
  if ((flag !== "--in-interface" && flag !== "--out-interface") || values[0] !== "+") return false;
  return backend === "nft" ? release < 10808 : release < 10810;
}

function printMatch(match: MatchNode, context: SaveContext): string {
  const { record, name, options } = match;
  if (record === null)
    return ` -m ${printValue(name)}${options.map((node) => printOption(saveOption(node, [], context))).join("")}`;
  const text = saveOptions(record, options, context);
  return text === "" && vanishes(match, context) ? "" : ` -m ${record.name}${text}`;
}

/** 1.8.8 and 1.8.9 nft keep nothing of a port match whose only condition is the negated full range. */
function vanishes({ name, options }: MatchNode, { backend, release }: SaveContext): boolean {
  const native = name === "tcp" || name === "udp";
  return native && backend === "nft" && release >= 10808 && release < 10810 && options.some(({ negated }) => negated);
}

function printTarget({ record, name, goto, options }: TargetNode, context: SaveContext): string {
  const head = ` ${goto ? "-g" : "-j"} ${printValue(name)}`;
  if (record === null) return `${head}${options.map((node) => printOption(saveOption(node, [], context))).join("")}`;
  return `${head}${saveOptions(record, options, context)}`;
}

/** The family that the addresses of a rule show; 4 where none does. */
function familyOf(rule: RuleNode): Family {
  if (rule.matches.some(({ record }) => record?.family === 6) || rule.target?.record?.family === 6) return 6;
  const texts = [rule, ...rule.matches, ...(rule.target === null ? [] : [rule.target])].flatMap(({ options }) =>
    options.flatMap(({ record, values }) =>
      record?.codecs.some(({ name }) => ADDRESSES.has(name)) ? values.map(({ text }) => text) : [],
    ),
  );
  return texts.some((text) => text.includes("::") || text.split(":").length > 3) ? 6 : 4;
}

/** Codecs whose values show a family. */
const ADDRESSES: ReadonlySet<string> = new Set([
  "address-mask",
  "address",
  "address-range",
  "nat-range",
  "host-or-network",
  "masked-host",
  "network",
  "netmask",
]);
