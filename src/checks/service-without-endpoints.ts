import type { ServicePort } from "../kubernetes/service-port.ts";
import type { Check } from "./check.ts";
import { frontendInWords, isVital, nameOf } from "./service-words.ts";
import { listed } from "./words.ts";

/** pkg/proxy/iptables/proxier.go: "... has no endpoints", REJECT in table filter. */
export const serviceWithoutEndpoints: Check = {
  id: "service-without-endpoints",
  severity: "error",
  confidence: "certain",
  summary: "A Service has no endpoints",
  why: "Connections to it are refused at once. For default/kubernetes and kube-dns that stops the whole node; for others it is what a Service without ready pods looks like.",
  evidence: "A rule of KUBE-SERVICES or KUBE-EXTERNAL-SERVICES in table filter rejects its addresses.",
  confirm: "kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=NAME",
  whenFine: "Where no pod is meant to be ready: information then. Only default/kubernetes and kube-dns are an error.",
  remedy:
    "See why no pod is ready: selector, readiness probe, replicas. UDP clients that were connected keep their entry in connection tracking: conntrack -D -p udp --dport PORT.",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/87887",
    "https://github.com/k3s-io/k3s/issues/2087",
    "https://github.com/kubernetes/kubernetes/issues/61005",
    "https://github.com/kubernetes/kubernetes/issues/48370",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["filter"],
  run({ suspects }, report) {
    const byService = new Map<string, ServicePort[]>();
    for (const port of suspects.all) {
      if (port.hasEndpoints !== false) continue;
      const key = port.id === null ? `#${port.index}` : `${port.namespace}/${port.service}`;
      const ports = byService.get(key);
      if (ports === undefined) byService.set(key, [port]);
      else ports.push(port);
    }
    for (const ports of byService.values()) {
      const [first] = ports as [ServicePort];
      const frontends = ports.flatMap((port) => port.frontends.filter(({ fate }) => fate === "rejected"));
      const [frontend] = frontends;
      if (frontend === undefined) continue;
      const vital = ports.some(isVital);
      const udp = frontends.some(({ protocol }) => protocol === "udp");
      const name = ports.length === 1 ? nameOf(first) : `${first.namespace}/${first.service}`;
      report({
        at: { rule: frontend.rule },
        message: `${name} has no endpoints: ${listed(frontends.map(frontendInWords), 4)} ${frontends.length === 1 ? "is" : "are"} refused`,
        servicePort: first.id,
        severity: vital ? "error" : "info",
        effect: `Clients get "connection refused" at once.${vital ? " Nothing on this node reaches it, pods and the kubelet included." : ""}${udp ? " UDP clients that were connected before go on sending to endpoints that are gone." : ""}`,
      });
    }
  },
};
