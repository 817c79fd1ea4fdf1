import type { Frontend } from "./service-map.ts";
import type { ServicePort } from "./service-port.ts";
import type { WritableServicePort } from "./write-rules.ts";

/** What the writer needs of a Service port: most of its facts and a few more. Field by field: thousands may be damaged. */
export function writableServicePort(port: ServicePort): WritableServicePort {
  const { externalIPs, loadBalancerIPs, refusedIPs } = outsideAddresses(port);
  return {
    id: port.id,
    namespace: port.namespace,
    service: port.service,
    portName: port.portName,
    protocol: port.protocol,
    family: port.family,
    clusterIP: port.clusterIP,
    port: port.port,
    nodePort: port.nodePort,
    externalIPs,
    loadBalancerIPs,
    loadBalancerSourceRanges: port.loadBalancerSourceRanges,
    externalTrafficPolicy: port.externalTrafficPolicy,
    internalTrafficPolicy: port.internalTrafficPolicy,
    sessionAffinity: port.sessionAffinity,
    sessionAffinityTimeoutSeconds: port.sessionAffinityTimeoutSeconds,
    healthCheckNodePort: port.healthCheckNodePort,
    hasEndpoints: port.hasEndpoints,
    chains: port.chains,
    refusedIPs,
    name: port.name,
    endpointComments: port.endpointComments,
    nodeInRange: port.nodeInRange,
    cluster: port.spread.meant(port.group.chains.svc),
    local: port.spread.meant(port.group.localChain),
  };
}

/** Where comments do not tell external IPs from load balancer IPs: rules to endpoints are the same for both, so one is as good as the other. */
function outsideAddresses(
  port: ServicePort,
): Pick<WritableServicePort, "refusedIPs" | "externalIPs" | "loadBalancerIPs"> {
  const { refusedIPs, frontends } = port;
  if (refusedIPs.length === 0 || port.hasEndpoints !== true)
    return { refusedIPs, externalIPs: port.externalIPs, loadBalancerIPs: port.loadBalancerIPs };
  const of = (wanted: Frontend["kind"]): string[] =>
    frontends.filter(({ kind }) => kind === wanted).map(({ ip }) => ip ?? "");
  return { refusedIPs: [], externalIPs: [...refusedIPs, ...of("externalIP")], loadBalancerIPs: of("loadBalancerIP") };
}
