import { bytesOf } from "../../grammar/bytes.ts";
import { Exemplars } from "../kubernetes/proofs/exemplars.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { type Role, roles } from "../kubernetes/templates/slot.ts";
import type { WrittenRule } from "../kubernetes/write-rules.ts";
import { buildStore } from "../netfilter/build.ts";
import { type ChainId, NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";
import type { Deviation } from "./deviation.ts";
import { ruleKey } from "./rule-key.ts";
import { type Written, write } from "./written.ts";

/** So many Service ports are compared rule by rule at a time. */
const AT_ONCE = 500;

/** Where the rules of Service ports are not as kube-proxy writes them, in the order of the Service ports. */
export function deviationsOf(
  context: Context,
  exemplars = new Exemplars(context.services.source),
): readonly Deviation[] {
  const { odd } = context.suspects;
  const found: Found = new Map();
  const crowds = new Crowds(context);
  for (let left = odd; left.length > 0; ) {
    const chosen = exemplars.choose(left);
    for (let i = 0; i < chosen.length; i += AT_ONCE) compareAll(context, chosen.slice(i, i + AT_ONCE), crowds, found);
    if (chosen.length === left.length) break;
    for (const port of chosen) if (found.get(port)?.length === 0) exemplars.add(port);
    const compared = new Set(chosen);
    left = left.filter((port) => !compared.has(port) && !exemplars.isLikeOne(port));
  }
  return odd.flatMap((port) => found.get(port) ?? []);
}

/** Of those that could be compared. */
type Found = Map<ServicePort, readonly Deviation[]>;

/** One whose rules cannot be written and read back keeps no other from being compared. */
function compareAll(context: Context, ports: readonly ServicePort[], crowds: Crowds, found: Found): void {
  const written = write(ports, context.services);
  if (written !== null) {
    for (const port of ports)
      found.set(port, compare(context, port, written, written.byPort.get(port) ?? [], crowds.metBy(port)));
  } else if (ports.length > 1) {
    const half = ports.length >> 1;
    compareAll(context, ports.slice(0, half), crowds, found);
    compareAll(context, ports.slice(half), crowds, found);
  }
}

/** A rule that kube-proxy writes. */
export interface Expected {
  readonly written: WrittenRule;
  readonly key: string;
}

/** Rules in a chain of an endpoint; kube-proxy writes two or three. */
const CROWD = 100;

/** Chains of endpoints with very many rules: however many Service ports lead to one, it is compared once. */
class Crowds {
  readonly #context: Context;
  readonly #met = new Set<ChainId>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Those that another Service port leads to, too, which was asked for before. */
  metBy(port: ServicePort): ReadonlySet<ChainId> {
    const known = new Set<ChainId>();
    for (const chain of port.endpointChains()) {
      if (this.#met.has(chain)) known.add(chain);
      else if (this.#isCrowd(chain)) this.#met.add(chain);
    }
    return known;
  }

  #isCrowd(chain: ChainId): boolean {
    const { store } = this.#context;
    let count = 0;
    for (let rule = store.firstRule(chain); rule !== NONE && count <= CROWD; rule = store.nextRule(rule)) count++;
    return count > CROWD;
  }
}

/** @param compared - chains that were compared with what another Service port has in them */
function compare(
  context: Context,
  port: ServicePort,
  written: Written,
  rules: readonly RuleId[],
  compared: ReadonlySet<ChainId>,
): Deviation[] {
  const byChain = new Map<string, RuleId[]>();
  for (const rule of rules) {
    const made = written.rules[rule];
    if (made != null) push(byChain, `${made.table} ${made.chain}`, rule);
  }
  const deviations: Deviation[] = [];
  const actual = actualRules(context, port, compared);
  for (const key of new Set([...byChain.keys(), ...actual.keys()])) {
    const space = key.indexOf(" ");
    const chainName = key.slice(space + 1);
    const table = key.slice(0, space) as "nat" | "filter";
    // what a table lacks that the text does not have is not shown
    if (!context.isWhole(table)) continue;
    const chain = context.ruleset.chain(table, chainName);
    if (compared.has(chain)) continue;
    // a chain to which no rule leads is said to be so, whatever is in it
    if (chain !== NONE && isOwn(port, chain) && context.ruleset.callers(chain).length === 0) continue;
    const [made, found] = [byChain.get(key) ?? [], actual.get(key) ?? []];
    if (areSameLines(context.ruleset, found, written.ruleset, made)) continue;
    const expected = made.map((rule) => ({
      written: written.rules[rule] as WrittenRule,
      key: ruleKey(written.ruleset.rule(rule)),
    }));
    const role = expected[0]?.written.slot.role ?? context.role(chain) ?? "svc";
    for (const { kind, slot, expected: text, rule } of compareChain(context, role, expected, found)) {
      const deviation: Deviation = { port, kind, role, chainName, chain, slot, expected: text, rule };
      if (!isRounding(context, deviation) && !isUnprinted(context, deviation)) deviations.push(deviation);
    }
  }
  return deviations.map((deviation) => astray(context, deviation));
}

/** Whether two chains have the same lines: of most of a damaged Service's chains that is all there is to know. */
function areSameLines(one: Ruleset, rules: readonly RuleId[], other: Ruleset, others: readonly RuleId[]): boolean {
  if (rules.length !== others.length) return false;
  return rules.every((rule, i) => one.store.text(rule) === other.store.text(others[i] as RuleId));
}

/** A missing rule of a chain that all Services share, where one with its comment has no owner: that is what became of it. */
function astray(context: Context, deviation: Deviation): Deviation {
  const { kind, chainName, expected } = deviation;
  if (kind !== "missing" || !deviation.role.startsWith("nat ")) return deviation;
  const [, quoted, bare] = / --comment (?:"([^"]*)"|(\S+))/.exec(expected ?? "") ?? [];
  const rule = context.loose.take(chainName, quoted ?? bare ?? "");
  return rule === null ? deviation : { ...deviation, kind: "changed", rule };
}

/** Shares are even though a probability is written otherwise: it was rounded otherwise. */
const isRounding = (context: Context, { kind, slot, port, chain, rule }: Deviation): boolean =>
  kind === "changed" && slot === "endpoint" && context.slot(rule) === slot && port.balance(chain) !== "uneven";

/** The destination is there and could not be printed. */
const isUnprinted = (context: Context, { slot, chain, role }: Deviation): boolean =>
  role === "sep" && slot === "dnat" && context.ruleIn(chain, "lost dnat") !== NONE;

const isOwn = (port: ServicePort, chain: ChainId): boolean =>
  (["svc", "svl", "ext", "fw", "xlb"] as const).some((role) => port.chain(role) === chain);

/** Rules of a Service port by table and chain: those of its own chains, and those for it in the chains that all share. */
function actualRules(context: Context, port: ServicePort, left: ReadonlySet<ChainId>): Map<string, RuleId[]> {
  const { ruleset, store } = context;
  const byChain = new Map<string, RuleId[]>();
  const own = new Set<ChainId>(port.endpointChains());
  for (const role of ["svc", "svl", "ext", "fw", "xlb"] as const) own.add(port.chain(role));
  for (const chain of own)
    if (chain !== NONE && !left.has(chain)) byChain.set(`nat ${ruleset.chainName(chain)}`, context.rulesOf(chain));
  for (const rule of [...new Set(port.sharedRules)].sort((a, b) => a - b)) {
    const chain = store.chainOf(rule);
    push(byChain, `${ruleset.tableOf(chain).name} ${ruleset.chainName(chain)}`, rule);
  }
  return byChain;
}

/** Written rules with their keys. */
export function keysOf(written: readonly WrittenRule[]): Expected[] {
  const lines = written.map(({ text }) => text);
  const chains = [...new Set(written.map(({ chain }) => chain))].map((chain) => `:${chain} - [0:0]`);
  const store = buildStore(bytesOf(["*filter", ...chains, ...lines, "COMMIT", ""].join("\n")));
  return written.map((made, rule) => ({ written: made, key: ruleKey(store.rule(rule)) }));
}

/** A deviation without the place where it was found. */
type Difference = Pick<Deviation, "kind" | "slot" | "expected" | "rule">;

/** Compares the rules of a chain of that role. */
export function compareChain(
  context: Context,
  chainRole: Role,
  expected: readonly Expected[],
  rules: readonly RuleId[],
): Difference[] {
  const open = new Map<string, number[]>();
  for (const [i, { key }] of expected.entries()) push(open, key, i);
  const known = new Set(open.keys());
  const matched: { rule: RuleId; place: number }[] = [];
  const surplus: { rule: RuleId; repeated: boolean }[] = [];
  for (const rule of rules) {
    const key = ruleKey(context.ruleset.rule(rule));
    const place = open.get(key)?.shift();
    if (place !== undefined) matched.push({ rule, place });
    else surplus.push({ rule, repeated: known.has(key) });
  }
  const missing = [...open.values()].flat().sort((a, b) => a - b);
  const found: Difference[] = [];
  for (const place of missing) {
    const { slot, text } = (expected[place] as Expected).written;
    const next = matched.find((each) => each.place > place)?.rule ?? NONE;
    const isLike = (rule: RuleId): boolean => fills(context, rule, slot.name) || isJumpLike(context, rule, text);
    let instead = surplus.findIndex(({ rule, repeated }) => !repeated && isLike(rule));
    if (instead < 0 && !chainRole.includes(" "))
      instead = surplus.findIndex(({ rule, repeated }) => !repeated && isBetween(rule, previous(matched, place), next));
    const replaced = instead >= 0 ? surplus.splice(instead, 1)[0] : undefined;
    found.push({
      kind: replaced === undefined ? "missing" : "changed",
      slot: slot.name,
      expected: text,
      rule: replaced?.rule ?? next,
    });
  }
  for (const { rule, repeated } of surplus)
    found.push({
      kind: repeated ? "repeated" : "unexpected",
      slot: slotName(context, rule),
      expected: null,
      rule,
    });
  for (const { rule, place } of outOfOrder(matched, isOrdered(chainRole)))
    found.push({
      kind: "misplaced",
      slot: slotName(context, rule),
      expected: expected[place]?.written.text ?? null,
      rule,
    });
  return found;
}

/** The rule before the place; `NONE` for the first place. */
const previous = (matched: readonly { readonly rule: RuleId; readonly place: number }[], place: number): RuleId =>
  matched.findLast((each) => each.place < place)?.rule ?? NONE;

/** Whether a rule stands where another one is missing. */
const isBetween = (rule: RuleId, before: RuleId, after: RuleId): boolean =>
  rule > before && (after === NONE || rule < after);

const LOST = "lost ";

function slotName(context: Context, rule: RuleId): string {
  const slot = context.slot(rule);
  return slot.startsWith(LOST) ? slot.slice(LOST.length) : slot;
}

/** A rule of no known form that leads to the same endpoint. */
function isJumpLike(context: Context, rule: RuleId, text: string): boolean {
  const target = context.store.targetChain(rule);
  return target !== NONE && context.slot(rule) === "" && text.endsWith(` -j ${context.ruleset.chainName(target)}`);
}

const fills = (context: Context, rule: RuleId, slot: string): boolean => slotName(context, rule) === slot;

/** Chains in which the order of one Service's rules matters: its own, and those in which marks precede jumps. */
const isOrdered = (role: Role): boolean => !role.startsWith("filter ") || roles.indexOf(role) < 0;

/** The fewest rules that would have to move for the rest to stand in order. */
function outOfOrder<T extends { readonly place: number }>(matched: readonly T[], ordered: boolean): readonly T[] {
  if (!ordered || matched.every(({ place }, i) => i === 0 || place > (matched[i - 1] as T).place)) return [];
  // longest increasing subsequence: piles of patience sorting
  const tops: number[] = [];
  const before = new Int32Array(matched.length).fill(-1);
  for (let i = 0; i < matched.length; i++) {
    const { place } = matched[i] as T;
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((matched[tops[middle] as number] as T).place < place) low = middle + 1;
      else high = middle;
    }
    if (low > 0) before[i] = tops[low - 1] as number;
    tops[low] = i;
  }
  const kept = new Set<number>();
  for (let i = tops[tops.length - 1] ?? -1; i >= 0; i = before[i] as number) kept.add(i);
  return matched.filter((_, i) => !kept.has(i));
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
