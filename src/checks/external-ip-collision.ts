import type { ServicePort } from "../kubernetes/service-port.ts";
import type { Check } from "./check.ts";
import { frontendInWords, nameOf } from "./service-words.ts";

/** CVE-2020-8554: whoever may write a Service may take any address as its external IP. */
export const externalIpCollision: Check = {
  id: "external-ip-collision",
  severity: "warning",
  confidence: "likely",
  summary: "An external IP is the address of another Service or of an endpoint",
  why: "Connections that pods of this node make to that address go to the endpoints of the Service that claims it: its owner sits in the middle, by mistake or on purpose (CVE-2020-8554).",
  evidence:
    "A rule `external IP` of KUBE-SERVICES whose destination is a cluster IP or load balancer IP of another Service, or the address of an endpoint.",
  confirm:
    "kubectl get services -A -o jsonpath='{range .items[?(@.spec.externalIPs)]}{.metadata.namespace}/{.metadata.name} {.spec.externalIPs}{\"\\n\"}{end}'",
  whenFine: "Where host-network endpoints run on a node whose address is used as an external IP: information then.",
  remedy:
    "Take the address out of spec.externalIPs, and restrict who may set it (admission plugin DenyServiceExternalIPs).",
  references: [
    "https://github.com/kubernetes/kubernetes/issues/97076",
    "https://github.com/kubernetes/kubernetes/issues/97110",
  ],
  since: "0.1.0",
  subject: "kube-proxy",
  needs: ["nat"],
  run({ services, suspects }, report) {
    const external = suspects.all.filter((port) => port.frontends.some(({ kind }) => kind === "externalIP"));
    if (external.length === 0) return;
    const owners = new Map<string, ServicePort>();
    for (const port of services.servicePorts)
      for (const { kind, ip } of port.frontends)
        if (ip !== null && (kind === "clusterIP" || kind === "loadBalancerIP") && !owners.has(ip)) owners.set(ip, port);
    for (const port of external)
      for (const frontend of port.frontends) {
        if (frontend.kind !== "externalIP" || frontend.ip === null) continue;
        const owner = owners.get(frontend.ip);
        const isOther = owner !== undefined && owner.service !== port.service;
        const endpointOf = services.byEndpoint(frontend.ip).find((each) => each !== port);
        if (!isOther && endpointOf === undefined) continue;
        report({
          at: { rule: frontend.rule },
          message: isOther
            ? `${frontendInWords(frontend)} of ${nameOf(port)} is an address of ${nameOf(owner)}`
            : `${frontendInWords(frontend)} of ${nameOf(port)} is the address of an endpoint of ${nameOf(endpointOf ?? null)}`,
          servicePort: port.id,
          severity: isOther ? "warning" : "info",
          effect: `Connections to ${frontend.ip}:${frontend.port} reach the endpoints of ${nameOf(port)}.`,
        });
      }
  },
};
