import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import type { Check, Draft } from "./check.ts";
import type { NodeDeviation } from "./deviation.ts";
import { draftOf, nodeDraftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { frontendInWords, isOutside, nameOf } from "./service-words.ts";
import { counted, listed } from "./words.ts";

/** The catch-all: the writer of kube-proxy's rules (src/kubernetes/write-rules.ts) against the rules that are there. */
export const missingKubeProxyRule: Check = {
  id: "missing-kube-proxy-rule",
  severity: "error",
  confidence: "certain",
  summary: "A rule that kube-proxy writes for a Service is missing or has other values",
  why: "From what else is there of a Service follows which rules kube-proxy writes for it. One that is missing was deleted or changed by somebody else, or the text was cut.",
  evidence:
    "The rules of the Service, written anew from what they say, are not those of the text. The finding has the missing rule.",
  confirm: "iptables-save | grep NAMESPACE/NAME",
  whenFine:
    "Where a kube-proxy of another make writes another form; if most Services share it, it is reported once and as unknown-layout.",
  remedy: RESTART_KUBE_PROXY,
  references: ["https://github.com/kubernetes/kubernetes/blob/v1.30.5/pkg/proxy/iptables/proxier.go"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat", "filter"],
  followsOthers: true,
  run(context, report) {
    const ofNode = context.takeNodeDeviations(({ kind }) => kind === "missing" || kind === "changed");
    for (const chainName of new Set(ofNode.map((each) => each.chainName))) {
      const deviations = ofNode.filter((each) => each.chainName === chainName);
      const [first] = deviations as [NodeDeviation];
      const slots = deviations.map(({ slot }) => `"${slot}"`);
      const verb = first.kind === "missing" ? "lacks" : "does not have as kube-proxy writes it";
      report({
        ...nodeDraftOf(context, first),
        message: `${chainName} ${verb} the rule ${listed(slots)}`,
        missing: deviations.flatMap(({ expected }) => expected ?? []),
      });
    }
    for (const port of context.suspects.all) if (lacksClusterIP(port)) report(clusterIPDraft(port));
    for (const [port, deviations] of context.deviations.take(({ kind }) => kind === "missing" || kind === "changed")) {
      const [first] = deviations;
      if (first === undefined) continue;
      const what =
        deviations.length > 1
          ? `${counted(deviations.length, "rule")} of ${nameOf(port)} in ${first.chainName}${new Set(deviations.map(({ chainName }) => chainName)).size > 1 ? " and other chains" : ""} are missing or changed`
          : first.kind === "missing"
            ? `${first.chainName} lacks the rule "${first.slot}" of ${nameOf(port)}`
            : `the rule "${first.slot}" of ${nameOf(port)} in ${first.chainName} is not as kube-proxy writes it`;
      report({
        ...draftOf(context, first),
        message: what,
        missing: deviations.flatMap(({ expected }) => expected ?? []),
      });
    }
  },
};

/** Only a Service with a cluster IP has a way in from outside; where nothing of it is in nat, its cluster IP is refused in filter. */
const lacksClusterIP = (port: ServicePort): boolean =>
  port.chainHash === null &&
  port.frontends.some(isOutside) &&
  port.frontends.every(({ kind }) => kind !== "clusterIP") &&
  port.id !== null;

function clusterIPDraft(port: ServicePort): Draft {
  const frontend = port.frontends.find(isOutside) as Frontend;
  return {
    at: { rule: frontend.rule },
    label: "kube-proxy writes one for the cluster IP, too",
    message: `there is a rule for ${frontendInWords(frontend)} of ${nameOf(port)}, and none for its cluster IP`,
    servicePort: port.id,
    effect: `Connections to the cluster IP are neither forwarded nor refused: they hang. Or it is this rule that is wrong, and ${frontendInWords(frontend)} is not the Service's.`,
    severity: "warning",
  };
}
