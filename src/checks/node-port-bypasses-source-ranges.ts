import type { Check } from "./check.ts";
import { nameOf } from "./service-words.ts";
import { listed } from "./words.ts";

/** loadBalancerSourceRanges speaks of the load balancer's address alone. */
export const nodePortBypassesSourceRanges: Check = {
  id: "node-port-bypasses-source-ranges",
  severity: "info",
  confidence: "certain",
  summary: "The source ranges of a load balancer do not hold for its NodePort",
  why: "kube-proxy filters the load balancer's address. Whoever reaches a node connects to the NodePort from anywhere.",
  evidence: "KUBE-FW of the Service asks for sources, and KUBE-NODEPORTS leads to it without.",
  confirm:
    "kubectl -n NAMESPACE get service NAME -o jsonpath='{.spec.loadBalancerSourceRanges} {.spec.ports[*].nodePort}'",
  whenFine: "By design; where nodes cannot be reached from outside.",
  remedy:
    "Set allocateLoadBalancerNodePorts: false if the load balancer does not need NodePorts, or filter them in front of the nodes.",
  references: ["https://github.com/kubernetes/kubernetes/issues/33586"],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run({ suspects }, report) {
    for (const port of suspects.all) {
      const ranges = port.loadBalancerSourceRanges ?? [];
      const nodePort = port.frontends.find(({ kind, fate }) => kind === "nodePort" && fate === "forwarded");
      if (ranges.length === 0 || nodePort === undefined) continue;
      report({
        at: { rule: nodePort.rule },
        message: `NodePort ${nodePort.port}/${nodePort.protocol} of ${nameOf(port)} is open to everybody; its load balancer only to ${listed(ranges)}`,
        servicePort: port.id,
        effect: "Clients outside of the ranges that reach this node get in by the NodePort.",
      });
    }
  },
};
