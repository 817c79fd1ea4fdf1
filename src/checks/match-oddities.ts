import type { RuleNode } from "../../grammar/ast.ts";
import { bytesOf } from "../../grammar/bytes.ts";
import { type Keyword, WORD } from "../../grammar/keyword.ts";
import { bitOfOption, bitsOfMatches, CORE_OPTIONS, type Mentions, NEGATED, REPEATED } from "../../grammar/mentions.ts";
import type { FormTest } from "../../grammar/syntax-tree.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { RuleStore } from "../netfilter/store.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { hasMatch, matchesNamed, optionOf } from "./form.ts";
import { hookOf } from "./hooks.ts";
import { hex } from "./mark-rules.ts";
import { hasTarget, otherRules } from "./other-rules.ts";
import { counted, listed } from "./words.ts";

const shared = {
  since: "0.1.0",
  subject: "netfilter",
  needs: [],
  confirm: "iptables -t TABLE -L CHAIN -nv --line-numbers",
} as const;
const MAN = "https://manpages.debian.org/bookworm/iptables/iptables-extensions.8.en.html";

/** A packet comes in by an interface before OUTPUT and leaves by one after INPUT; iptables(8), -i and -o. */
export const neverAppliesAtHook: Check = {
  ...shared,
  id: "never-applies-at-hook",
  severity: "info",
  confidence: "certain",
  summary: "A rule asks for an interface that no packet has at this point",
  why: "The rule never matches, whatever it was meant to do.",
  evidence:
    "-i in a chain that only OUTPUT or POSTROUTING lead to, or -o in one that only PREROUTING or INPUT lead to.",
  whenFine: "In chains that are shared and jumped to from elsewhere too: not reported.",
  remedy: "Move the rule to a chain that packets pass when they have that interface.",
  references: ["https://manpages.debian.org/bookworm/iptables/iptables.8.en.html"],
  run(context, report) {
    const { store } = context;
    const interfaces = bitOfOption("--in-interface") | bitOfOption("--out-interface");
    const lacking = new Map<ChainId, ReturnType<typeof interfacesLackingIn>>();
    for (const rule of otherRules(context, (mentions) => (mentions & interfaces) !== 0)) {
      const chain = store.chainOf(rule);
      let lacks = lacking.get(chain);
      if (lacks === undefined) {
        lacks = interfacesLackingIn(hookOf(context, chain));
        lacking.set(chain, lacks);
      }
      const { noInput, noOutput } = lacks;
      if (!noInput && !noOutput) continue;
      const shape = store.shape(rule);
      const input = optionOf(shape, "--in-interface");
      const output = optionOf(shape, "--out-interface");
      const isIn = input !== undefined && input.bangWord < 0 && noInput;
      const isOut = output !== undefined && output.bangWord < 0 && noOutput;
      if (!isIn && !isOut) continue;
      report({
        at: { rule },
        message: `a rule of ${context.ruleset.tableOf(chain).name} ${context.ruleset.chainName(chain)} asks for the interface a packet ${isIn ? "came in by" : "leaves by"}, and from ${listed([...hookOf(context, chain)])} none is known`,
        effect: "The rule never matches.",
      });
    }
  },
};

/** Which interface no packet has that comes from one of these hooks; of a chain that no packet gets to nothing is said. */
function interfacesLackingIn(hooks: ReadonlySet<string>): { readonly noInput: boolean; readonly noOutput: boolean } {
  const isAmong = (names: readonly string[]): boolean =>
    hooks.size > 0 && [...hooks].every((hook) => names.includes(hook));
  return { noInput: isAmong(["OUTPUT", "POSTROUTING"]), noOutput: isAmong(["PREROUTING", "INPUT"]) };
}

/** Conditions of one rule that exclude each other. */
export const contradictoryMatch: Check = {
  ...shared,
  id: "contradictory-match",
  severity: "warning",
  confidence: "certain",
  summary: "The conditions of a rule exclude each other",
  why: "The rule never matches, whatever it was meant to do.",
  evidence: "Two conditions on ports or connection states that have no value in common, or `!` with everything.",
  whenFine: "Never.",
  remedy: "Take one of the conditions out.",
  references: [MAN],
  run(context, report) {
    const { store } = context;
    for (const rule of otherRules(context, mayContradict)) {
      const why = isLikelier(context, rule) ? contradiction(store, rule) : null;
      if (why === null) continue;
      const chain = store.chainOf(rule);
      report({
        at: { rule },
        message: `a rule of ${context.ruleset.tableOf(chain).name} ${context.ruleset.chainName(chain)} never matches: ${why}`,
        effect: "No packet is what the rule asks for.",
      });
    }
  },
};

