import type { TargetNode } from "../../grammar/ast.ts";
import { ownerOfComment } from "../kubernetes/owners.ts";
import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Context } from "./context.ts";

/** A rule that sets bits of the packet mark. */
export interface MarkSetter {
  readonly rule: RuleId;
  /** Who wrote it, as far as chain and comment tell. */
  readonly owner: string | null;
  /** Bits that it sets, and bits that it overwrites. */
  readonly bits: number;
  readonly mask: number;
}

/** More than this are not looked at. */
const MOST = 2000;

const known = new WeakMap<Context, readonly MarkSetter[]>();

/** Rules with target MARK outside the chains of single Services. */
export function markSetters(context: Context): readonly MarkSetter[] {
  const found = known.get(context) ?? findSetters(context);
  known.set(context, found);
  return found;
}

function findSetters({ ruleset, store, claims, services }: Context): readonly MarkSetter[] {
  const found: MarkSetter[] = [];
  for (let chain = 0; chain < store.chainCount && found.length < MOST; chain++) {
    if (claims.isServiceChain(chain) || !ruleset.tables.includes(store.tableOf(chain))) continue;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      if (store.targetRecord(rule)?.name !== "MARK") continue;
      const { target } = ruleset.rule(rule);
      const set = target === null ? null : bitsSet(target);
      if (set === null) continue;
      const comment = claims.comment(rule);
      const owner = services.ownerOf(chain) ?? (comment === null ? null : ownerOfComment(comment));
      found.push({ rule, owner: owner?.name ?? null, ...set });
    }
  }
  return found;
}

/** iptables-extensions(8), MARK: --set-xmark value/mask is (mark & ~mask) ^ value. */
function bitsSet({ options }: TargetNode): { bits: number; mask: number } | null {
  const option = options[0];
  const flag = option?.record?.flag ?? option?.flag.text;
  const [first = "", second] = (option?.values[0]?.text ?? "").split("/");
  const value = Number(first);
  if (first === "" || !Number.isInteger(value) || value < 0) return null;
  const mask = second === undefined ? 0xffffffff : Number(second);
  if (!Number.isInteger(mask)) return null;
  switch (flag) {
    case "--set-xmark":
    case "--set-mark":
      return { bits: value, mask };
    case "--or-mark":
      return { bits: value, mask: value };
    default:
      return null;
  }
}

export const hex = (bits: number): string => `0x${(bits >>> 0).toString(16)}`;
