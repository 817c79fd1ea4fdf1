import { NONE } from "../netfilter/ruleset.ts";
import type { ServiceMap } from "./service-map-of.ts";
import type { ServicePort } from "./service-port.ts";
import type { DecidingFacts, WritableNode } from "./write-rules.ts";

/** What decided kube-proxy's rules for a Service port. Without comments an address from outside has the rules of an external IP, whatever it is. */
export function decidingFacts(port: ServicePort): DecidingFacts {
  const refused = port.hasEndpoints === false;
  const outside = port.frontends.filter(({ kind }) => kind === "externalIP" || (kind === "external" && !refused));
  return {
    externalTrafficPolicy: port.externalTrafficPolicy,
    internalTrafficPolicy: port.internalTrafficPolicy,
    hasEndpoints: port.hasEndpoints,
    sessionAffinity: port.sessionAffinity,
    clusterIP: port.clusterIP,
    nodePort: port.nodePort,
    healthCheckNodePort: port.healthCheckNodePort,
    externalIPs: outside.map(({ ip }) => ip ?? ""),
    loadBalancerIPs: port.frontends.filter(({ kind }) => kind === "loadBalancerIP").map(({ ip }) => ip ?? ""),
    loadBalancerSourceRanges: port.loadBalancerSourceRanges,
    nodeInRange: port.nodeInRange,
    refusedIPs: refused ? port.refusedIPs : [],
  };
}

/** kube-proxy's settings, for the writer. */
export function writableNode(map: ServiceMap): WritableNode {
  const firewall = map.ruleset.chain("filter", "KUBE-FIREWALL");
  return {
    ...map.parameters,
    family: map.ruleset.family ?? 4,
    firewallHook: firewall !== NONE && map.ruleset.callers(firewall).length > 0,
  };
}
