import type { Check } from "./check.ts";
import { nameOf } from "./service-words.ts";

const DEFAULT_RANGE = { from: 30_000, to: 32_767 };

/** kube-apiserver --service-node-port-range, 30000-32767 by default; net.ipv4.ip_local_port_range, 32768-60999 by default. */
export const nodePortOutsideRange: Check = {
  id: "node-port-outside-range",
  severity: "info",
  confidence: "hint",
  summary: "A NodePort lies outside of the range for NodePorts (30000-32767, or as configured)",
  why: "A port that programs of the node use as well, or that the kernel gives to connections that go out (32768-60999), is now and then taken: connections to the NodePort then time out at random.",
  evidence: "--dport of a rule of KUBE-NODEPORTS.",
  confirm: "sysctl net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports; ss -lntu | grep :PORT",
  whenFine: "Where --service-node-port-range was set on purpose and the port is reserved.",
  remedy: "Reserve the port (net.ipv4.ip_local_reserved_ports), or give the Service one of the usual range.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/111682",
    "https://github.com/kubernetes/kubernetes/issues/100643",
    "https://github.com/cilium/cilium/issues/10261",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run({ services, facts }, report) {
    const { from, to } = facts.nodePortRange ?? DEFAULT_RANGE;
    for (const port of services.servicePorts)
      for (const { kind, port: number, protocol, rule } of port.frontends) {
        if (kind !== "nodePort" || number === null || (number >= from && number <= to)) continue;
        const ephemeral = number >= 32_768 && number <= 60_999;
        report({
          at: { rule },
          message: `NodePort ${number}/${protocol} of ${nameOf(port)} lies outside of ${from}-${to}`,
          ...(facts.nodePortRange !== null && { confidence: "certain" as const }),
          servicePort: port.id,
          effect: ephemeral
            ? "The kernel gives ports from 32768 to 60999 to outgoing connections by default: one that has this number meets the NodePort."
            : "A program of the node that listens on this port is not reached from outside.",
        });
      }
  },
};
