import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check, ReportFinding } from "./check.ts";
import type { Context } from "./context.ts";
import { dropEffect, isDropMarkAsked, setsMark } from "./markless-mark-chain.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { counted } from "./words.ts";

/** pkg/proxy/iptables/proxier.go: masqueradeMark = 1 << --iptables-masquerade-bit, set in KUBE-MARK-MASQ and asked for in KUBE-POSTROUTING. */
export const markMismatch: Check = {
  id: "mark-mismatch",
  severity: "error",
  confidence: "certain",
  summary: "The mark that KUBE-MARK-MASQ sets is not the one that is asked for",
  why: "Packets that need SNAT are marked in PREROUTING and rewritten in POSTROUTING if they have the mark. Where the two differ, none is rewritten: NodePorts, load balancers and hairpins answer to the wrong place.",
  evidence:
    "`--set-xmark` in KUBE-MARK-MASQ, `! --mark` in KUBE-POSTROUTING and `--mark` in KUBE-FORWARD have different values; or KUBE-MARK-DROP sets a mark, and no rule of KUBE-FIREWALL drops what has it.",
  confirm: "iptables-save | grep -e KUBE-MARK-MASQ -e '--mark'",
  whenFine: "Never; --iptables-masquerade-bit changes all of them alike.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/projectcalico/felix/issues/964"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    reportMismatch(context, marksOf(context, MASQUERADE), report);
    reportMismatch(context, marksOf(context, DROP), report);
    reportUndropped(context, report);
  },
};

function reportMismatch(context: Context, marks: readonly Mark[], report: ReportFinding): void {
  const votes = new Map<string, number>();
  for (const { mark } of marks) votes.set(mark, (votes.get(mark) ?? 0) + 1);
  if (votes.size < 2) return;
  // the sides of a tie are told apart by who sets the mark
  const right = [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
  const wrong = marks.filter(({ mark }) => mark !== right);
  const [first] = wrong;
  if (first === undefined) return;
  const other = marks.find(({ mark }) => mark === right);
  const effect = context.nodeEffect;
  context.takeNodeDeviations(
    ({ slot, kind }) => kind === "changed" && ["mark", "unmarked", "unmark", "marked"].includes(slot),
  );
  report({
    at: { rule: first.rule },
    label: `has ${first.mark}, the others have ${right}`,
    message: `${first.chain} ${first.verb} ${first.mark}, ${other?.chain ?? "the others"} ${other?.verb ?? "have"} ${right}`,
    related: marks
      .filter(({ mark }) => mark === right)
      .map(({ rule, verb, mark }) => ({ at: { rule }, label: `${verb} ${mark}` })),
    effect: effect.text,
    severity: effect.severity,
    confirm: "iptables-save | grep -e '-xmark' -e '--mark'",
  });
}

/** Before 1.25 kube-proxy marks what the kubelet's rule in KUBE-FIREWALL drops. */
function reportUndropped(context: Context, report: ReportFinding): void {
  const { ruleset } = context;
  const chain = ruleset.chain("nat", "KUBE-MARK-DROP");
  const callers = chain === NONE ? [] : ruleset.callers(chain);
  const [first] = callers;
  if (first === undefined || !context.isWhole("filter") || !setsMark(context, chain) || isDropMarkAsked(context))
    return;
  const effect = dropEffect(context);
  report({
    at: { rule: context.store.firstRule(chain) },
    label: "marks what is to be dropped",
    message: `KUBE-MARK-DROP marks what ${counted(callers.length, "rule")} ${callers.length === 1 ? "means" : "mean"} to drop, and no rule of KUBE-FIREWALL drops it`,
    related: [{ at: { rule: first }, label: "means to drop", before: true }],
    effect: effect.text,
    severity: effect.severity,
    confirm: "iptables -t filter -S KUBE-FIREWALL",
    remedy: "Restart the kubelet, which writes the rule (before 1.25 it does so at each start and every minute).",
  });
}

type Place = readonly [table: "nat" | "filter", chain: string, slot: string, hole: string, verb: string];

const MASQUERADE: readonly Place[] = [
  ["nat", "KUBE-MARK-MASQ", "mark", "mark", "sets mark"],
  ["nat", "KUBE-POSTROUTING", "unmarked", "mark", "asks for mark"],
  ["nat", "KUBE-POSTROUTING", "masquerade-marked", "mark", "asks for mark"],
  ["nat", "KUBE-POSTROUTING", "unmark", "unmark", "takes away mark"],
  ["filter", "KUBE-FORWARD", "marked", "mark", "asks for mark"],
];
/** Both the kubelet's. */
const DROP: readonly Place[] = [
  ["nat", "KUBE-MARK-DROP", "mark", "mark", "sets mark"],
  ["filter", "KUBE-FIREWALL", "marked", "mark", "asks for mark"],
];

interface Mark {
  readonly rule: RuleId;
  readonly chain: string;
  readonly verb: string;
  /** The bits. */
  readonly mark: string;
}

function marksOf({ ruleset, claims }: Context, places: readonly Place[]): Mark[] {
  const found: Mark[] = [];
  for (const [table, chainName, slot, hole, verb] of places) {
    const chain = ruleset.chain(table, chainName);
    if (chain === NONE) continue;
    for (const rule of ruleset.rulesOf(chain)) {
      if (claims.candidate(rule)?.slot.name !== slot) continue;
      const [value = ""] = (claims.value(rule, hole) ?? "").split("/");
      // a mark of nothing is a chain that marks nothing, which another check speaks of
      if (value !== "" && Number(value) !== 0) found.push({ rule, chain: chainName, verb, mark: value });
    }
  }
  return found;
}
