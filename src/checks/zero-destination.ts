import { NONE, type RuleId } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import type { Context } from "./context.ts";
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
    for (const chain of claims.chains) {
      const rule = endpoints.dnat[chain] as RuleId;
      if (rule === NONE || !maybeZero(context, rule) || endpoints.address(chain) !== null) continue;
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

/** The line ends in port 0, or its last word begins with a zero or `[:`: looked at byte by byte, since all endpoints are asked. */
function maybeZero({ store }: Context, rule: RuleId): boolean {
  const { bytes } = store.ast.source;
  let end = store.ast.offset(store.node(rule) + 1);
  while (end > 0 && (bytes[end - 1] as number) <= 32) end--;
  if (bytes[end - 1] === 48 && bytes[end - 2] === 58) return true;
  let start = end;
  while (start > 0 && end - start < 64 && bytes[start - 1] !== 32) start--;
  return bytes[start] === 48 || (bytes[start] === 91 && bytes[start + 1] === 58);
}
