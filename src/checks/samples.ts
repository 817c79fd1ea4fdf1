import type { ServiceMap } from "../kubernetes/service-map-of.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";
import { isOutside, isVital } from "./service-words.ts";

/** Service ports that together use all that stands once on a node: one of each kind that there is. */
export function samplePorts({ servicePorts }: ServiceMap): readonly ServicePort[] {
  const found = new Set<ServicePort>();
  const wanted: readonly ((port: ServicePort) => boolean)[] = [
    (port) => has(port, "nodePort", "forwarded") && port.externalTrafficPolicy === "Cluster",
    (port) => has(port, "nodePort", "forwarded") && port.externalTrafficPolicy === "Local",
    (port) => isVital(port) && has(port, "clusterIP", "forwarded"),
    (port) => (port.loadBalancerSourceRanges ?? []).length > 0,
    (port) =>
      port.frontends.some((frontend) => isOutside(frontend) && frontend.ip !== null && frontend.fate === "forwarded"),
    (port) => has(port, "clusterIP", "rejected"),
    (port) => port.frontends.some((frontend) => isOutside(frontend) && frontend.fate === "rejected"),
    (port) => port.frontends.some((frontend) => isOutside(frontend) && frontend.fate === "dropped"),
    (port) => has(port, "clusterIP", "forwarded"),
  ];
  for (const isWanted of wanted) {
    const port = servicePorts.find(isWanted);
    if (port !== undefined) found.add(port);
  }
  return [...found];
}

const has = (port: ServicePort, kind: string, fate: string): boolean =>
  port.frontends.some((frontend) => frontend.kind === kind && frontend.fate === fate);
