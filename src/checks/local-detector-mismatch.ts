import { addressMask } from "../../grammar/values/address-mask.ts";
import { NONE } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { isWithin, networkOf } from "./clients.ts";
import { listed } from "./words.ts";

/** kube-proxy --cluster-cidr; rests on `cluster.podCIDRs` of the configuration. */
export const localDetectorMismatch: Check = {
  id: "local-detector-mismatch",
  severity: "warning",
  confidence: "certain",
  summary: "kube-proxy takes another network for the pods' than the configuration",
  why: "kube-proxy rewrites the source of whoever is not of the network that it takes for the pods'. With a wrong one all pods are rewritten: endpoints and network policies see the node instead of them.",
  evidence: "`! -s NETWORK` before KUBE-MARK-MASQ, against `cluster.podCIDRs` of the configuration.",
  confirm:
    "kubectl -n kube-system get configmap kube-proxy -o yaml | grep clusterCIDR; kubectl get nodes -o jsonpath='{.items[*].spec.podCIDRs}'",
  whenFine: "Where the configuration is not up to date. Silent where it names no network of pods.",
  remedy:
    "Set --cluster-cidr (clusterCIDR in the ConfigMap kube-proxy) to the pods' network and restart kube-proxy; or correct cluster.podCIDRs.",
  references: ["https://kubernetes.io/docs/reference/command-line-tools-reference/kube-proxy/"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run(context, report) {
    const { services, ruleset, facts } = context;
    const { localDetector: detector } = services.parameters;
    const family = ruleset.family ?? 4;
    const taken = detector?.kind === "cidr" ? networkOf(detector.value, family) : null;
    const pods = facts.podCidrs.filter((network) => network.family === family);
    if (detector === null || taken === null || pods.length === 0) return;
    if (pods.some((network) => isWithin(network.bits, taken) || isWithin(taken.bits, network))) return;
    for (const port of services.servicePorts) {
      const rule = context.ruleIn(port.clusterFrontend?.chain ?? NONE, "masquerade-cluster-ip");
      if (rule === NONE) continue;
      report({
        at: { rule },
        message: `${detector.value} is taken for the pods' network, and the configuration says ${listed(pods.map((network) => addressMask.print(network, { family })))}`,
        effect: "Connections of pods to cluster IPs get an address of this node as their source.",
      });
      return;
    }
  },
};
