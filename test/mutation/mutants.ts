import type { OptionNode, RuleNode, Word } from "../../grammar/ast.ts";
import { bytesOf } from "../../grammar/bytes.ts";
import { parse } from "../../grammar/parse.ts";
import type { TableName } from "../../src/netfilter/table.ts";
import { otherValues } from "./other-values.ts";

/** What a hand may do to a ruleset in one go. */
export type Edit =
  | "delete"
  | "duplicate"
  | "duplicate at end"
  | "swap"
  | "move first"
  | "move last"
  | "number"
  | "negate"
  | "drop match"
  | "retarget"
  | "policy";

/** A dump after one edit. */
export interface Mutant {
  readonly edit: Edit;
  readonly table: TableName;
  readonly chain: string;
  /** What was changed within the line, `--dport` or `-d`; "" for whole lines. */
  readonly part: string;
  /** Of the edited line, from 1. */
  readonly line: number;
  readonly before: string;
  readonly after: string;
  readonly text: () => string;
}

interface Rule {
  /** Index in the lines of the text. */
  readonly at: number;
  readonly table: TableName;
  readonly node: RuleNode;
}

/** kube-proxy's own chains; whoever else has chains named KUBE- is left alone. */
const OWN =
  /^KUBE-(?:(?:SVC|SVL|SEP|EXT|FW|XLB)-[A-Z2-7]{16}|SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|MARK-DROP|FORWARD|PROXY-FIREWALL|FIREWALL)$/;