/** What the options ask for of which two may contradict each other. */
const ASKED: ReadonlyMap<string, "port" | "state" | "address"> = new Map([
  ["--dport", "port"],
  ["--dports", "port"],
  ["--destination-ports", "port"],
  ["--ctstate", "state"],
  ["--state", "state"],
  ["--source", "address"],
  ["--destination", "address"],
]);
/** Every address, by IP version. */
const EVERYWHERE = { 4: bytesOf("0.0.0.0/0"), 6: bytesOf("::/0") };
const IS_EVERYWHERE = /^(?:0\.0\.0\.0|::)\/0$/;
const ADDRESSES = bitOfOption("--source") | bitOfOption("--destination");
const PORT_BITS = bitsOfMatches("tcp", "udp", "sctp", "dccp", "multiport");
const STATE_BITS = bitsOfMatches("conntrack", "state");

/** Whether a rule may ask for two things of one kind. */
function mayAskTwice(mentions: Mentions): boolean {
  const [ports, states] = [mentions & PORT_BITS, mentions & STATE_BITS];
  return (
    ((mentions & REPEATED) !== 0 && (ports | states) !== 0) ||
    (ports & (ports - 1)) !== 0 ||
    (states & (states - 1)) !== 0
  );
}

const mayExclude = (mentions: Mentions): boolean => (mentions & NEGATED) !== 0 && (mentions & ADDRESSES) !== 0;

const mayContradict = (mentions: Mentions): boolean => mayAskTwice(mentions) || mayExclude(mentions);

/** Whether a rule that may contradict itself may do so by what its line holds. */
function isLikelier({ store, ruleset: { family } }: Context, rule: RuleId): boolean {
  if (mayAskTwice(store.mentions(rule))) return true;
  return (family !== 6 && store.holds(rule, EVERYWHERE[4])) || (family !== 4 && store.holds(rule, EVERYWHERE[6]));
}

function contradiction(store: RuleStore, rule: RuleId): string | null {
  const scanner = store.words(rule);
  const { words, count, spans } = scanner;
  const ports: string[] = [];
  const states: string[] = [];
  for (let k = 0; k < count; k++) {
    const { option } = words[k] as Keyword;
    const asked = option === null ? undefined : ASKED.get(option.flag);
    if (asked === undefined) continue;
    const isOld = words[k + 1] === WORD.oldBang;
    const isNegated = isOld || words[k - 1] === WORD.bang;
    if (isNegated !== (asked === "address")) continue;
    const value = isOld ? k + 2 : k + 1;
    const text = value < count ? scanner.text(spans[2 * value] as number, spans[2 * value + 1] as number) : "";
    if (asked === "port") ports.push(text);
    else if (asked === "state") states.push(text);
    else if (IS_EVERYWHERE.test(text)) return `${option?.short ?? ""} excludes every address`;
  }
  if (ports.length > 1 && !haveOneInCommon(ports.map(rangesOf), isOverlapping))
    return "it asks for two destination ports at once";
  if (
    states.length > 1 &&
    !haveOneInCommon(
      states.map((text) => text.split(",")),
      (a, b) => a === b,
    )
  )
    return "it asks for two connection states at once";
  return null;
}

/** Whether each of the others has an item like one of the first. */
function haveOneInCommon<T>([first = [], ...others]: readonly (readonly T[])[], isLike: (a: T, b: T) => boolean) {
  return others.every((other) => first.some((a) => other.some((b) => isLike(a, b))));
}

const isOverlapping = ([a, b]: readonly number[], [c, d]: readonly number[]): boolean =>
  (a as number) <= (d as number) && (c as number) <= (b as number);

function rangesOf(text: string): (readonly number[])[] {
  return text.split(",").map((range) => {
    const [from = "", to = from] = range.split(":");
    return [from === "" ? 0 : Number(from), to === "" ? 65_535 : Number(to)];
  });
}

