import type { Check } from "./check.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";

/** One kube-proxy has one way of telling pods of this node from others (--detect-local-mode), set at its start. */
export const mixedLocalDetector: Check = {
  id: "mixed-local-detector",
  severity: "warning",
  confidence: "certain",
  summary: "Services differ in what they take for a pod of this node",
  why: "What comes to a cluster IP from elsewhere than this node's pods is marked for SNAT. A Service with another network or interface than the rest marks too much (endpoints do not see their clients) or too little (replies go astray).",
  evidence:
    "`! -s NETWORK` or `! -i INTERFACE` before KUBE-MARK-MASQ, or `-s NETWORK` in KUBE-EXT, that differs from that of most Services.",
  confirm: "iptables-save -t nat | grep -o -e '! -s [^ ]*' -e '! -i [^ ]*' | sort | uniq -c",
  whenFine: "Never: the setting is read once, and a restart rewrites all chains.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/kubernetes/kubeadm/issues/102",
    "https://github.com/kubernetes/kubernetes/issues/79866",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const detector = context.services.parameters.localDetector;
    if (detector === null) return;
    const found = context.deviations.take(
      ({ kind, slot, rule }) =>
        kind === "changed" &&
        (slot === "masquerade-cluster-ip" || slot === "pods" || slot === "pods-interface") &&
        sourceOf(
          context.claims.value(rule, "notLocalSource"),
          context.claims.value(rule, "localSource"),
          context.claims.value(rule, "notLocalInterface"),
          context.claims.value(rule, "localInterface"),
        ) !== detector.value,
    );
    for (const [port, deviations] of found)
      for (const deviation of deviations) {
        const { claims } = context;
        const { rule } = deviation;
        const seen = sourceOf(
          claims.value(rule, "notLocalSource"),
          claims.value(rule, "localSource"),
          claims.value(rule, "notLocalInterface"),
          claims.value(rule, "localInterface"),
        );
        report({
          ...draftOf(context, deviation),
          message: `${nameOf(port)} takes ${seen ?? "nobody"} for pods of this node, the other Services ${detector.value}`,
        });
      }
  },
};

const sourceOf = (...values: readonly (string | null)[]): string | null =>
  values.find((value) => value !== null) ?? null;
