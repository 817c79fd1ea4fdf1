import { isHookRole } from "../kubernetes/templates/slot.ts";
import { type ChainId, NONE, type RuleId } from "../netfilter/ruleset.ts";
import { BUILT_IN } from "../netfilter/table.ts";
import type { Draft } from "./check.ts";
import type { Context } from "./context.ts";
import { isUnconditional } from "./form.ts";
import { listed } from "./words.ts";

/** Jumps of a built-in chain to kube-proxy's chains to which no packet gets. */
export interface UnreachedHooks {
  readonly chain: ChainId;
  /** The rule before them that takes every packet. */
  readonly by: RuleId;
  readonly hooks: readonly RuleId[];
}

const ENDS: ReadonlySet<string> = new Set([
  "ACCEPT",
  "DROP",
  "REJECT",
  "RETURN",
  "DNAT",
  "REDIRECT",
  "MASQUERADE",
  "SNAT",
]);

/** kube-proxy puts its jumps first when it starts; what stands before them was inserted later. */
export function unreachedHooks(context: Context): readonly UnreachedHooks[] {
  const { ruleset } = context;
  const found: UnreachedHooks[] = [];
  for (const { name: table } of context.wholeTables)
    for (const hook of BUILT_IN[table]) {
      const chain = ruleset.chain(table, hook);
      const unreached = chain === NONE ? null : unreachedIn(context, chain);
      if (unreached !== null) found.push(unreached);
    }
  return found;
}

function unreachedIn(context: Context, chain: ChainId): UnreachedHooks | null {
  const { store } = context;
  const all = hooksIn(context, chain);
  const last = all[all.length - 1];
  if (last === undefined) return null;
  let passed = 0;
  for (let by = store.firstRule(chain); by !== last; by = store.nextRule(by)) {
    if (by === all[passed]) passed++;
    if (!takesAll(context, by)) continue;
    const before = new Set(all.slice(0, passed).map((rule) => store.targetChain(rule)));
    // behind a rule that only lets packets pass, an empty chain misses nothing
    const hooks = all.slice(passed).filter((rule) => {
      const target = store.targetChain(rule);
      return !before.has(target) && (store.firstRule(target) !== NONE || stops(context, by));
    });
    return hooks.length === 0 ? null : { chain, by, hooks };
  }
  return null;
}

/** Jumps to kube-proxy's chains. */
function hooksIn({ store, claims }: Context, chain: ChainId): RuleId[] {
  const found: RuleId[] = [];
  for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
    const target = store.targetChain(rule);
    const role = target === NONE ? null : claims.role(target);
    if (role !== null && !isHookRole(role)) found.push(rule);
  }
  return found;
}

const stops = ({ store }: Context, rule: RuleId): boolean =>
  ["DROP", "REJECT"].includes(store.shape(rule).targetRecord?.name ?? "");

function takesAll({ store }: Context, rule: RuleId): boolean {
  if (!isUnconditional(store, rule)) return false;
  const shape = store.shape(rule);
  return shape.goto || ENDS.has(shape.targetRecord?.name ?? "");
}

/** `missing`: jumps of the same chain that are gone, as kube-proxy writes them. */
export function unreachedDraft(
  context: Context,
  { chain, by, hooks }: UnreachedHooks,
  missing: readonly string[],
): Draft {
  const { ruleset, store } = context;
  const names = [...new Set(hooks.map((rule) => ruleset.chainName(store.targetChain(rule))))];
  const where = `${ruleset.tableOf(chain).name} ${ruleset.chainName(chain)}`;
  const effect = context.nodeEffectOf(by);
  const isStopped = stops(context, by);
  return {
    at: { rule: by },
    label: "takes every packet",
    missing,
    message: `no packet gets to the ${names.length === 1 ? "jump" : "jumps"} from ${where} to ${listed(names)}: a rule before ${names.length === 1 ? "it" : "them"} takes all`,
    related: hooks.slice(0, 3).map((rule) => ({ at: { rule }, label: "is never reached" })),
    effect: isStopped
      ? `Every packet that comes to the rule is stopped, whatever it is for. ${effect.text}`
      : effect.text,
    severity: isStopped ? "error" : effect.severity,
    confirm: `iptables -t ${ruleset.tableOf(chain).name} -S ${ruleset.chainName(chain)}`,
    remedy: "Find out who wrote the rule, and take it out or put it behind kube-proxy's jumps.",
  };
}
