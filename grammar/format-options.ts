import type { OptionNode } from "./ast.ts";
import type { SaveContext } from "./format-context.ts";
import { familyText } from "./format-context.ts";
import { rewrites } from "./format-rewrites.ts";
import type { Codec } from "./values/codec.ts";
import { isPlain, quote } from "./values/text.ts";
import type { ExtensionRecord, OptionRecord } from "./vocabulary/record.ts";

/** An option as iptables-save would print it: canonical values without their quotes. */
export interface SavedOption {
  /** `null` for an option that the vocabulary does not know. */
  readonly record: OptionRecord | null;
  readonly flag: string;
  readonly negated: boolean;
  readonly values: readonly string[];
  /** The values before they were made canonical; absent where nothing was written. */
  readonly written?: readonly string[];
  /** A second blank stands before the value. */
  readonly blank?: boolean;
}

/** Saved options of one extension by flag. */
export type SavedOptions = Map<string, SavedOption>;

/** The option in the spelling and with the values that iptables-save prints. Values that it would refuse stay as they are. */
export function saveOption(node: OptionNode, options: readonly OptionRecord[], context: SaveContext): SavedOption {
  const { record, negated } = node;
  if (record === null) return { record, flag: node.flag.text, negated, values: node.values.map((word) => word.text) };
  const written = node.values.map((word) => word.text);
  const values = written.map((text, i) => saveValue(text, record.codecs[i], context));
  const { savedAs } = record;
  // a value that iptables would refuse stays under the flag that it was given
  const target = values.includes(null) ? undefined : options.find(({ flag }) => flag === savedAs);
  const kept = values.map((value, i) => value ?? (written[i] as string));
  if (target === undefined) return { record, flag: record.flag, negated, values: kept, written };
  return { record: target, flag: target.flag, negated, values: record.savedValues ?? kept, written };
}

/** `null` for a value that iptables would refuse. */
function saveValue(text: string, codec: Codec<unknown> | undefined, context: SaveContext): string | null {
  const read = codec?.parse(text, context);
  return read === undefined || codec === undefined ? text : "value" in read ? codec.print(read.value, context) : null;
}

/** The options of one extension as iptables-save prints them, each with a blank before it. */
export function saveOptions(extension: ExtensionRecord, nodes: readonly OptionNode[], context: SaveContext): string {
  const rewrite = rewrites.get(`${extension.kind} ${extension.name}`);
  const given = nodes.map((node) => saveOption(node, extension.options, context));
  const sequence = rewrite?.sequence?.(given, context);
  if (sequence !== undefined) return sequence.map(printOption).join("");
  const byFlag: SavedOptions = new Map(given.map((option) => [option.flag, option]));
  rewrite?.options?.(byFlag, context);
  let text = "";
  for (const record of extension.options) {
    const option = byFlag.get(record.flag);
    byFlag.delete(record.flag);
    if (option === undefined ? isAdded(record, byFlag, given) : !isOmitted(option, context)) {
      text += printOption(option ?? addedOption(record, context));
    }
  }
  // options that the extension does not have
  for (const option of byFlag.values()) text += printOption(option);
  return `${text}${rewrite?.tail?.(nodes, context) ?? ""}`;
}

function isAdded({ added, excludes = [] }: OptionRecord, rest: SavedOptions, given: readonly SavedOption[]): boolean {
  return (
    added !== undefined && !excludes.some((flag) => rest.has(flag) || given.some((option) => option.flag === flag))
  );
}

function addedOption(record: OptionRecord, context: SaveContext): SavedOption {
  const text = familyText(record.added ?? "", context);
  return { record, flag: record.flag, negated: false, values: text === "" ? [] : text.split(" ") };
}

/** The release from which a negated full range is printed and not lost. */
const KEEPS_NEGATED_RANGES = 10810;

/** Whether iptables-save leaves the option out, for it says nothing. */
export function isOmitted({ record, negated, values }: SavedOption, context: SaveContext): boolean {
  if (record?.omitted === undefined) return false;
  if (record.omitted === "*") return !negated;
  const omitted = familyText(record.omitted, context);
  if (values.join(" ") !== omitted) return false;
  return !negated || (omitted.startsWith("0:") && context.release < KEEPS_NEGATED_RANGES);
}

/** ` --flag value`, with ` !` before it where it is negated. */
export function printOption({ record, flag, negated, values, blank }: SavedOption): string {
  let text = `${negated ? " !" : ""} ${record?.short ?? flag}`;
  values.forEach((value, i) => {
    text += `${blank ? "  " : " "}${printValue(value, record?.codecs[i]?.quoting)}`;
  });
  return text;
}

/** iptables-save itself prints some values bare whatever they hold; one that could not be read back is put in quotes here. */
export function printValue(value: string, quoting?: Codec<unknown>["quoting"]): string {
  if (quoting === "always") return quotePattern(value);
  if (quoting === "when-needed") return isPlain(value) ? value : quote(value);
  return value === "" || /[ \t\n"]/.test(value) ? quote(value) : value;
}

/** Extensions that always print quotes escape fewer characters than xtables_save_string does. */
function quotePattern(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}
