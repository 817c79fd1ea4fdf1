import { type ChainId, NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { RESTART_KUBE_PROXY } from "./remedy.ts";
import { nameOf } from "./service-words.ts";

const ZERO = /^(?:0\.0\.0\.0|\[::\])?:0$|^0\.0\.0\.0|^\[::\]/;

/** What nobody listens on. Printed too by an iptables-save that does not know the rule's form. */
export const zeroDestination: Check = {
  id: "zero-destination",
  severity: "error",
  confidence: "likely",
  summary: "The DNAT rule of an endpoint has no address or port",
  why: "Connections that are dealt to this endpoint go nowhere. Or the rule is right and the iptables-save that printed it is older than the iptables that wrote it.",
  evidence: "--to-destination with address 0.0.0.0 or [::], or with port 0.",
  confirm: "kubectl -n kube-system exec KUBE-PROXY-POD -- iptables-save -t nat | grep KUBE-SEP-...",
  whenFine: "Where kube-proxy's own iptables-save prints an address, the rule is right.",
  remedy: `Capture with kube-proxy's own iptables first. ${RESTART_KUBE_PROXY}`,
  references: [
    "https://github.com/kubernetes/kubernetes/issues/114537",
    "https://github.com/kubernetes-sigs/kind/issues/3059",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { claims, endpoints, ruleset } = context;
    const { soundChains } = context.suspects;
    for (let chain: ChainId = soundChains.indexOf(0); chain !== NONE; chain = soundChains.indexOf(0, chain + 1)) {
      if (!claims.isServiceChain(chain) || !endpoints.mayBeZero(chain) || endpoints.address(chain) !== null) continue;
      const rule = endpoints.dnatOf(chain);
      const text = claims.value(rule, "endpoint");
      if (text === null || !ZERO.test(text)) continue;
      const port = context.portOf(chain);
      context.deviations.take((each) => each.chain === chain);
      report({
        at: { rule },
        message: `${ruleset.chainName(chain)} of ${nameOf(port)} sends connections to ${text}`,
        servicePort: port?.id ?? null,
        effect: "Connections that are dealt to this endpoint fail, if the kernel's rule is as it is printed here.",
      });
    }
  },
};
