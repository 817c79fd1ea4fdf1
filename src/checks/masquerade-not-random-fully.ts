import type { Shape } from "../../grammar/shape.ts";
import type { ExtensionRecord } from "../../grammar/vocabulary/record.ts";
import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
import { counted } from "./words.ts";

/** Two packets that are rewritten at one moment may get the same source port; the second is dropped (insert_failed). */
export const masqueradeNotRandomFully: Check = {
  id: "masquerade-not-random-fully",
  severity: "info",
  confidence: "hint",
  summary: "Some rules rewrite sources without --random-fully, others with it",
  why: "Without it source ports are chosen one after the other, and under load two connections may get the same: one SYN or one DNS query is lost, and comes again after 1 or 5 seconds. It mitigates the race, it does not end it.",
  evidence:
    "MASQUERADE or SNAT without --random-fully beside others that have it, so that iptables and kernel know the option.",
  confirm: "conntrack -S | grep -o 'insert_failed=[0-9]*' | sort | uniq -c",
  whenFine: "Where insert_failed does not rise.",
  remedy: "Update the CNI plugin, or set its option for random source ports.",
  references: [
    "https://github.com/flannel-io/flannel/issues/1004",
    "https://github.com/weaveworks/weave/issues/3287",
    "https://github.com/kubernetes-sigs/ip-masq-agent/issues/51",
    "https://github.com/kubernetes/kubernetes/issues/56903",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const chain = context.ruleset.chain("nat", "KUBE-POSTROUTING");
    const own =
      chain === NONE
        ? NONE
        : (context.rulesOf(chain).find((rule) => isMasquerade(context.store.targetRecord(rule))) ?? NONE);
    if (own === NONE || isRandom(context.store.shape(own))) return;
    const others = randomRules(context);
    if (others === 0) return;
    report({
      at: { rule: own },
      message: `kube-proxy's MASQUERADE has no --random-fully, ${counted(others, "other rule")} ${others === 1 ? "has" : "have"}`,
      effect: "Under load some connections lose their first packet and start a second later.",
    });
  },
};

const isMasquerade = (target: ExtensionRecord | null): boolean =>
  target?.name === "MASQUERADE" || target?.name === "SNAT";
const isRandom = ({ options }: Shape): boolean => options.some(({ record }) => record?.flag === "--random-fully");

function randomRules({ store, ruleset }: Context): number {
  const table = ruleset.table("nat");
  let count = 0;
  for (const chain of table?.chains ?? []) {
    if (ruleset.chainName(chain).startsWith("KUBE-S")) continue;
    for (let rule = store.firstRule(chain); rule !== NONE; rule = store.nextRule(rule)) {
      if (isMasquerade(store.targetRecord(rule)) && isRandom(store.shape(rule))) count++;
    }
  }
  return count;
}
