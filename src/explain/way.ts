import { displayText } from "../../grammar/bytes.ts";
import { conditionsInWords } from "../netfilter/rule-in-words.ts";
import { NONE, type RuleId, type Ruleset } from "../netfilter/ruleset.ts";
import type { Step } from "../netfilter/trace/steps.ts";
import type { WayRow, WaySection } from "../report/way.ts";
import { conditionsWithAffinity, remembersClient } from "./affinity-in-words.ts";

/** A chain whose rows are at most so many and jump nowhere is shown where it is jumped to. */
const mostInline = 3;
/** Of longer sections the first and the last rows are shown. */
const mostRows = 12;
const lastRows = 2;

/** Steps of one table at one hook, each rule once, by chain in the order in which the packet comes to them. */
interface Stage {
  readonly name: string;
  readonly chains: Map<string, Step[]>;
}

/**
 * The rules on all ways of a trace, each once: hook by hook, chain by chain.
 * @param wanted - `changes`: only tables in which something happens but jumps and ACCEPT; `nat`: of these nat alone; `all`: every table
 */
export function wayOf(ruleset: Ruleset, steps: readonly Step[], wanted: "changes" | "nat" | "all"): WaySection[] {
  const sections: WaySection[] = [];
  for (const stage of stagesOf(steps)) {
    if (wanted === "nat" && !stage.name.startsWith("nat ")) continue;
    if (wanted === "all") {
      sections.push(...sectionsOf(ruleset, stage));
    } else if ([...stage.chains.values()].flat().some((step) => changes(ruleset, step))) {
      sections.push(...sectionsOf(ruleset, withoutIdleJumps(ruleset, stage)));
    }
  }
  return sections;
}

function stagesOf(steps: readonly Step[]): Stage[] {
  const stages = new Map<string, Stage>();
  const seen = new Set<string>();
  for (const step of steps) {
    const key = `${step.hook} ${step.table}`;
    const id = `${key} ${step.chain} ${step.rule}`;
    if (seen.has(id)) continue;
    seen.add(id);
    let stage = stages.get(key);
    if (stage === undefined) {
      stage = { name: `${step.table} ${step.hook}`, chains: new Map() };
      stages.set(key, stage);
    }
    const rows = stage.chains.get(step.chain);
    if (rows === undefined) stage.chains.set(step.chain, [step]);
    else rows.push(step);
  }
  return [...stages.values()];
}

/** The stage without jumps to chains in which no rule matched. */
function withoutIdleJumps(ruleset: Ruleset, { name, chains }: Stage): Stage {
  const leads = ({ rule }: Step): boolean => {
    const target = rule === NONE ? NONE : ruleset.target(rule);
    return target === NONE || chains.has(ruleset.chainName(target));
  };
  return { name, chains: new Map(Array.from(chains, ([chain, steps]) => [chain, steps.filter(leads)])) };
}

/** Whether a step is more than a jump or a verdict that lets the packet pass. */
function changes(ruleset: Ruleset, { rule, effect }: Step): boolean {
  if (rule === NONE) return effect.startsWith("dropped");
  if (ruleset.target(rule) !== NONE) return false;
  const name = ruleset.rule(rule).target?.name;
  return name !== undefined && name !== "ACCEPT" && name !== "RETURN";
}

function* sectionsOf(ruleset: Ruleset, stage: Stage): Iterable<WaySection> {
  const inline = new Set<string>();
  for (const [chain, steps] of stage.chains) {
    const jumps = steps.some(({ rule }) => rule !== NONE && ruleset.target(rule) !== NONE);
    if (!jumps && steps.length <= mostInline && !stage.name.endsWith(` ${chain}`)) inline.add(chain);
  }
  for (const [chain, steps] of stage.chains) {
    if (inline.has(chain)) continue;
    const sorted = [...steps].sort((a, b) => a.line - b.line);
    const shown =
      sorted.length > mostRows ? [...sorted.slice(0, mostRows - lastRows), ...sorted.slice(-lastRows)] : sorted;
    const rows = shown.flatMap((step) => {
      const target = step.rule === NONE ? NONE : ruleset.target(step.rule);
      const name = target === NONE ? "" : ruleset.chainName(target);
      const inner = inline.has(name) ? (stage.chains.get(name) ?? []) : [];
      return [rowOf(ruleset, step, steps, 0), ...inner.map((each) => rowOf(ruleset, each, inner, 1))];
    });
    const title = stage.name.endsWith(` ${chain}`) ? stage.name : displayText(chain);
    yield { title, rows, omitted: sorted.length - shown.length };
  }
}

function rowOf(ruleset: Ruleset, step: Step, chain: readonly Step[], depth: 0 | 1): WayRow {
  const condition = step.rule === NONE ? "" : conditionOf(ruleset, step, chain, depth);
  return { line: step.line, condition: displayText(condition), effect: displayText(effectOf(ruleset, step)), depth };
}

function effectOf(ruleset: Ruleset, { chain, effect, rule }: Step): string {
  if (rule !== NONE && remembersClient(ruleset.rule(rule))) return `${effect}, and the client is remembered`;
  return chain === "KUBE-MARK-MASQ" && effect.startsWith("sets mark ")
    ? `${effect}: rewrite the source on the way out, so that the reply comes back here`
    : effect;
}

function conditionOf(ruleset: Ruleset, step: Step, chain: readonly Step[], depth: 0 | 1): string {
  const said = conditionsWithAffinity(ruleset.rule(step.rule));
  const everything = said === "every packet";
  if (step.chance !== null) {
    const isFirst = !chain.some((other) => other.chance !== null && other.line < step.line);
    const part = partInWords(step.chance, isFirst ? "them" : "the rest");
    return everything || depth === 1 ? `${part} at random` : `${said}, ${part} at random`;
  }
  if (depth === 1 && /^protocol is \S+$/.test(said)) return "";
  if (!everything) return said;
  if (depth === 1) return guardBefore(ruleset, step.rule) ?? "";
  if (chain.some((other) => other.chance !== null && other.line < step.line)) return "the rest";
  return guardBefore(ruleset, step.rule) ?? (step.table === "nat" ? "every connection" : said);
}

/** What is left behind `-m mark ! --mark X -j RETURN`: packets that are marked. */
function guardBefore(ruleset: Ruleset, rule: RuleId): string | null {
  let guard: string | null = null;
  for (const before of ruleset.rulesOf(ruleset.chainOf(rule))) {
    if (before === rule) return guard;
    const { target } = ruleset.rule(before);
    if (target?.name !== "RETURN" || ruleset.target(before) !== NONE) continue;
    const said = conditionsInWords(ruleset.rule(before));
    if (/^not marked \S+$/.test(said)) guard = said.slice("not ".length);
  }
  return null;
}

function partInWords({ ideal, share }: { readonly ideal: string; readonly share: number }, whole: string): string {
  if (ideal === "1/2") return `half of ${whole},`;
  if (ideal === "1/3") return `a third of ${whole},`;
  if (ideal === "1/4") return `a quarter of ${whole},`;
  const [one, of] = ideal.split("/");
  if (one === "1" && of !== undefined) return `1 in ${of} of ${whole},`;
  return `${(share * 100).toFixed(1)} % of ${whole},`;
}
