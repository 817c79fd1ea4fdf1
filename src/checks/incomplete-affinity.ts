import type { ServicePort } from "../kubernetes/service-port.ts";
import type { Check } from "./check.ts";
import type { Deviation } from "./deviation.ts";
import { draftOf } from "./deviation-draft.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";

/** pkg/proxy/iptables/proxier.go: --rcheck for every endpoint in KUBE-SVC, --set in every KUBE-SEP; iptables-extensions(8), recent. */
export const incompleteAffinity: Check = {
  id: "incomplete-affinity",
  severity: "warning",
  confidence: "certain",
  summary: "Session affinity works for some endpoints of a Service only",
  why: "A client is remembered where it went (--set in KUBE-SEP) and sent there again (--rcheck in KUBE-SVC). Where one of the two is missing, clients of that endpoint are dealt anew with each connection and lose their session.",
  evidence:
    "A Service with `-m recent` in some of its rules, but not with --rcheck and --set for each endpoint under the endpoint's own name.",
  confirm: "iptables-save -t nat | grep -e '--rcheck' -e '--set '",
  whenFine: "Never for long: kube-proxy writes both or none.",
  remedy: RESTART_KUBE_PROXY,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/110302",
    "https://github.com/kubernetes/kubernetes/issues/114018",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  followsOthers: true,
  run(context, report) {
    const found = context.deviations.take(
      (deviation) =>
        deviation.slot === "affinity" ||
        (deviation.slot === "dnat" && deviation.kind === "changed" && isAboutRecent(deviation)),
    );
    for (const [port, deviations] of found) {
      const [first] = deviations;
      if (first === undefined) continue;
      report({
        ...draftOf(context, first),
        message: messageOf(port, deviations),
        missing: deviations.flatMap(({ expected }) => expected ?? []),
        effect:
          "Clients of these endpoints get another one with each new connection; a connection that is open stays where it is.",
        severity: "warning",
      });
    }
  },
};

const isAboutRecent = ({ port }: Deviation): boolean => port.sessionAffinity === "ClientIP";

function messageOf(port: ServicePort, deviations: readonly Deviation[]): string {
  const endpoints = new Set(
    deviations.map(({ expected, chainName }) => /KUBE-SEP-\S+/.exec(expected ?? chainName)?.[0] ?? chainName),
  );
  const of = port.endpointChains().length;
  return `session affinity of ${nameOf(port)} does not work for ${endpoints.size} of ${of} endpoints`;
}