/** LOG writes a line for each packet. */
export const logWithoutLimit: Check = {
  ...shared,
  id: "log-without-limit",
  severity: "info",
  confidence: "certain",
  summary: "Rules write a log line for every packet that they match",
  why: "Whoever sends many packets fills the disk and slows the node down.",
  evidence: "LOG or NFLOG without limit, hashlimit, recent or quota.",
  whenFine: "Where few packets match, as for a short search for a fault.",
  remedy: "Add -m limit --limit 5/min.",
  references: [MAN],
  run(context, report) {
    const found: RuleId[] = [];
    const { store } = context;
    const limits = matchesNamed(...LIMITS, "statistic");
    const limited = new Map<ChainId, boolean>();
    for (const rule of otherRules(context, hasTarget("LOG", "ULOG", "NFLOG"))) {
      if (hasMatch(store, rule, limits)) continue;
      const chain = store.chainOf(rule);
      let isLimited = limited.get(chain);
      if (isLimited === undefined) {
        isLimited = isLimitedByCallers(context, chain);
        limited.set(chain, isLimited);
      }
      if (!isLimited) found.push(rule);
    }
    const [first, ...others] = found;
    if (first === undefined) return;
    report({
      at: { rule: first },
      message: `${counted(found.length, "rule")} ${found.length === 1 ? "writes" : "write"} a log line for every packet`,
      related: others.slice(0, 5).map((rule) => ({ at: { rule }, label: "and this one" })),
      effect: "None on traffic; the log grows with each matching packet.",
    });
  },
};

const LIMITS = ["limit", "hashlimit", "recent", "quota"] as const;

/** All jumps to the chain are limited. */
function isLimitedByCallers({ store }: Context, chain: ChainId): boolean {
  const callers = store.callers(chain);
  const limits = matchesNamed(...LIMITS);
  return callers.length > 0 && callers.every((caller) => hasMatch(store, caller, limits));
}

/** -m state is conntrack's old name (xt_state); iptables keeps printing it. */
export const deprecatedSpelling: Check = {
  ...shared,
  id: "deprecated-spelling",
  severity: "info",
  confidence: "certain",
  summary: "Rules use an extension under its old name",
  why: "It works as long as iptables keeps the old name, and knows less than the new one.",
  evidence: "-m state instead of -m conntrack, -j ULOG instead of -j NFLOG, -j NOTRACK instead of -j CT --notrack.",
  whenFine: "Harmless.",
  remedy: "Use -m conntrack --ctstate, -j NFLOG, -j CT --notrack.",
  references: [MAN],
  run(context, report) {
    const seen = new Map<string, RuleId[]>();
    const { store } = context;
    const state = matchesNamed("state");
    const isUlogRule = hasTarget("ULOG");
    const isOld: FormTest = (mentions, target) => (mentions & state.bits) !== 0 || isUlogRule(mentions, target);
    for (const rule of otherRules(context, isOld)) {
      const isUlog = store.targetRecord(rule)?.name === "ULOG";
      const old = hasMatch(store, rule, state) ? "-m state" : isUlog ? "-j ULOG" : null;
      if (old === null) continue;
      const list = seen.get(old);
      if (list === undefined) seen.set(old, [rule]);
      else list.push(rule);
    }
    for (const [old, rules] of seen)
      report({
        at: { rule: rules[0] as RuleId },
        message: `${counted(rules.length, "rule")} ${rules.length === 1 ? "uses" : "use"} ${old}, the old name of ${old === "-m state" ? "-m conntrack --ctstate" : "-j NFLOG"}`,
        effect: "None on traffic.",
      });
  },
};

