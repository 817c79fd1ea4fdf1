import type { Check } from "./check.ts";
import { draftOf } from "./deviation-draft.ts";

/** One cause, one finding: what most Services share is not damage. */
export const unknownLayout: Check = {
  id: "unknown-layout",
  severity: "info",
  confidence: "hint",
  summary: "Most Services share a form that iptlint does not know",
  why: "The rules follow a layout of a kube-proxy, or of a patched one, that iptlint was not told of. What else it says of these chains is worth less; single deviations of this form are not reported.",
  evidence: "The same slot of kube-proxy's rules differs for more than half of the Services.",
  confirm: "kubectl -n kube-system get pods -l k8s-app=kube-proxy -o jsonpath='{..image}'",
  whenFine: "Mostly: please report the layout.",
  remedy: "None needed for the node. Open an issue at iptlint with the version of kube-proxy.",
  references: [],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    for (const { example, count } of context.deviations.unknownForms) {
      const draft = draftOf(context, example);
      const what = example.slot === "" ? "a rule that kube-proxy is not known to write" : `the rule "${example.slot}"`;
      const verb = {
        missing: "lack",
        unexpected: "have",
        changed: "have another form of",
        misplaced: "have in another place",
        repeated: "have twice",
      };
      report({
        at: draft.at,
        message: `${count} Service ports ${verb[example.kind]} ${what} in ${example.role.toUpperCase()}: these rules follow a layout that iptlint does not know`,
        label: "for example",
        missing: draft.missing ?? [],
        effect: "Not judged: the single Services are not reported for it.",
      });
    }
  },
};
