import type { Frontend } from "../kubernetes/service-map.ts";
import type { ServicePort } from "../kubernetes/service-port.ts";

/** How a Service port is called: `default/web:http`, or by its chain where no comment names it. */
export function nameOf(port: ServicePort | null): string {
  if (port === null) return "a Service that is not shown";
  const { svc, svl, ext, fw, xlb } = port.chains;
  return port.id ?? svc ?? svl ?? ext ?? fw ?? xlb ?? "a Service that is not shown";
}

/** `NodePort 30080/tcp`, `cluster IP 10.96.0.10:80/tcp`. */
export function frontendInWords({ kind, ip, port, protocol }: Frontend): string {
  const at = `${port ?? "?"}/${protocol ?? "?"}`;
  switch (kind) {
    case "nodePort":
      return `NodePort ${at}`;
    case "healthCheckNodePort":
      return `health check port ${at}`;
    case "clusterIP":
      return `cluster IP ${host(ip)}:${at}`;
    case "externalIP":
      return `external IP ${host(ip)}:${at}`;
    case "loadBalancerIP":
      return `load balancer IP ${host(ip)}:${at}`;
    case "external":
      return `external or load balancer IP ${host(ip)}:${at}`;
  }
}

const host = (ip: string | null): string => (ip === null ? "?" : ip.includes(":") ? `[${ip}]` : ip);

/** `KUBE-SEP-… (10.244.1.13:8080)`. */
export const endpointInWords = (chain: string, address: string | null): string =>
  address === null ? chain : `${chain} (${address})`;

/** Ways in that other hosts than this cluster's use, hence those from which kube-proxy expects outside clients. */
export const isOutside = ({ kind }: Frontend): boolean =>
  kind === "nodePort" || kind === "externalIP" || kind === "loadBalancerIP" || kind === "external";

/** What the names of vital Service ports begin with. */
export const VITAL_NAMES = ["default/kubernetes", "kube-system/kube-dns", "kube-system/coredns"] as const;

/** A Service that the cluster itself cannot do without. */
export function isVital(port: ServicePort): boolean {
  const { id } = port;
  if (id === "default/kubernetes:https" || id === "default/kubernetes") return true;
  return id?.startsWith("kube-system/") === true && (port.service === "kube-dns" || port.service === "coredns");
}