const BUILT_IN = /^(?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/;

const isHook = ({ node }: Rule): boolean => BUILT_IN.test(node.chain.text) && OWN.test(node.target?.name ?? "");

/** Every single edit of kube-proxy's rules and hooks and of the policies of the chains that it hooks into. */
export function* mutantsOf(text: string): Generator<Mutant> {
  const lines = text.split("\n");
  const rules: Rule[] = [];
  const policies: { at: number; table: TableName; chain: string }[] = [];
  let table: TableName = "filter";
  for (const node of parse(bytesOf(text))) {
    if (node.kind === "table") table = node.name as TableName;
    if (node.kind === "rule") rules.push({ at: node.line - 1, table, node });
    if (node.kind === "chain" && node.policy === "ACCEPT")
      policies.push({ at: node.line - 1, table, chain: node.name });
  }
  const chains = new Map<string, Rule[]>();
  for (const rule of rules) {
    const key = `${rule.table} ${rule.node.chain.text}`;
    const known = chains.get(key);
    if (known === undefined) chains.set(key, [rule]);
    else known.push(rule);
  }
  const names = [...new Set(rules.map(({ table: of, node }) => `${of} ${node.chain.text}`))].sort();
  for (const rule of rules) {
    if (!OWN.test(rule.node.chain.text) && !isHook(rule)) continue;
    const chain = chains.get(`${rule.table} ${rule.node.chain.text}`) as Rule[];
    yield* wholeLines(lines, rule, chain);
    for (const [edit, part, after] of withinLine(lines[rule.at] as string, rule, names))
      yield made(lines, rule, edit, part, after, (all) => all.with(rule.at, after));
  }
  for (const { at, table: of, chain } of policies) {
    const before = lines[at] as string;
    const after = before.replace(" ACCEPT ", " DROP ");
    yield {
      edit: "policy",
      table: of,
      chain,
      part: "",
      line: at + 1,
      before,
      after,
      text: () => lines.with(at, after).join("\n"),
    };
  }
}

function made(
  lines: readonly string[],
  { at, table, node }: Rule,
  edit: Edit,
  part: string,
  after: string,
  change: (lines: string[]) => string[],
): Mutant {
  const before = lines[at] as string;
  const text = (): string => change([...lines]).join("\n");
  return { edit, table, chain: node.chain.text, part, line: at + 1, before, after, text };
}

function* wholeLines(lines: readonly string[], rule: Rule, chain: readonly Rule[]): Generator<Mutant> {
  const line = lines[rule.at] as string;
  const first = chain[0] as Rule;
  const last = chain.at(-1) as Rule;
  const place = chain.indexOf(rule);
  const whole = (edit: Edit, change: (lines: string[]) => string[]): Mutant =>
    made(lines, rule, edit, "", edit === "delete" ? "" : line, change);
  yield whole("delete", (all) => all.toSpliced(rule.at, 1));
  yield whole("duplicate", (all) => all.toSpliced(rule.at, 0, line));
  if (rule !== last) {
    yield whole("duplicate at end", (all) => all.toSpliced(last.at + 1, 0, line));
    const next = chain[place + 1] as Rule;
    yield whole("swap", (all) => all.with(rule.at, lines[next.at] as string).with(next.at, line));
    if (chain.length > 2) yield whole("move last", (all) => all.toSpliced(last.at + 1, 0, line).toSpliced(rule.at, 1));
  }
  if (rule !== first && chain.length > 2)
    yield whole("move first", (all) => all.toSpliced(rule.at, 1).toSpliced(first.at, 0, line));
}

/** Edits of one line: what kind, of which part, and the line after it. */
function* withinLine(
  line: string,
  { node, table }: Rule,
  chains: readonly string[],
): Generator<[Edit, string, string]> {
  const base = node.offset;
  const cut = (from: number, to: number, piece = ""): string =>
    (line.slice(0, from - base) + piece + line.slice(to - base)).replace(/ {2,}(?!\S*packets)/g, " ").trimEnd();
  const groups = [
    { word: null, name: "", options: node.options },
    ...node.matches.map(({ word, name, options }) => ({ word, name, options })),
    { word: null, name: "", options: node.target?.options ?? [] },
  ];
  for (const { name, options } of groups) {
    for (const option of options) {
      const flag = option.flag.text;
      for (const value of option.values)
        for (const other of otherValues(flag, value.text, name))
          yield ["number", flag, cut(value.offset, endOf(value), other)];
      if (option.bang !== null) yield ["negate", flag, cut(option.bang.offset, endOf(option.bang) + 1)];
      else if (option.record?.negatable === true && flag !== "-p")
        yield ["negate", flag, cut(option.flag.offset, option.flag.offset, "! ")];
    }
  }
  const transport = node.matches.some(({ record }) => record?.protocols !== undefined);
  for (const option of node.options) {
    // without -p iptables refuses -m tcp and a port in --to-destination
    if (option.flag.text === "-p" && (transport || node.target?.name === "DNAT")) continue;
    yield ["drop match", option.flag.text, cut(startOf(option), endOfOption(option) + 1)];
  }
  for (const { word, name, options } of node.matches) {
    if (word === null) continue;
    const last = options.at(-1);
    const end = last === undefined ? endOf(word) : endOfOption(last);
    yield ["drop match", `-m ${name}`, cut(word.offset - 3, end + 1)];
  }
  const { target } = node;
  if (target === null) return;
  for (const other of otherTargets(target.name, node.chain.text, table, chains)) {
    const last = target.options.at(-1);
    const end = last === undefined ? endOf(target.word) : endOfOption(last);
    yield ["retarget", `to ${other.replace(/-[A-Z2-7]{16}$/, "")}`, cut(target.word.offset, end, other)];
  }
}

const endOf = (word: Word): number => word.offset + word.length;
const startOf = (option: OptionNode): number => (option.bang ?? option.flag).offset;
const endOfOption = (option: OptionNode): number => endOf(option.values.at(-1) ?? option.flag);

/** Other targets that iptables would take in the place of this one. */
function otherTargets(name: string, chain: string, table: TableName, chains: readonly string[]): string[] {
  const others = ["RETURN", "ACCEPT"];
  if (table === "filter") others.push("DROP");
  if (OWN.test(name)) {
    if (table === "nat") others.push("KUBE-MARK-MASQ");
    const prefix = /^KUBE-[A-Z]+-(?=[A-Z2-7]{16}$)/.exec(name)?.[0];
    const alike = prefix === undefined ? [] : chains.filter((each) => each.startsWith(`${table} ${prefix}`));
    const next = alike[(alike.indexOf(`${table} ${name}`) + 1) % alike.length]?.slice(table.length + 1);
    if (next !== undefined) others.push(next);
  }
  return [...new Set(others)].filter((other) => other !== name && other !== chain);
}
