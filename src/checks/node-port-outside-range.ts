import type { ServicePort } from "../kubernetes/service-port.ts";
import type { RuleId } from "../netfilter/ruleset.ts";
import type { Check } from "./check.ts";
import { nameOf } from "./service-words.ts";

/** More than these are said in one finding. */
const MANY = 5;

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
    const confidence = facts.nodePortRange === null ? "hint" : "certain";
    const outside: Outside[] = [];
    for (const port of services.withNodePortOutside(from, to)) {
      for (const { kind, port: number, rule } of port.frontends)
        if (kind === "nodePort" && number !== null && (number < from || number > to))
          outside.push({ port, number, rule });
    }
    outside.sort((a, b) => a.rule - b.rule);
    const [first] = outside;
    // so many are no slip: the cluster has another range
    if (first !== undefined && outside.length > MANY) {
      report({
        at: { rule: first.rule },
        message: `${outside.length} NodePorts lie outside of ${from}-${to}, ${first.number} of ${nameOf(first.port)} among them`,
        confidence,
        effect: outside.some(({ number }) => isEphemeral(number)) ? MEETS_CONNECTIONS : HIDES_PROGRAMS,
      });
      return;
    }
    for (const { port, number, rule } of outside)
      report({
        at: { rule },
        message: `NodePort ${number}/${port.protocol} of ${nameOf(port)} lies outside of ${from}-${to}`,
        confidence,
        servicePort: port.id,
        effect: isEphemeral(number) ? MEETS_CONNECTIONS : HIDES_PROGRAMS,
      });
  },
};

interface Outside {
  readonly port: ServicePort;
  readonly number: number;
  readonly rule: RuleId;
}

const isEphemeral = (port: number): boolean => port >= 32_768 && port <= 60_999;

const MEETS_CONNECTIONS =
  "The kernel gives ports from 32768 to 60999 to outgoing connections by default: one that has this number meets the NodePort.";
const HIDES_PROGRAMS = "A program of the node that listens on this port is not reached from outside.";
