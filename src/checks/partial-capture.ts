import type { TableName } from "../netfilter/table.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { listed } from "./words.ts";

const lostWith: Partial<Record<TableName, string>> = {
  nat: "which Services there are and where they lead",
  filter: "Services without endpoints, what is forwarded and what is dropped",
};

/** What was not captured cannot be judged, and "not there" must not be said of it. */
export const partialCapture: Check = {
  id: "partial-capture",
  severity: "info",
  confidence: "certain",
  summary: "The capture is a part of the node's rules",
  why: "Many faults show only where two tables are held against each other, and only a whole table shows that a rule is missing. iptlint is silent about what it cannot know.",
  evidence: "kube-proxy's chains in one table without the other one, or rules without a `*table` line.",
  confirm: "iptables-save | grep '^\\*'",
  whenFine: "Where just that part was wanted.",
  remedy: "Capture everything: iptables-save > dump.txt (and ip6tables-save for IPv6)",
  references: [],
  since: "0.1.0",
  subject: "capture",
  needs: [],
  run(context, report) {
    const { ruleset, services } = context;
    if (services.mode !== "iptables") return;
    const missing = (["nat", "filter"] as const).filter((name) => context.wholeness(name) === "absent");
    const excerpts = ruleset.tables.filter(({ implied }) => implied);
    const [at] = excerpts.length > 0 ? excerpts : ruleset.tables;
    if (at === undefined || (missing.length === 0 && excerpts.length === 0)) return;
    report({
      at: { table: at },
      message: messageOf(context, missing, excerpts.length > 0),
      effect: effectOf(missing, excerpts.length > 0),
    });
  },
};

function messageOf({ ruleset, all }: Context, missing: readonly TableName[], isExcerpt: boolean): string {
  const families = new Set(all.map((each) => each.ruleset.family));
  const of = families.size > 1 && ruleset.family !== null ? ` (IPv${ruleset.family})` : "";
  if (isExcerpt) return `an excerpt: rules without the table they stand in${of}`;
  return `table ${listed(missing)} ${missing.length === 1 ? "is" : "are"} not in this capture${of}`;
}

function effectOf(missing: readonly TableName[], isExcerpt: boolean): string {
  if (isExcerpt) return "Not judged: whether rules are missing, and what packets meet elsewhere.";
  return `Not judged: ${missing.map((name) => lostWith[name] ?? name).join("; ")}.`;
}
