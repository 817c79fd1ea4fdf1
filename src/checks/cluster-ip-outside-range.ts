import { addressMask } from "../../grammar/values/address-mask.ts";
import type { Check } from "./check.ts";
import { bitsOf, isWithin } from "./clients.ts";
import { nameOf } from "./service-words.ts";
import { counted, listed } from "./words.ts";

/** kube-apiserver --service-cluster-ip-range; rests on `cluster.serviceCIDRs` of the configuration. */
export const clusterIpOutsideRange: Check = {
  id: "cluster-ip-outside-range",
  severity: "warning",
  confidence: "certain",
  summary: "A Service has a cluster IP outside of the networks for cluster IPs",
  why: "The API server gives no such address: the Service is of another cluster, or from before the network was changed. Whoever really has the address is not reached from this node.",
  evidence: "The address in a rule of KUBE-SERVICES, against `cluster.serviceCIDRs` of the configuration.",
  confirm: "kubectl get services -A -o wide; kubectl get servicecidrs",
  whenFine:
    "Where a network was added to the cluster and not to the configuration. Silent where the configuration names none.",
  remedy: "Delete and create the Service, so that it gets an address of the network; or complete cluster.serviceCIDRs.",
  references: ["https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run({ services, ruleset, facts }, report) {
    const networks = facts.serviceCidrs.filter(({ family }) => family === ruleset.family);
    if (networks.length === 0) return;
    const outside = services.servicePorts.filter(({ clusterIP }) => {
      const bits = clusterIP === null ? null : bitsOf(clusterIP);
      return bits !== null && !networks.some((network) => isWithin(bits, network));
    });
    const [first] = outside;
    if (first === undefined) return;
    const rules = outside.slice(0, 4).flatMap((port) => port.clusterFrontend?.rule ?? port.evidence[0] ?? []);
    const [at = 0, ...others] = rules;
    const where = listed(networks.map((network) => addressMask.print(network, { family: network.family })));
    report({
      at: { rule: at },
      message: `${outside.length} of ${counted(services.servicePorts.length, "Service port")} ${outside.length === 1 ? "has" : "have"} a cluster IP outside of ${where}: ${listed(outside.map((port) => `${port.clusterIP} of ${nameOf(port)}`))}`,
      effect: `Whoever else has ${outside.length === 1 ? "this address" : "these addresses"} is not reached from this node.`,
      servicePort: outside.length === 1 ? first.id : null,
      related: others.map((rule) => ({ at: { rule }, label: "and here" })),
    });
  },
};