/** Built-in chain INPUT that drops by policy, without the rule that lets replies in. */
export const dropWithoutEstablished: Check = {
  ...shared,
  id: "drop-without-established",
  severity: "info",
  confidence: "likely",
  summary: "INPUT drops by policy, and no rule accepts replies",
  why: "What the node itself asks others (DNS, the API server, package servers) is answered, and the answers are dropped, unless a rule happens to let their ports in.",
  evidence:
    "Policy DROP of INPUT, or a final DROP or REJECT, and no ACCEPT for state ESTABLISHED that packets to INPUT get to.",
  whenFine: "Where the rules were written without connection tracking on purpose, with source ports.",
  remedy: "iptables -I INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
  references: [MAN],
  needs: ["filter"],
  run(context, report) {
    const { ruleset, store } = context;
    const chain = ruleset.chain("filter", "INPUT");
    if (chain === NONE || store.policy(chain) !== "DROP") return;
    const table = ruleset.table("filter");
    const tcp = bitsOfMatches("tcp");
    const tracked = matchesNamed("conntrack", "state", "socket");
    for (const each of table?.chains ?? []) {
      if (!hookOf(context, each).has("INPUT")) continue;
      for (let rule = store.firstRule(each); rule !== NONE; rule = store.nextRule(rule)) {
        const accepts = store.targetRecord(rule)?.name === "ACCEPT";
        if (accepts && hasMatch(store, rule, tracked)) return;
        const mentions = store.mentions(rule);
        if ((mentions & CORE_OPTIONS) !== 0 && (mentions & tcp) === 0) continue;
        const shape = store.shape(rule);
        if (accepts && shape.options.every(({ owner }) => owner < -1)) return;
        if (optionOf(shape, "--syn") !== undefined || optionOf(shape, "--tcp-flags") !== undefined) return;
      }
    }
    report({
      at: { chain },
      label: "what no rule accepts is dropped",
      message: "INPUT drops by policy, and no rule accepts packets of established connections",
      effect: "Answers to what the node itself asks are dropped, unless a rule lets their ports in.",
    });
  },
};

/** A mark that no rule asks for; routing (ip rule fwmark) and tc may. */
export const unreadMark: Check = {
  ...shared,
  id: "unread-mark",
  severity: "info",
  confidence: "hint",
  summary: "A mark is set that no rule asks for",
  why: "Either what read it was lost, or it is read elsewhere: `ip rule` and `tc filter` read marks too.",
  evidence:
    "-j MARK with bits that no -m mark, CONNMARK --save-mark or -m connmark of the capture asks for, set by nobody known.",
  whenFine: "Where `ip rule` or tc read the mark (AWS VPC CNI 0x80, Cilium 0x200, WireGuard, Tailscale).",
  remedy: "Look at `ip rule` and `tc filter show` before deleting it.",
  references: [MAN],
  run(context, report) {
    const { ruleset, store } = context;
    if (context.services.owners.length > 0) return;
    const setters: { rule: RuleId; bits: number }[] = [];
    if (otherRules(context, hasTarget("CONNMARK", "TPROXY", "NFQUEUE")).length > 0) return;
    const marking = otherRules(context, hasTarget("MARK")).filter(
      (rule) => ruleset.tableOf(store.chainOf(rule)).name !== "nat",
    );
    if (marking.length > MOST_SETTERS) return;
    for (const rule of marking) {
      const [value = "", mask = value] = (ruleset.rule(rule).target?.options[0]?.values[0]?.text ?? "").split("/");
      const bits = Number(value) & Number(mask);
      if (bits !== 0) setters.push({ rule, bits });
    }
    const marks = matchesNamed("mark", "connmark");
    let unread: readonly { rule: RuleId; bits: number }[] = setters;
    for (const rule of unread.length === 0 ? [] : otherRules(context, (mentions) => (mentions & marks.bits) !== 0)) {
      if (unread.length === 0) return;
      if (!hasMatch(store, rule, marks)) continue;
      const read = bitsAsked(ruleset.rule(rule));
      unread = unread.filter(({ bits }) => (bits & read) === 0);
    }
    const [first] = unread;
    if (first === undefined) return;
    report({
      at: { rule: first.rule },
      message: `mark ${hex(first.bits)} is set by ${counted(unread.length, "rule")}, and no rule of this capture asks for it`,
      effect: "None in iptables; routing (ip rule) or tc may read it.",
    });
  },
};

/** More than this are not looked at one by one. */
const MOST_SETTERS = 500;

function bitsAsked({ matches }: RuleNode): number {
  let bits = 0;
  for (const match of matches)
    for (const { record, values } of match.options) {
      if (record?.flag !== "--mark") continue;
      const [value = "", mask] = (values[0]?.text ?? "").split("/");
      bits |= mask === undefined ? 0xffffffff : Number(mask);
      bits |= Number(value);
    }
  return bits;
}
